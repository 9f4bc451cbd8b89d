#include "fleetd/base/strv.h"
#include "fleetd/engine/brake.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

#define TTL_USEC (30 * USEC_PER_SEC)
#define HOLD_USEC (300 * USEC_PER_SEC)

typedef struct BrakeTest {
    Loop *loop;
    Brake *brake;
    char released[64]; /* ids, as they came */
    unsigned n_changes;
    bool is_busy;
} BrakeTest;

static void on_release(const char *machine_id, void *userdata) {
    BrakeTest *test = userdata;
    size_t n = strlen(test->released);
    (void) snprintf(test->released + n, sizeof(test->released) - n, "%s ", machine_id);
}

static void on_change(void *userdata) {
    ((BrakeTest *) userdata)->n_changes++;
}

static bool is_busy(void *userdata) {
    return ((BrakeTest *) userdata)->is_busy;
}

static void open_brake(BrakeTest *test, usec_t hold_usec) {
    static const BrakeCallbacks callbacks = {on_release, on_change, is_busy};
    brake_free(test->brake);
    assert_int_equal(brake_new(test->loop, TTL_USEC, hold_usec, &callbacks, test, &test->brake), 0);
}

static int setup(void **state) {
    BrakeTest *test = calloc(1, sizeof(BrakeTest));
    assert_non_null(test);
    assert_non_null(test->loop = virtual_loop_new(1));
    open_brake(test, HOLD_USEC);
    *state = test;
    return 0;
}

static int teardown(void **state) {
    BrakeTest *test = *state;
    brake_free(test->brake);
    virtual_loop_free(test->loop);
    free(test);
    return 0;
}

/* Letters are machines. */
static void here(BrakeTest *test, const char *machines) {
    for (const char *c = machines; *c; c++)
        assert_int_equal(brake_machine_is_here(test->brake, (char[]){*c, 0}), 0);
}

/* Each vanishes and is found to be gone. Those that are held. */
static const char *lose(BrakeTest *test, const char *machines) {
    static char held[16];
    size_t n = 0;
    for (const char *c = machines; *c; c++) {
        const char id[] = {*c, 0};
        brake_machine_vanished(test->brake, id);
        if (brake_holds(test->brake, id))
            held[n++] = *c;
    }
    held[n] = 0;
    return held;
}

/* Another leader knows who is here, and what stands in the store. */
static void next_leader(BrakeTest *test, const char *machines, const BrakeRecord *record) {
    open_brake(test, HOLD_USEC);
    here(test, machines);
    brake_adopt(test->brake, record);
    STRV_FOREACH (id, record->machines)
        if (!strstr(machines, *id))
            assert_int_equal(brake_expect(test->brake, *id), 0);
}

static void expect_after(BrakeTest *test, usec_t seconds, const char *released) {
    virtual_loop_advance(test->loop, seconds * USEC_PER_SEC);
    assert_string_equal(test->released, released);
}

static void half_of_the_machines_is_given_up(void **state) {
    BrakeTest *test = *state;
    here(test, "ABCD");
    assert_string_equal(lose(test, "AB"), "");
    open_brake(test, HOLD_USEC);
    here(test, "AB");
    assert_string_equal(lose(test, "A"), "");
}

static void more_than_half_is_held_and_then_given_up_in_turn(void **state) {
    BrakeTest *test = *state;
    here(test, "ABCDE");
    assert_string_equal(lose(test, "ABCD"), "CD");
    assert_int_equal(brake_count_held(test->brake), 2);
    expect_after(test, 299, "");
    test->is_busy = true;
    expect_after(test, 2, "C ");
    expect_after(test, 20, "C "); /* its units are on their way */
    test->is_busy = false;
    expect_after(test, 1, "C D ");
    assert_int_equal(brake_count_held(test->brake), 0);
}

static void nobody_waits_for_units_that_never_come_up(void **state) {
    BrakeTest *test = *state;
    here(test, "ABCDE");
    lose(test, "ABCD");
    test->is_busy = true;
    expect_after(test, 301, "C ");
    expect_after(test, 31, "C D ");
}

static void machine_that_comes_back_has_what_it_had(void **state) {
    BrakeTest *test = *state;
    here(test, "ABCDEFG");
    assert_string_equal(lose(test, "ABCDEF"), "DEF");
    here(test, "E");
    test->is_busy = true;
    expect_after(test, 301, "D ");
    expect_after(test, 60, "D F ");
}

