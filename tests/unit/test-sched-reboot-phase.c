#include "fleetd/base/strv.h"
#include "fleetd/sched/reboot-phase.h"
#include "tests/unit/cmocka-test.h"

#define SINCE (100 * USEC_PER_SEC)
#define TIMEOUT (60 * USEC_PER_SEC)
#define OLD "b1"
#define NEW "b2"
#define HELD "too many machines have vanished at once, and none is rebooted until that is settled"

typedef struct Case {
    const char *what;
    RebootPhase phase;
    bool has_returned;
    RebootFacts facts;
    RebootPhase next;
    const char *why; /* NULL: nothing is said */
    usec_t look_at;  /* 0: never */
} Case;

#define HERE(boot) .is_here = true, .boot_id = (boot)
#define EARLY .now_usec = SINCE + USEC_PER_SEC
#define LATE .now_usec = SINCE + TIMEOUT
#define END (SINCE + TIMEOUT)

static const Case cases[] = {
    {"first in turn, a place is free",
     REBOOT_WAITING,
     false,
     {HERE(OLD), .is_next = true},
     REBOOT_DRAINING,
     NULL,
     0},
    {"first in turn, no place",
     REBOOT_WAITING,
     false,
     {HERE(OLD), .is_next = true, .n_places = 1, .holder = "m1"},
     REBOOT_WAITING,
     "machine m1 comes first",
     0},
    {"first in turn, and machines are held",
     REBOOT_WAITING,
     false,
     {HERE(OLD), .is_next = true, .is_held = true},
     REBOOT_WAITING,
     HELD,
     0},
    {"no place, and machines are held",
     REBOOT_WAITING,
     false,
     {HERE(OLD), .is_next = true, .is_held = true, .n_places = 1, .holder = "m1"},
     REBOOT_WAITING,
     HELD,
     0},
    {"drained, and machines are held",
     REBOOT_DRAINING,
     false,
     {HERE(OLD), .is_held = true},
     REBOOT_DRAINING,
     HELD,
     0},
    {"drains, somebody rebooted it, and machines are held",
     REBOOT_DRAINING,
     false,
     {HERE(NEW), .is_held = true},
     REBOOT_RETURNING,
     NULL,
     0},
    {"goes down already, and machines are held",
     REBOOT_REBOOTING,
     false,
     {HERE(OLD), .is_held = true, EARLY},
     REBOOT_REBOOTING,
     NULL,
     END},
    {"not first", REBOOT_WAITING, false, {HERE(OLD)}, REBOOT_WAITING, NULL, 0},
    {"away",
     REBOOT_WAITING,
     false,
     {.is_next = true},
     REBOOT_WAITING,
     "the machine is not here",
     0},
    {"units are left",
     REBOOT_DRAINING,
     false,
     {HERE(OLD), .n_ordinary = 1, LATE},
     REBOOT_DRAINING,
     NULL,
     0},
    {"units cannot leave",
     REBOOT_DRAINING,
     false,
     {HERE(OLD), .n_ordinary = 1, .staying = "a.service: no machine", LATE},
     REBOOT_DRAINING,
     "a.service: no machine",
     0},
    {"none is left", REBOOT_DRAINING, false, {HERE(OLD)}, REBOOT_REBOOTING, NULL, 0},
    {"somebody rebooted it",
     REBOOT_DRAINING,
     false,
     {HERE(NEW), .n_ordinary = 1},
     REBOOT_RETURNING,
     NULL,
     0},
    {"it goes down", REBOOT_REBOOTING, false, {HERE(OLD), EARLY}, REBOOT_REBOOTING, NULL, END},
    {"it is down", REBOOT_REBOOTING, false, {EARLY}, REBOOT_REBOOTING, NULL, END},
    {"it is back", REBOOT_REBOOTING, false, {HERE(NEW), LATE}, REBOOT_RETURNING, NULL, 0},
    {"it does not go down",
     REBOOT_REBOOTING,
     false,
     {HERE(OLD), LATE},
     REBOOT_FAILED,
     "it did not go down in time",
     0},
    {"it does not come back",
     REBOOT_REBOOTING,
     false,
     {LATE},
     REBOOT_FAILED,
     "it did not come back in time",
     0},
    {"units start",
     REBOOT_RETURNING,
     true,
     {HERE(NEW), .unavailable = "a.service", EARLY},
     REBOOT_RETURNING,
     NULL,
     END},
    {"they run", REBOOT_RETURNING, true, {HERE(NEW), EARLY}, REBOOT_OVER, NULL, 0},
    {"they run late", REBOOT_RETURNING, true, {HERE(NEW), LATE}, REBOOT_OVER, NULL, 0},
    {"they do not",
     REBOOT_RETURNING,
     true,
     {HERE(NEW), .unavailable = "a.service", LATE},
     REBOOT_FAILED,
     "units are not up: a.service",
     0},
    {"it goes away again", REBOOT_RETURNING, true, {EARLY}, REBOOT_RETURNING, NULL, END},
    {"and stays away", REBOOT_RETURNING, true, {LATE}, REBOOT_FAILED, "it went away again", 0},
    {"still away", REBOOT_FAILED, false, {LATE}, REBOOT_FAILED, "as it said", 0},
    {"back after all", REBOOT_FAILED, false, {HERE(NEW), LATE}, REBOOT_RETURNING, NULL, 0},
    {"was back, and its units are still not up",
     REBOOT_FAILED,
     true,
     {HERE(NEW), .unavailable = "a.service", LATE},
     REBOOT_FAILED,
     "as it said",
     0},
    {"was back, and its units are up",
     REBOOT_FAILED,
     true,
     {HERE(NEW), LATE},
     REBOOT_OVER,
     NULL,
     0},
};

static void each_phase_leads_on(_unused_ void **state) {
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        const Case *c = &cases[i];
        const Reboot reboot = {.boot_id = (char *) OLD,
                               .phase = c->phase,
                               .phase_since_usec = SINCE,
                               .timeout_usec = TIMEOUT,
                               .max_parallel = 1,
                               .has_returned = c->has_returned,
                               .why = c->phase == REBOOT_FAILED ? (char *) "as it said" : NULL};
        _cleanup_free_ char *why = NULL;
        RebootPhase next = _REBOOT_PHASE_INVALID;
        usec_t look_at = 0;
        assert_int_equal(reboot_next_phase(&reboot, &c->facts, &next, &why, &look_at), 0);
        if (next != c->next || !streq_ptr(why, c->why) ||
            look_at != (c->look_at ? c->look_at : USEC_INFINITY))
            fail_msg("%s: %d, %s, %llu", c->what, next, why, (unsigned long long) look_at);
    }
}

static void more_places_are_taken_at_once(_unused_ void **state) {
    const Reboot reboot = {.boot_id = (char *) OLD, .phase = REBOOT_WAITING, .max_parallel = 3};
    for (size_t n = 0; n < 5; n++) {
        const RebootFacts facts = {HERE(OLD), .is_next = true, .n_places = n, .holder = "m1"};
        _cleanup_free_ char *why = NULL;
        RebootPhase next;
        usec_t look_at;
        assert_int_equal(reboot_next_phase(&reboot, &facts, &next, &why, &look_at), 0);
        assert_int_equal(next, n < 3 ? REBOOT_DRAINING : REBOOT_WAITING);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_phase_leads_on),
        cmocka_unit_test(more_places_are_taken_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
