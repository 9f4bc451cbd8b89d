#include "fleetd/guard/guard.h"

#include "fleetd/base/log.h"
#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

#include <errno.h>

#define RETRY_USEC (500 * USEC_PER_MSEC) /* a unit that is not down yet; a directory that fails */

typedef enum GuardedState {
    GUARDED_FREE,     /* somebody vouches for it */
    GUARDED_STOPPING, /* nobody does, and it may run */
    GUARDED_DOWN,     /* it is down, and cannot be started */
} GuardedState;

typedef struct GuardedUnit {
    Guard *guard;
    char *name;
    GuardRecord record;
    GuardedState state;
    bool is_listed;    /* in this walk */
    bool is_asked;     /* the host is taking it down */
    bool is_forbidden; /* it cannot be started since it was asked for */
    bool is_forced;
} GuardedUnit;

struct Guard {
    Loop *loop;
    GuardHost *host;
    Map *units; /* GuardedUnit by name */
    Timer *timer;
};

static void guarded_unit_free(void *value) {
    GuardedUnit *unit = value;
    if (!unit)
        return;
    free(unit->name);
    free(unit);
}

/* --- one unit --- */

static void on_taken_down(int r, bool is_down, void *userdata) {
    GuardedUnit *unit = userdata;
    unit->is_asked = false;
    if (r < 0)
        log_unit(LOG_WARNING, unit->name, "Failed to stop unit '%s': %s; trying again", unit->name,
                 strerror(-r));
    if (r < 0 || !is_down || !unit->is_forbidden || unit->state != GUARDED_STOPPING)
        return;
    unit->state = GUARDED_DOWN;
    log_unit(LOG_NOTICE, unit->name, "Unit '%s' is down", unit->name);
}

static void unit_say(GuardedUnit *unit, bool by_force) {
    _cleanup_free_ char *time = timespan_format(unit->record.stop_after_usec);
    if (unit->state == GUARDED_FREE)
        log_unit(LOG_NOTICE, unit->name,
                 "Stopping unit '%s': this machine has been cut off from the cluster for its "
                 "StopAfterDisconnect=, %s",
                 unit->name, str_or(time, "?"));
    else if (by_force && !unit->is_forced)
        log_unit(LOG_WARNING, unit->name,
                 "Killing unit '%s': it did not stop within its stop timeout", unit->name);
}

/* First nobody can start it any more, and then it is stopped: what systemd began to start before is
 * stopped with it. That is said again at each look, until it is down. */
static void unit_take_down(GuardedUnit *unit, usec_t now_usec) {
    GuardHost *host = unit->guard->host;
    bool by_force =
        now_usec >= guard_record_deadline(&unit->record) + unit->record.stop_timeout_usec;
    unit_say(unit, by_force);
    unit->state = GUARDED_STOPPING;
    unit->is_forced = by_force;
    int r = host->vtable->forbid(host, unit->name);
    if (r < 0)
        log_unit(LOG_ERR, unit->name,
                 "Failed to take the permit of unit '%s' away: %s; trying again", unit->name,
                 strerror(-r));
    if (unit->is_asked)
        return;
    unit->is_forbidden = r >= 0;
    r = host->vtable->take_down(host, unit->name, by_force, on_taken_down, unit);
    unit->is_asked = r >= 0;
    if (r < 0)
        on_taken_down(r, false, unit);
}

/* When to look again. */
static usec_t unit_look(GuardedUnit *unit, usec_t now_usec) {
    usec_t deadline = guard_record_deadline(&unit->record);
    if (now_usec < deadline) {
        unit->state = GUARDED_FREE;
        return deadline;
    }
    if (unit->state == GUARDED_DOWN)
        return USEC_INFINITY;
    unit_take_down(unit, now_usec);
    return now_usec + RETRY_USEC;
}

/* --- all of them --- */

static int on_record(const char *name, const GuardRecord *record, void *userdata) {
    Guard *guard = userdata;
    GuardedUnit *unit = map_get(guard->units, name);
    if (!unit) {
        unit = calloc(1, sizeof(GuardedUnit));
        if (!unit || !(unit->name = strdup(name)) || map_put(guard->units, name, unit) < 0) {
            guarded_unit_free(unit);
            return -ENOMEM;
        }
        unit->guard = guard;
    }
    unit->record = *record;
    unit->is_listed = true;
    return 0;
}

/* A directory that cannot be read says nothing new: what was read last counts. */
static int guard_read(Guard *guard) {
    const char *name;
    GuardedUnit *unit;
    MAP_FOREACH (name, unit, guard->units)
        unit->is_listed = false;
    int r = guard->host->vtable->walk(guard->host, on_record, guard);
    if (r < 0) {
        log_error("Failed to read what to guard: %s; trying again", strerror(-r));
        return r;
    }
    MAP_FOREACH (name, unit, guard->units)
        if (!unit->is_listed && !unit->is_asked)
            map_remove(guard->units, name);
    return 0;
}

void guard_look(Guard *guard) {
    const char *name;
    GuardedUnit *unit;
    usec_t next = USEC_INFINITY;
    int r = guard_read(guard);
    usec_t now = loop_now(guard->loop);
    MAP_FOREACH (name, unit, guard->units)
        if (unit->is_listed || r < 0) {
            usec_t again = unit_look(unit, now);
            next = MIN(next, again);
        }
    if (r < 0)
        next = MIN(next, now + RETRY_USEC);
    if (next == USEC_INFINITY)
        timer_stop(guard->timer);
    else
        timer_start(guard->timer, next - now);
}

static void on_timer(void *userdata) {
    guard_look(userdata);
}

int guard_new(Loop *loop, GuardHost *host, Guard **ret) {
    _cleanup_(guard_freep) Guard *guard = calloc(1, sizeof(Guard));
    if (!guard)
        return -ENOMEM;
    *guard = (Guard){.loop = loop, .host = host, .units = map_new(guarded_unit_free)};
    if (!guard->units)
        return -ENOMEM;
    int r = timer_new(loop, on_timer, guard, &guard->timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(guard);
    return 0;
}

void guard_free(Guard *guard) {
    if (!guard)
        return;
    timer_free(guard->timer);
    map_free(guard->units);
    free(guard);
}
