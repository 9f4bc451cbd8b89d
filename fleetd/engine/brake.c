#include "fleetd/engine/brake.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

#include <errno.h>

/* How often to ask whether the next machine may follow. */
#define LOOK_USEC (500 * USEC_PER_MSEC)

typedef struct BrakeMachine {
    bool is_here;
    bool is_held;
    bool is_gone; /* surely: held by a former leader it is until then, and not given up */
    usec_t vanished_usec;
} BrakeMachine;

struct Brake {
    Loop *loop;
    usec_t ttl_usec, hold_usec;
    BrakeCallbacks callbacks;
    void *userdata;
    Map *machines; /* BrakeMachine by id */
    Timer *timer;
    bool is_on;                    /* none is given up but as it says */
    bool is_released;              /* by a user */
    usec_t since_usec, until_usec; /* since 1970 */
    size_t n_lost, n_all;          /* when it came on */
    usec_t released_usec;          /* when the last one was given up, ever; 0: none was */
};

typedef struct Count {
    size_t n_here, n_lost, n_held;
} Count;

/* Lost: within the last lease time, or held. */
static Count brake_count(const Brake *brake) {
    Count count = {};
    _unused_ const char *id;
    const BrakeMachine *machine;
    MAP_FOREACH (id, machine, brake->machines) {
        bool is_fresh = loop_now(brake->loop) - machine->vanished_usec <= brake->ttl_usec;
        count.n_here += machine->is_here;
        count.n_held += machine->is_held;
        count.n_lost += !machine->is_here && (is_fresh || machine->is_held);
    }
    return count;
}

size_t brake_count_held(const Brake *brake) {
    return brake_count(brake).n_held;
}

usec_t brake_left_usec(const Brake *brake) {
    usec_t now = loop_realtime(brake->loop);
    bool waits = brake->is_on && !brake->is_released && brake->until_usec > now;
    return waits ? brake->until_usec - now : 0;
}

static void brake_look_soon(Brake *brake) {
    if (brake->is_on)
        timer_start(brake->timer, 0);
}

int brake_machine_is_here(Brake *brake, const char *machine_id) {
    BrakeMachine *machine = map_get(brake->machines, machine_id);
    if (!machine) {
        machine = calloc(1, sizeof(BrakeMachine));
        if (!machine || map_put(brake->machines, machine_id, machine) < 0) {
            free(machine);
            return -ENOMEM;
        }
    }
    bool was_held = machine->is_held;
    *machine = (BrakeMachine){.is_here = true};
    if (was_held)
        brake->callbacks.on_change(brake->userdata);
    brake_look_soon(brake);
    return 0;
}

void brake_machine_vanished(Brake *brake, const char *machine_id) {
    BrakeMachine *machine = map_get(brake->machines, machine_id);
    if (!machine || !machine->is_here)
        return;
    machine->is_here = false;
    machine->vanished_usec = loop_now(brake->loop);
}

void brake_machine_left(Brake *brake, const char *machine_id) {
    const BrakeMachine *machine = map_get(brake->machines, machine_id);
    bool was_held = machine && machine->is_held;
    map_remove(brake->machines, machine_id);
    if (was_held)
        brake->callbacks.on_change(brake->userdata);
    brake_look_soon(brake);
}

static void brake_pull(Brake *brake, const Count *count) {
    brake->is_on = true;
    brake->is_released = false;
    brake->since_usec = loop_realtime(brake->loop);
    brake->until_usec = brake->since_usec + brake->hold_usec;
    brake->n_lost = count->n_lost;
    brake->n_all = count->n_here + count->n_lost;
}

/* One that no leader has seen here counts as one that vanished now. */
static int brake_note_gone(Brake *brake, const char *machine_id, BrakeMachine **ret) {
    *ret = map_get(brake->machines, machine_id);
    if (*ret)
        return 0;
    int r = brake_machine_is_here(brake, machine_id);
    if (r < 0)
        return r;
    brake_machine_vanished(brake, machine_id);
    *ret = map_get(brake->machines, machine_id);
    return 0;
}

bool brake_holds(Brake *brake, const char *machine_id) {
    BrakeMachine *machine;
    if (brake->hold_usec == 0 || brake_note_gone(brake, machine_id, &machine) < 0)
        return false;
    machine->vanished_usec = loop_now(brake->loop);
    Count count = brake_count(brake);
    if (!brake->is_on && count.n_lost > count.n_here)
        brake_pull(brake, &count);
    if (!brake->is_on)
        return false;
    machine->is_held = machine->is_gone = true;
    brake->callbacks.on_change(brake->userdata);
    brake_look_soon(brake);
    return true;
}

