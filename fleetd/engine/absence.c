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
    Map *machines; /* id -> until when it is waited for in any case, as a pointer */
    Timer *timer;
};

static usec_t absence_due(const Absence *absence, const void *patient_until, usec_t steady_since) {
    return MAX((usec_t) (uintptr_t) patient_until, steady_since + absence->ttl_usec);
}

/* One that is due; else when the next one is. */
static const char *absence_find_due(const Absence *absence, usec_t steady_since, usec_t *ret_next) {
    usec_t now = loop_now(absence->loop);
    const char *id = NULL;
    const void *patient_until;
    *ret_next = USEC_INFINITY;
    MAP_FOREACH (id, patient_until, absence->machines) {
        usec_t due = absence_due(absence, patient_until, steady_since);
        if (due <= now)
            return id;
        *ret_next = MIN(*ret_next, due);
    }
    return NULL;
}

static int absence_declare(Absence *absence, const char *key) {
    _cleanup_free_ char *id = strdup(key);
    if (!id)
        return -ENOMEM;
    map_remove(absence->machines, id);
    absence->on_gone(id, absence->userdata);
    return 0;
}

static void on_timer(void *userdata) {
    Absence *absence = userdata;
    usec_t since = absence->steady_since(absence->userdata), next;
    const char *id;
    if (map_size(absence->machines) == 0)
        return;
    while (since != USEC_INFINITY && (id = absence_find_due(absence, since, &next)))
        if (absence_declare(absence, id) < 0)
            break;
    if (since == USEC_INFINITY || id)
        timer_start(absence->timer, UNSTEADY_USEC);
    else if (next != USEC_INFINITY)
        timer_start(absence->timer, next - loop_now(absence->loop));
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

int absence_add(Absence *absence, const char *machine_id, usec_t patience_usec) {
    void *value = (void *) (uintptr_t) (loop_now(absence->loop) + patience_usec);
    timer_start(absence->timer, 0);
    return map_put(absence->machines, machine_id, value) < 0 ? -ENOMEM : 0;
}

void absence_remove(Absence *absence, const char *machine_id) {
    map_remove(absence->machines, machine_id);
}

bool absence_has(const Absence *absence, const char *machine_id) {
    return map_has(absence->machines, machine_id);
}