static void when_half_is_back_the_rest_is_not_held(void **state) {
    BrakeTest *test = *state;
    here(test, "ABC");
    assert_string_equal(lose(test, "AB"), "B");
    here(test, "A");
    expect_after(test, 1, "B ");
}

static void what_vanishes_one_after_the_other_does_not_count_together(void **state) {
    BrakeTest *test = *state;
    here(test, "ABCDE");
    for (const char *c = "ABCD"; *c; c++) {
        assert_string_equal(lose(test, (char[]){*c, 0}), "");
        virtual_loop_advance(test->loop, TTL_USEC + USEC_PER_SEC);
        if (*c == 'B')
            break; /* two of three left at once are too many all the same */
    }
    assert_string_equal(lose(test, "C"), "");
    assert_string_equal(lose(test, "D"), "D");
}

static void machine_that_says_that_it_leaves_has_not_vanished(void **state) {
    BrakeTest *test = *state;
    here(test, "ABC");
    brake_machine_left(test->brake, "A");
    assert_string_equal(lose(test, "B"), "");
}

static void user_releases(void **state) {
    BrakeTest *test = *state;
    _cleanup_(brake_record_freep) BrakeRecord *record = NULL;
    here(test, "ABC");
    lose(test, "AB");
    assert_int_equal(brake_get_record(test->brake, &record), 0);
    assert_int_equal(record->n_lost, 2);
    assert_int_equal(record->n_all, 3);
    assert_string_equal(record->machines[0], "B");
    record->is_released = true;
    brake_take_record(test->brake, record);
    expect_after(test, 1, "B ");
    _cleanup_(brake_record_freep) BrakeRecord *after = NULL;
    assert_int_equal(brake_get_record(test->brake, &after), 0);
    assert_null(after);
}

static void next_leader_waits_no_longer_than_the_former(void **state) {
    BrakeTest *test = *state;
    _cleanup_(brake_record_freep) BrakeRecord *record = NULL;
    here(test, "ABC");
    lose(test, "AB");
    assert_int_equal(brake_get_record(test->brake, &record), 0);
    virtual_loop_advance(test->loop, 200 * USEC_PER_SEC);
    next_leader(test, "C", record);
    assert_string_equal(lose(test, "AB"), "AB"); /* it did not see who came first */
    expect_after(test, 90, "");
    expect_after(test, 11, "A B ");
}

static void next_leader_waits_for_the_units_of_the_last(void **state) {
    BrakeTest *test = *state;
    _cleanup_(brake_record_freep) BrakeRecord *record = NULL;
    here(test, "ABCDE");
    assert_string_equal(lose(test, "ABCD"), "CD");
    expect_after(test, 301, "C D ");
    here(test, "ABCD");
    assert_string_equal(lose(test, "ABCD"), "CD");
    assert_int_equal(brake_get_record(test->brake, &record), 0);
    virtual_loop_advance(test->loop, 299 * USEC_PER_SEC);
    next_leader(test, "E", record);
    assert_string_equal(lose(test, "CD"), "CD");
    test->is_busy = true;
    expect_after(test, 20, "C D ");
    test->is_busy = false;
    expect_after(test, 2, "C D C D ");
}

/* That is, as soon as these are surely gone: it cannot know before. */
static void next_leader_goes_on_when_the_time_is_over_meanwhile(void **state) {
    BrakeTest *test = *state;
    _cleanup_(brake_record_freep) BrakeRecord *record = NULL, *after = NULL;
    here(test, "ABCDEFG");
    assert_string_equal(lose(test, "ABCDEF"), "DEF");
    assert_int_equal(brake_get_record(test->brake, &record), 0);
    virtual_loop_advance(test->loop, 299 * USEC_PER_SEC);
    next_leader(test, "G", record);
    test->is_busy = true;
    expect_after(test, 29, "");
    assert_int_equal(brake_count_held(test->brake), 3);
    assert_int_equal(brake_get_record(test->brake, &after), 0);
    assert_int_equal(after->until_usec, record->until_usec);
    assert_string_equal(lose(test, "DEF"), "DEF");
    expect_after(test, 2, "D ");
    expect_after(test, 28, "D ");
    expect_after(test, 3, "D E ");
}

