#include "fleetd/engine/deadlines.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

#include <errno.h>

struct Deadlines {
    Loop *loop;
    void (*on_due)(const char *name, void *userdata);
    void *userdata;
    Map *times; /* usec_t by name */
    Timer *timer;
};

static bool is_due(const usec_t *time, usec_t now) {
    return time && *time <= now;
}

/* The names of those that are due, and when the next one is: later, if memory is short. */
static usec_t deadlines_find_due(const Deadlines *deadlines, usec_t now, char ***ret) {
    char **names = calloc(map_size(deadlines->times) + 1, sizeof(char *));
    usec_t next = USEC_INFINITY;
    size_t n = 0;
    const char *name;
    const usec_t *time;
    MAP_FOREACH (name, time, deadlines->times) {
        char *copy = names && is_due(time, now) ? strdup(name) : NULL;
        if (copy)
            names[n++] = copy;
        else
            next = MIN(next, MAX(*time, now + USEC_PER_MSEC));
    }
    *ret = names;
    return next;
}

/* What is told of one may change another one's time. */
static void on_timer(void *userdata) {
    Deadlines *deadlines = userdata;
    _cleanup_(strv_freep) char **names = NULL;
    usec_t now = loop_now(deadlines->loop), next = deadlines_find_due(deadlines, now, &names);
    if (next != USEC_INFINITY)
        timer_start(deadlines->timer, next - now);
    STRV_FOREACH (name, names) {
        if (!is_due(map_get(deadlines->times, *name), now))
            continue;
        map_remove(deadlines->times, *name);
        deadlines->on_due(*name, deadlines->userdata);
    }
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
