#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"
#include "fleetd/sched/failure-step.h"
#include "tests/unit/cmocka-test.h"

#define M1 "00000000000000000000000000000001"
#define M2 "00000000000000000000000000000002"
#define S(seconds) ((usec_t) (seconds) *USEC_PER_SEC)
#define NOW S(100000)

/* As one line: each machine's digit, its count, and when it is tried anew or since when it is well,
 * in seconds from NOW. "": nothing is remembered. */
static void describe(const Failures *failures, char *text, size_t size) {
    size_t n = 0;
    *text = 0;
    for (size_t i = 0; failures && i < failures->n_places; i++) {
        const FailurePlace *place = &failures->places[i];
        n += (size_t) snprintf(text + n, size - n, "%s%c:%d", i > 0 ? " " : "",
                               place->machine_id[MACHINE_ID_LENGTH - 1], (int) place->count);
        if (place->next_usec > 0)
            n += (size_t) snprintf(text + n, size - n, "!%+d",
                                   (int) ((int64_t) (place->next_usec - NOW) / 1000000));
        if (place->well_since_usec > 0)
            n += (size_t) snprintf(text + n, size - n, "w%+d",
                                   (int) ((int64_t) (place->well_since_usec - NOW) / 1000000));
    }
}

#define PLACE(id, n, ...) \
    { \
        .machine_id = (char *) (id), .count = (n), .failed_usec = NOW - S(1000), \
        .why = (char *) "failed", __VA_ARGS__ \
    }
#define KNOWN(...) \
    { \
        .name = (char *) "a.service", .unit_revision = 5, .places = (FailurePlace[]){__VA_ARGS__}, \
        .n_places = sizeof((FailurePlace[]){__VA_ARGS__}) / sizeof(FailurePlace) \
    }
#define FACTS(...) \
    .places = (FailureFact[]){__VA_ARGS__}, \
    .n_places = sizeof((FailureFact[]){__VA_ARGS__}) / sizeof(FailureFact)
#define FAILS(id) \
    { .machine_id = (id), .failure = "failed" }
#define IS_UP(id) \
    { .machine_id = (id), .is_up = true }
#define COMES(id) \
    { .machine_id = (id) }
#define WANTED .is_known = true, .is_tried_anew = true, .unit_revision = 5

typedef struct Case {
    const char *what;
    Failures known; /* no name: nothing */
    FailureFacts facts;
    const char *expected;
    int64_t look_in; /* seconds; 0: never */
} Case;

#define A_DAY (24 * 3600 - 1000) /* since it failed, as it is known */

