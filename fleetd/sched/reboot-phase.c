#include "fleetd/sched/reboot-phase.h"

#include "fleetd/base/strv.h"

#define HELD_BACK \
    "too many machines have vanished at once, and none is rebooted until that is settled"

typedef struct Next {
    RebootPhase phase;
    char *why;
    usec_t look_at;
    int result;
} Next;

static bool is_back(const Reboot *reboot, const RebootFacts *facts) {
    return facts->is_here && !streq_ptr(facts->boot_id, reboot->boot_id);
}

static void next_because_take(Next *next, RebootPhase phase, char *why) {
    next->phase = phase;
    next->why = why;
    next->result = why ? 0 : -ENOMEM;
}

/* Once the phase has taken too long. */
static bool is_late(const Reboot *reboot, const RebootFacts *facts, Next *next) {
    usec_t end = reboot->phase_since_usec + reboot->timeout_usec;
    if (facts->now_usec >= end)
        return true;
    next->look_at = end;
    return false;
}

/* Only the first says whom it waits for: else all would have to say it anew, each time. */
static void wait_for_turn(const Reboot *reboot, const RebootFacts *facts, Next *next) {
    if (!facts->is_here)
        next_because_take(next, REBOOT_WAITING, strdup("the machine is not here"));
    else if (!facts->is_next)
        return;
    else if (facts->is_held)
        next_because_take(next, REBOOT_WAITING, strdup(HELD_BACK));
    else if (facts->n_places >= reboot->max_parallel)
        next_because_take(next, REBOOT_WAITING,
                          str_printf("machine %s comes first", str_or(facts->holder, "")));
    else
        next->phase = REBOOT_DRAINING;
}

/* Somebody may have rebooted it meanwhile. What is still up stays so while others are held: it may
 * be the last one. */
static void drain(const Reboot *reboot, const RebootFacts *facts, Next *next) {
    if (is_back(reboot, facts))
        next->phase = REBOOT_RETURNING;
    else if (facts->is_held)
        next_because_take(next, REBOOT_DRAINING, strdup(HELD_BACK));
    else if (facts->n_ordinary == 0)
        next->phase = REBOOT_REBOOTING;
    else if (facts->staying)
        next_because_take(next, REBOOT_DRAINING, strdup(facts->staying));
}

static void go_down(const Reboot *reboot, const RebootFacts *facts, Next *next) {
    if (is_back(reboot, facts))
        next->phase = REBOOT_RETURNING;
    else if (is_late(reboot, facts, next))
        next_because_take(
            next, REBOOT_FAILED,
            strdup(facts->is_here ? "it did not go down in time" : "it did not come back in time"));
}

static void come_back(const Reboot *reboot, const RebootFacts *facts, Next *next) {
    if (is_back(reboot, facts) && !facts->unavailable)
        next->phase = REBOOT_OVER;
    else if (!is_late(reboot, facts, next))
        return;
    else if (!facts->is_here)
        next_because_take(next, REBOOT_FAILED, strdup("it went away again"));
    else
        next_because_take(next, REBOOT_FAILED,
                          str_printf("units are not up: %s", str_or(facts->unavailable, "")));
}

/* It keeps its place, so that no other machine follows it, until somebody has put it right. */
static void stay_failed(const Reboot *reboot, const RebootFacts *facts, Next *next) {
    if (is_back(reboot, facts) && !reboot->has_returned)
        next->phase = REBOOT_RETURNING;
    else if (is_back(reboot, facts) && !facts->unavailable)
        next->phase = REBOOT_OVER;
    else if (reboot->why)
        next_because_take(next, REBOOT_FAILED, strdup(reboot->why));
}

int reboot_next_phase(const Reboot *reboot, const RebootFacts *facts, RebootPhase *ret_phase,
                      char **ret_why, usec_t *ret_look_at) {
    static void (*const phases[_REBOOT_PHASE_MAX])(const Reboot *, const RebootFacts *, Next *) = {
        [REBOOT_WAITING] = wait_for_turn, [REBOOT_DRAINING] = drain,
        [REBOOT_REBOOTING] = go_down,     [REBOOT_RETURNING] = come_back,
        [REBOOT_FAILED] = stay_failed,
    };
    Next next = {.phase = reboot->phase, .look_at = USEC_INFINITY};
    phases[reboot->phase](reboot, facts, &next);
    if (next.result < 0)
        return next.result;
    *ret_phase = next.phase;
    *ret_why = next.why;
    *ret_look_at = next.look_at;
    return 0;
}