/* --- going on --- */

/* In order of ids, so that another leader would take the same. */
static const char *brake_next(const Brake *brake) {
    const char *id, *next = NULL;
    const BrakeMachine *machine;
    MAP_FOREACH (id, machine, brake->machines)
        if (machine->is_held && machine->is_gone && (!next || strcmp(id, next) < 0))
            next = id;
    return next;
}

static bool brake_is_over(const Brake *brake, const Count *count) {
    return brake->is_released || loop_realtime(brake->loop) >= brake->until_usec ||
           2 * count->n_here >= brake->n_all;
}

static bool pace_allows(const Brake *brake) {
    return brake->released_usec == 0 ||
           loop_now(brake->loop) - brake->released_usec >= BRAKE_PACE_USEC ||
           !brake->callbacks.is_busy(brake->userdata);
}

static void brake_give_up(Brake *brake, const char *machine_id) {
    _cleanup_free_ char *id = strdup(machine_id);
    if (!id)
        return; /* the next look tries again */
    map_remove(brake->machines, id);
    brake->released_usec = loop_now(brake->loop);
    brake->callbacks.on_change(brake->userdata);
    brake->callbacks.on_release(id, brake->userdata);
}

static void on_timer(void *userdata) {
    Brake *brake = userdata;
    Count count = brake_count(brake);
    if (!brake->is_on)
        return;
    if (brake_is_over(brake, &count)) {
        const char *next = brake_next(brake);
        if (next && pace_allows(brake))
            brake_give_up(brake, next);
        brake->is_on = brake_count_held(brake) > 0;
        if (!brake->is_on)
            brake->callbacks.on_change(brake->userdata);
    }
    if (brake->is_on)
        timer_start(brake->timer, LOOK_USEC);
}

/* --- what the store says --- */

void brake_adopt(Brake *brake, const BrakeRecord *record) {
    if (brake->hold_usec == 0)
        return;
    brake->is_on = true;
    brake->is_released = record->is_released;
    brake->since_usec = record->since_usec;
    brake->until_usec = record->until_usec;
    brake->n_lost = record->n_lost;
    brake->n_all = record->n_all;
    brake->released_usec = loop_now(brake->loop); /* the former leader may just have done so */
    brake_look_soon(brake);
}

int brake_expect(Brake *brake, const char *machine_id) {
    BrakeMachine *machine;
    if (!brake->is_on)
        return 0;
    int r = brake_note_gone(brake, machine_id, &machine);
    if (r >= 0)
        machine->is_held = true;
    return r;
}

void brake_take_record(Brake *brake, const BrakeRecord *record) {
    if (!brake->is_on || !record || record->since_usec != brake->since_usec)
        return;
    brake->is_released = brake->is_released || record->is_released;
    brake_look_soon(brake);
}

int brake_get_record(const Brake *brake, BrakeRecord **ret) {
    _cleanup_free_ const char **ids = NULL;
    *ret = NULL;
    if (!brake->is_on)
        return 0;
    _cleanup_(brake_record_freep) BrakeRecord *record = calloc(1, sizeof(BrakeRecord));
    if (!record || map_sorted_keys(brake->machines, &ids) < 0)
        return -ENOMEM;
    for (const char **id = ids; *id; id++) {
        const BrakeMachine *machine = map_get(brake->machines, *id);
        if (machine->is_held && strv_push(&record->machines, *id) < 0)
            return -ENOMEM;
    }
    record->since_usec = brake->since_usec;
    record->until_usec = brake->until_usec;
    record->n_lost = brake->n_lost;
    record->n_all = brake->n_all;
    record->is_released = brake->is_released;
    *ret = TAKE_PTR(record);
    return 0;
}

int brake_new(Loop *loop, usec_t ttl_usec, usec_t hold_usec, const BrakeCallbacks *callbacks,
              void *userdata, Brake **ret) {
    _cleanup_(brake_freep) Brake *brake = calloc(1, sizeof(Brake));
    if (!brake)
        return -ENOMEM;
    *brake = (Brake){.loop = loop,
                     .ttl_usec = ttl_usec,
                     .hold_usec = hold_usec,
                     .callbacks = *callbacks,
                     .userdata = userdata,
                     .machines = map_new(free)};
    if (!brake->machines)
        return -ENOMEM;
    int r = timer_new(loop, on_timer, brake, &brake->timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(brake);
    return 0;
}

void brake_free(Brake *brake) {
    if (!brake)
        return;
    timer_free(brake->timer);
    map_free(brake->machines);
    free(brake);
}