static const Case cases[] = {
    {"all is well", {}, {WANTED, FACTS(IS_UP(M1))}, "", 0},
    {"it is on its way", {}, {WANTED, FACTS(COMES(M1))}, "", 0},
    {"it is nowhere", {}, {WANTED}, "", 0},
    {"the first failure", {}, {WANTED, FACTS(FAILS(M1))}, "1:1!+30", 30},
    {"its author wants none of it",
     {},
     {.is_known = true, .unit_revision = 5, FACTS(FAILS(M1))},
     "",
     0},
    {"it was noted already",
     KNOWN(PLACE(M1, 1, .next_usec = NOW + S(7))),
     {WANTED, FACTS(FAILS(M1))},
     "1:1!+7",
     7},
    {"it is due", KNOWN(PLACE(M1, 1, .next_usec = NOW)), {WANTED, FACTS(FAILS(M1))}, "1:1!+0", 0},
    {"it has left",
     KNOWN(PLACE(M1, 1, .next_usec = NOW)),
     {WANTED, FACTS(COMES(M2))},
     "1:1",
     A_DAY},
    {"it fails where it went, while nobody looked",
     KNOWN(PLACE(M1, 1, .next_usec = NOW - S(5))),
     {WANTED, FACTS(FAILS(M2))},
     "1:1 2:1!+60",
     60},
    {"it fails where it failed before",
     KNOWN(PLACE(M1, 1), PLACE(M2, 1)),
     {WANTED, FACTS(FAILS(M1))},
     "1:2!+120 2:1",
     120},
    {"not later than in an hour",
     KNOWN(PLACE(M1, 200)),
     {WANTED, FACTS(FAILS(M1))},
     "1:201!+3600",
     3600},
    {"it is up elsewhere", KNOWN(PLACE(M1, 1)), {WANTED, FACTS(IS_UP(M2))}, "1:1 2:0w+0", 600},
    {"somebody has mended it in its place",
     KNOWN(PLACE(M1, 1, .next_usec = NOW + S(9))),
     {WANTED, FACTS(IS_UP(M1))},
     "1:1w+0",
     600},
    {"it was well nearly for long",
     KNOWN(PLACE(M1, 1), PLACE(M2, 0, .well_since_usec = NOW - S(599))),
     {WANTED, FACTS(IS_UP(M2))},
     "1:1 2:0w-599",
     1},
    {"it was well for long",
     KNOWN(PLACE(M1, 1), PLACE(M2, 0, .well_since_usec = NOW - S(600))),
     {WANTED, FACTS(IS_UP(M2))},
     "",
     0},
    {"it is not well any more",
     KNOWN(PLACE(M1, 1), PLACE(M2, 0, .well_since_usec = NOW - S(100))),
     {WANTED, FACTS(COMES(M2))},
     "1:1",
     A_DAY},
    {"it fails after having been well, but not for long",
     KNOWN(PLACE(M1, 1), PLACE(M2, 0, .well_since_usec = NOW - S(100))),
     {WANTED, FACTS(FAILS(M2))},
     "1:1 2:1!+60",
     60},
    {"it has left where it was well",
     KNOWN(PLACE(M1, 1), PLACE(M2, 0, .well_since_usec = NOW - S(100))),
     {WANTED, FACTS(COMES(M1))},
     "1:1",
     A_DAY},
    {"it waits to be stopped elsewhere",
     KNOWN(PLACE(M1, 1, .next_usec = NOW + S(9))),
     {WANTED, FACTS(COMES(M1))},
     "1:1!+9",
     9},
    {"it was not there for a day",
     KNOWN({.machine_id = (char *) M1, .count = 3, .failed_usec = 1}, PLACE(M2, 1)),
     {WANTED},
     "2:1",
     A_DAY},
    {"a later request forgives",
     KNOWN(PLACE(M1, 3, .next_usec = NOW + S(9))),
     {.is_known = true, .is_tried_anew = true, .unit_revision = 6, FACTS(COMES(M1))},
     "",
     0},
    {"a later request fails, too",
     KNOWN(PLACE(M1, 3, .next_usec = NOW + S(9))),
     {.is_known = true, .is_tried_anew = true, .unit_revision = 6, FACTS(FAILS(M1))},
     "1:1!+30",
     30},
    {"nobody wants it any more",
     KNOWN(PLACE(M1, 3, .next_usec = NOW + S(9))),
     {.is_known = true, .unit_revision = 5},
     "",
     0},
    {"what is wanted cannot be read",
     KNOWN(PLACE(M1, 3, .next_usec = NOW + S(9))),
     {FACTS(IS_UP(M1))},
     "1:3!+9",
     0},
    {"of a global unit each machine has its own row",
     KNOWN(PLACE(M1, 3)),
     {WANTED, .is_global = true, FACTS(FAILS(M1), FAILS(M2))},
     "1:4!+240 2:1!+30",
     30},
    {"of a global unit each machine is forgiven by itself",
     KNOWN(PLACE(M1, 3, .well_since_usec = NOW - S(600)), PLACE(M2, 1)),
     {WANTED, .is_global = true, FACTS(IS_UP(M1), COMES(M2))},
     "2:1",
     A_DAY},
    {"where a global unit never failed nothing is noted",
     KNOWN(PLACE(M1, 3)),
     {WANTED, .is_global = true, FACTS(COMES(M1), IS_UP(M2))},
     "1:3",
     A_DAY},
};

static void each_step_is_as_the_table_says(void **state) {
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        const Case *c = &cases[i];
        _cleanup_(failures_freep) Failures *next = NULL;
        const Failures *known = c->known.name ? &c->known : NULL;
        usec_t look_at;
        char text[128];
        assert_int_equal(failure_step("a.service", known, &c->facts, NOW, &next, &look_at), 0);
        describe(next, text, sizeof(text));
        if (!streq(text, c->expected))
            fail_msg("%s: '%s', not '%s'", c->what, text, c->expected);
        usec_t expected = c->look_in == 0 ? USEC_INFINITY : NOW + S(c->look_in);
        if (look_at != expected)
            fail_msg("%s: it is looked at again at %llu", c->what, (unsigned long long) look_at);
    }
}

/* Else whoever leads would write for ever. */
static void step_comes_to_rest(void **state) {
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        const Case *c = &cases[i];
        _cleanup_(failures_freep) Failures *next = NULL, *again = NULL;
        usec_t look_at;
        const Failures *known = c->known.name ? &c->known : NULL;
        assert_int_equal(failure_step("a.service", known, &c->facts, NOW, &next, &look_at), 0);
        assert_int_equal(failure_step("a.service", next, &c->facts, NOW, &again, &look_at), 0);
        if (!failures_equal(next, again))
            fail_msg("%s: it goes on", c->what);
    }
}

static void only_what_fails_is_due(void **state) {
    const FailureFact facts[] = {FAILS(M1), COMES(M2)};
    const FailureFacts all = {.places = (FailureFact *) facts, .n_places = 2};
    const FailurePlace due = PLACE(M1, 1, .next_usec = NOW),
                       early = PLACE(M1, 1, .next_usec = NOW + 1), tried = PLACE(M1, 1),
                       comes = PLACE(M2, 1, .next_usec = NOW);
    assert_true(failure_is_due(&due, &all, NOW));
    assert_false(failure_is_due(&early, &all, NOW));
    assert_false(failure_is_due(&tried, &all, NOW));
    assert_false(failure_is_due(&comes, &all, NOW));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_is_as_the_table_says),
        cmocka_unit_test(step_comes_to_rest),
        cmocka_unit_test(only_what_fails_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
