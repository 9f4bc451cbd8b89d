#include "fleetd/engine/deadlines.h"

#include "fleetd/base/map.h"

#include <errno.h>

struct Deadlines {
    Loop *loop;
    void (*on_due)(const char *name, void *userdata);
    void *userdata;
    Map *times; /* usec_t by name */
    Timer *timer;
};

/* One that is due, taken out; NULL: none, and when the next one is. */
static char *deadlines_take_due(Deadlines *deadlines, usec_t *ret_next) {
    usec_t now = loop_now(deadlines->loop);
    const char *name;
    const usec_t *due;
    *ret_next = USEC_INFINITY;
    MAP_FOREACH (name, due, deadlines->times) {
        char *copy = *due <= now ? strdup(name) : NULL;
        if (copy) {
            map_remove(deadlines->times, name);
            return copy;
        }
        *ret_next = MIN(*ret_next, MAX(*due, now + USEC_PER_MSEC)); /* later, without memory */
    }
    return NULL;
}

static void on_timer(void *userdata) {
    Deadlines *deadlines = userdata;
    usec_t next;
    for (char *name; (name = deadlines_take_due(deadlines, &next)); free(name))
        deadlines->on_due(name, deadlines->userdata);
    if (next != USEC_INFINITY)
        timer_start(deadlines->timer, next - loop_now(deadlines->loop));
}

int deadlines_new(Loop *loop, void (*on_due)(const char *name, void *userdata), void *userdata,
                  Deadlines **ret) {
    _cleanup_(deadlines_freep) Deadlines *deadlines = calloc(1, sizeof(Deadlines));
    if (!deadlines)
        return -ENOMEM;
    *deadlines =
        (Deadlines){.loop = loop, .on_due = on_due, .userdata = userdata, .times = map_new(free)};
    if (!deadlines->times)
        return -ENOMEM;
    int r = timer_new(loop, on_timer, deadlines, &deadlines->timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(deadlines);
    return 0;
}

void deadlines_free(Deadlines *deadlines) {
    if (!deadlines)
        return;
    timer_free(deadlines->timer);
    map_free(deadlines->times);
    free(deadlines);
}

int deadlines_set(Deadlines *deadlines, const char *name, usec_t delay_usec) {
    deadlines_remove(deadlines, name);
    usec_t *due = malloc(sizeof(usec_t));
    if (!due || map_put(deadlines->times, name, due) < 0) {
        free(due);
        return -ENOMEM;
    }
    *due = loop_now(deadlines->loop) + delay_usec;
    timer_start(deadlines->timer, 0); /* finds out when the next is due */
    return 0;
}

void deadlines_remove(Deadlines *deadlines, const char *name) {
    map_remove(deadlines->times, name);
}
