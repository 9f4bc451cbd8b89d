#include "fleetd/engine/absence.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

#include <errno.h>

/* How often to ask again while the store is not steady: there is no event for its becoming so. */
#define UNSTEADY_USEC (250 * USEC_PER_MSEC)

struct Absence {
    Loop *loop;
    usec_t ttl_usec;
    usec_t (*steady_since)(void *userdata);
    void (*on_gone)(const char *machine_id, void *userdata);
    void *userdata;
    Map *machines; /* set of ids */
    Timer *timer;
};

static void absence_declare(Absence *absence) {
    for (;;) {
        size_t iterator = 0;
        const char *key;
        void *value;
        if (!map_next(absence->machines, &iterator, &key, &value))
            return;
        _cleanup_free_ char *id = strdup(key);
        if (!id) {
            timer_start(absence->timer, UNSTEADY_USEC);
            return;
        }
        map_remove(absence->machines, id);
        absence->on_gone(id, absence->userdata);
    }
}

static void on_timer(void *userdata) {
    Absence *absence = userdata;
    usec_t now = loop_now(absence->loop), since = absence->steady_since(absence->userdata);
    if (map_size(absence->machines) == 0)
        return;
    if (since == USEC_INFINITY)
        timer_start(absence->timer, UNSTEADY_USEC);
    else if (now < since + absence->ttl_usec)
        timer_start(absence->timer, since + absence->ttl_usec - now);
    else
        absence_declare(absence);
}

int absence_new(Loop *loop, usec_t ttl_usec, usec_t (*steady_since)(void *userdata),
                void (*on_gone)(const char *machine_id, void *userdata), void *userdata,
                Absence **ret) {
    _cleanup_(absence_freep) Absence *absence = calloc(1, sizeof(Absence));
    if (!absence)
        return -ENOMEM;
    *absence = (Absence){
        .loop = loop,
        .ttl_usec = ttl_usec,
        .steady_since = steady_since,
        .on_gone = on_gone,
        .userdata = userdata,
        .machines = map_new(NULL),
    };
    if (!absence->machines)
        return -ENOMEM;
    int r = timer_new(loop, on_timer, absence, &absence->timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(absence);
    return 0;
}

void absence_free(Absence *absence) {
    if (!absence)
        return;
    timer_free(absence->timer);
    map_free(absence->machines);
    free(absence);
}

int absence_add(Absence *absence, const char *machine_id) {
    timer_start(absence->timer, 0);
    return map_put(absence->machines, machine_id, NULL) < 0 ? -ENOMEM : 0;
}

void absence_remove(Absence *absence, const char *machine_id) {
    map_remove(absence->machines, machine_id);
}

bool absence_has(const Absence *absence, const char *machine_id) {
    return map_has(absence->machines, machine_id);
}