static void next_leader_lets_go_of_what_is_back(void **state) {
    BrakeTest *test = *state;
    _cleanup_(brake_record_freep) BrakeRecord *record = NULL, *after = NULL;
    here(test, "ABCDEFG");
    assert_string_equal(lose(test, "ABCDEF"), "DEF");
    assert_int_equal(brake_get_record(test->brake, &record), 0);
    next_leader(test, "DG", record);
    assert_int_equal(brake_count_held(test->brake), 2);
    here(test, "E");
    unsigned n_changes = test->n_changes;
    brake_machine_left(test->brake, "F");
    assert_int_equal(test->n_changes, n_changes + 1);
    assert_int_equal(brake_count_held(test->brake), 0);
    here(test, "A"); /* and so is half of them */
    expect_after(test, 1, "");
    assert_int_equal(brake_get_record(test->brake, &after), 0);
    assert_null(after);
}

static void former_release_does_not_release_what_is_held_later(void **state) {
    BrakeTest *test = *state;
    _cleanup_(brake_record_freep) BrakeRecord *record = NULL;
    here(test, "ABC");
    assert_string_equal(lose(test, "AB"), "B");
    assert_int_equal(brake_get_record(test->brake, &record), 0);
    record->is_released = true;
    here(test, "AB");
    virtual_loop_advance(test->loop, USEC_PER_SEC);
    assert_string_equal(lose(test, "AB"), "B");
    brake_take_record(test->brake, record);
    expect_after(test, 299, "");
}

static void what_is_told_of_one_that_is_over_holds_nothing(void **state) {
    BrakeTest *test = *state;
    _cleanup_(brake_record_freep) BrakeRecord *record = NULL;
    here(test, "ABC");
    assert_string_equal(lose(test, "AB"), "B");
    assert_int_equal(brake_get_record(test->brake, &record), 0);
    expect_after(test, 301, "B ");
    here(test, "AB");
    brake_take_record(test->brake, record);
    assert_string_equal(lose(test, "A"), "");
}

static void next_brake_waits_for_the_units_of_the_last_one(void **state) {
    BrakeTest *test = *state;
    here(test, "ABCDE");
    assert_string_equal(lose(test, "ABC"), "C");
    test->is_busy = true;
    expect_after(test, 301, "C ");
    here(test, "AB");
    assert_string_equal(lose(test, "ABD"), "D");
    here(test, "AB");
    expect_after(test, 20, "C ");
    expect_after(test, 10, "C D ");
}

static void time_that_is_left_is_told(void **state) {
    BrakeTest *test = *state;
    here(test, "ABC");
    assert_int_equal(brake_left_usec(test->brake), 0);
    lose(test, "AB");
    virtual_loop_advance(test->loop, 100 * USEC_PER_SEC);
    assert_int_equal(brake_left_usec(test->brake), HOLD_USEC - 100 * USEC_PER_SEC);
    _cleanup_(brake_record_freep) BrakeRecord *record = NULL;
    assert_int_equal(brake_get_record(test->brake, &record), 0);
    record->is_released = true;
    brake_take_record(test->brake, record);
    assert_int_equal(brake_left_usec(test->brake), 0);
}

static void without_a_time_nothing_is_held(void **state) {
    BrakeTest *test = *state;
    open_brake(test, 0);
    here(test, "ABC");
    assert_string_equal(lose(test, "ABC"), "");
}

#define BRAKE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        BRAKE_TEST(half_of_the_machines_is_given_up),
        BRAKE_TEST(more_than_half_is_held_and_then_given_up_in_turn),
        BRAKE_TEST(nobody_waits_for_units_that_never_come_up),
        BRAKE_TEST(machine_that_comes_back_has_what_it_had),
        BRAKE_TEST(when_half_is_back_the_rest_is_not_held),
        BRAKE_TEST(what_vanishes_one_after_the_other_does_not_count_together),
        BRAKE_TEST(machine_that_says_that_it_leaves_has_not_vanished),
        BRAKE_TEST(user_releases),
        BRAKE_TEST(next_leader_waits_no_longer_than_the_former),
        BRAKE_TEST(next_leader_waits_for_the_units_of_the_last),
        BRAKE_TEST(next_leader_goes_on_when_the_time_is_over_meanwhile),
        BRAKE_TEST(next_leader_lets_go_of_what_is_back),
        BRAKE_TEST(former_release_does_not_release_what_is_held_later),
        BRAKE_TEST(what_is_told_of_one_that_is_over_holds_nothing),
        BRAKE_TEST(next_brake_waits_for_the_units_of_the_last_one),
        BRAKE_TEST(time_that_is_left_is_told),
        BRAKE_TEST(without_a_time_nothing_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
