/* A store that has forgotten everything: what the agent does with units that nobody orders. */
#include "fleetd/model/cluster-id.h"
#include "tests/fakes/faulty-store.h"
#include "tests/fakes/rewound-store.h"
#include "tests/fakes/watch-recorder.h"
#include "tests/unit/agent-test.h"

#include <errno.h>

static void assert_untouched(AgentTest *test) {
    agent_test_expect_untouched(test);
    assert_string_equal(fake_systemd_active(test->systemd, "a.service"), "active");
}

static char *cluster_id(AgentTest *test) {
    _cleanup_free_ char *value = store_sync_get(&test->sync, KEY_CLUSTER_TEXT);
    char *id = NULL;
    assert_non_null(value);
    assert_int_equal(cluster_id_parse(value, strlen(value), &id, NULL), 0);
    return id;
}

static void start_with_running_unit(AgentTest *test) {
    agent_test_start(test);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 7);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 7);
    fake_script_clear_actions(fake_systemd_script(test->systemd));
}

static void empty_store(AgentTest *test) {
    store_free(test->store);
    assert_int_equal(memory_store_new(test->loop, &test->store), 0);
    test->sync.store = test->store;
}

/* The data are gone, fleetd is started anew. */
static void lose_store(AgentTest *test) {
    agent_test_crash(test);
    empty_store(test);
    agent_test_start(test);
    agent_test_run(test, 30 * USEC_PER_SEC);
}

static void store_gets_an_id_once(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    _cleanup_free_ char *id = cluster_id(test);
    agent_test_crash(test);
    agent_test_start(test);
    agent_test_run(test, 30 * USEC_PER_SEC);
    _cleanup_free_ char *id_later = cluster_id(test);
    assert_string_equal(id, id_later);
}

static void empty_store_stops_nothing(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    lose_store(test);
    assert_untouched(test);
}

/* Who reads its state must not wait for the end of a job that nobody asked for. */
static void orphan_has_no_job(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    lose_store(test);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_NONE, 0);
}

static void restart_of_fleetd_stops_nothing_either(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    lose_store(test);
    for (int i = 0; i < 3; i++) {
        agent_test_crash(test);
        agent_test_start(test);
        agent_test_run(test, 30 * USEC_PER_SEC);
    }
    assert_untouched(test);
}

/* Without it, what a machine that was away finds would never be cleared away. */
static void unit_without_order_in_its_own_cluster_is_stopped(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_crash(test);
    agent_test_withdraw(test, "a.service");
    agent_test_start(test);
    agent_test_run(test, 30 * USEC_PER_SEC);
    assert_false(fake_systemd_is_running(test->systemd, "a.service"));
}

static Orphan *orphan(AgentTest *test, const char *name) {
    _cleanup_free_ char *key = key_orphan(TEST_MACHINE, name);
    _cleanup_free_ char *value = store_sync_get(&test->sync, key);
    Orphan *orphan = NULL;
    if (value)
        assert_int_equal(orphan_parse(TEST_MACHINE, name, value, strlen(value), &orphan, NULL), 0);
    return orphan;
}

static void cluster_is_told_what_it_could_have_back(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_order(test, "b.service", OTHER, LAUNCH_STATE_LOADED, 8);
    agent_test_run(test, USEC_PER_SEC);
    assert_null(orphan(test, "a.service"));
    _cleanup_free_ char *former = cluster_id(test);
    lose_store(test);
    _cleanup_(orphan_freep) Orphan *a = orphan(test, "a.service"), *b = orphan(test, "b.service");
    assert_int_equal(a->desired, LAUNCH_STATE_LAUNCHED);
    assert_string_equal(a->text, SLEEPER);
    assert_string_equal(a->cluster, former);
    assert_int_equal(b->desired, LAUNCH_STATE_LOADED);
    assert_string_equal(b->text, OTHER);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 3);
    agent_test_run(test, USEC_PER_SEC);
    assert_null(orphan(test, "a.service"));
}

static void orphans_go_with_their_machine(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    lose_store(test);
    agent_test_leave(test, PRESENCE_RESTARTING);
    _cleanup_(orphan_freep) Orphan *a = orphan(test, "a.service");
    assert_non_null(a); /* its place is kept, and so is what it has */
    agent_test_run(test, 400 * USEC_PER_SEC);
    assert_null(orphan(test, "a.service"));
}

/* More than a transaction, and than a request, can hold. */
static void many_large_orphans_are_all_told(void **state) {
    AgentTest *test = *state;
    _cleanup_free_ char *padding = calloc(1, 20001);
    memset(padding, 'x', 20000);
    agent_test_start(test);
    for (int i = 0; i < 150; i++) {
        _cleanup_free_ char *name = str_printf("a%d.service", i);
        _cleanup_free_ char *text = str_printf(SLEEPER "#%d%s\n", i, padding);
        agent_test_order(test, name, text, LAUNCH_STATE_LOADED, i + 1);
    }
    agent_test_run(test, 10 * USEC_PER_SEC);
    lose_store(test);
    for (int i = 0; i < 150; i++) {
        _cleanup_free_ char *name = str_printf("a%d.service", i);
        _cleanup_(orphan_freep) Orphan *one = orphan(test, name);
        assert_non_null(one);
    }
}

/* --- before the machine is listed --- */

static void record_all(AgentTest *test, WatchRecorder *recorder) {
    StoreWatch watch = {.key = "", .is_prefix = true};
    assert_int_equal(watch_recorder_start(recorder, &test->sync, &watch), 0);
    assert_true(watch_recorder_wait_created(recorder));
}

static const char *find_in(const char *text, const char *what) {
    const char *found = strstr(text, what);
    if (!found)
        fail_msg("there is no %s in %s", what, text);
    return found;
}

static void expect_orphan_told_first(const WatchRecorder *recorder) {
    assert_true(find_in(recorder->log, "+orphan/") < find_in(recorder->log, "+machine/"));
}

static void another_cluster_is_told_of_orphans_first(void **state) {
    AgentTest *test = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    start_with_running_unit(test);
    agent_test_crash(test);
    empty_store(test);
    record_all(test, &recorder);
    agent_test_start(test);
    agent_test_run(test, USEC_PER_SEC);
    expect_orphan_told_first(&recorder);
}

/* Their keys go with the lease that they stand under. */
static void orphans_are_told_first_under_another_lease_too(void **state) {
    AgentTest *test = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    start_with_running_unit(test);
    lose_store(test);
    _cleanup_free_ char *key = key_machine(TEST_MACHINE);
    StoreRange range = {.key = key};
    _cleanup_range_ StoreRangeResult found = {};
    assert_int_equal(store_sync_range(&test->sync, &range, &found), 0);
    record_all(test, &recorder);
    assert_int_equal(store_sync_revoke(&test->sync, found.entries[0].lease), 0);
    agent_test_run(test, 10 * USEC_PER_SEC);
    expect_orphan_told_first(&recorder);
}

static void orphans_stand_under_the_lease_of_a_farewell_first(void **state) {
    AgentTest *test = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    start_with_running_unit(test);
    lose_store(test);
    record_all(test, &recorder);
    agent_test_leave(test, PRESENCE_RESTARTING);
    agent_test_run(test, USEC_PER_SEC);
    expect_orphan_told_first(&recorder);
}

static bool is_listed(AgentTest *test) {
    _cleanup_free_ char *key = key_machine(TEST_MACHINE);
    _cleanup_free_ char *value = store_sync_get(&test->sync, key);
    return value != NULL;
}

static void machine_that_cannot_tell_of_orphans_is_not_listed(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    fake_systemd_set_connected(test->systemd, false);
    lose_store(test);
    assert_false(is_listed(test));
    fake_systemd_set_connected(test->systemd, true);
    agent_test_run(test, 5 * USEC_PER_SEC);
    assert_true(is_listed(test));
    _cleanup_(orphan_freep) Orphan *a = orphan(test, "a.service");
    assert_non_null(a);
}

static void machine_of_the_same_cluster_need_not_ask_systemd(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_leave(test, PRESENCE_RESTARTING);
    fake_systemd_set_connected(test->systemd, false);
    agent_test_start(test);
    agent_test_run(test, USEC_PER_SEC);
    assert_true(is_listed(test));
}

static void order_in_the_new_store_takes_the_unit_over_as_it_is(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    lose_store(test);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 3);
    agent_test_run(test, USEC_PER_SEC);
    assert_untouched(test);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 3);
    agent_test_withdraw(test, "a.service"); /* it is as any other from now on */
    agent_test_run(test, USEC_PER_SEC);
    assert_false(fake_systemd_is_running(test->systemd, "a.service"));
}

static void withdrawn_order_stops_it(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    lose_store(test);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_INACTIVE, 3);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_INACTIVE, NULL, JOB_RESULT_DONE, 3);
}

/* Until that is noted, a fleetd that comes back could take it for another cluster's. */
static void unit_is_not_started_before_its_cluster_is_noted(void **state) {
    AgentTest *test = *state;
    fake_script_fail_next(fake_systemd_script(test->systemd), FAKE_ACTION_CLAIM, 3, -ENOSPC);
    agent_test_start(test);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_LAUNCHED, 7);
    agent_test_run(test, USEC_PER_SEC);
    _cleanup_(unit_state_freep) UnitState *told = agent_test_state(test, "a.service");
    assert_int_equal(told->job, JOB_RESULT_ERROR);
    assert_int_equal(told->unit_revision, 7);
    assert_non_null(strstr(told->message, "No space left"));
    assert_int_equal(agent_test_count(test, FAKE_ACTION_START), 0);
    agent_test_run(test, USEC_PER_MINUTE);
    agent_test_expect(test, "a.service", LAUNCH_STATE_LAUNCHED, "active", JOB_RESULT_DONE, 7);
}

static void unit_of_which_no_cluster_can_be_noted_is_stopped_when_its_order_is_withdrawn(
    void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    lose_store(test);
    fake_script_fail_next(fake_systemd_script(test->systemd), FAKE_ACTION_CLAIM, SIZE_MAX, -ENOENT);
    agent_test_order(test, "a.service", SLEEPER, LAUNCH_STATE_INACTIVE, 3);
    agent_test_run(test, USEC_PER_SEC);
    agent_test_expect(test, "a.service", LAUNCH_STATE_INACTIVE, NULL, JOB_RESULT_DONE, 3);
}

#define ONCE SLEEPER "[X-Fleet]\nStopAfterDisconnect=30s\n"

static int on_guarded(_unused_ const char *name, const GuardRecord *record, void *userdata) {
    *(usec_t *) userdata = guard_record_deadline(record);
    return 0;
}

static bool is_vouched_for(AgentTest *test) {
    usec_t deadline = 0;
    assert_int_equal(fake_systemd_walk_guarded(test->systemd, on_guarded, &deadline), 0);
    return deadline > loop_now(test->loop);
}

/* Nobody else is given it as long as its machine says that it is here. */
static void unit_that_must_not_run_twice_runs_as_long_as_its_machine_has_its_place(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    agent_test_order(test, "a.service", ONCE, LAUNCH_STATE_LAUNCHED, 7);
    agent_test_run(test, 5 * USEC_PER_SEC);
    assert_true(is_vouched_for(test));
    lose_store(test);
    for (int i = 0; i < 60; i++) {
        agent_test_run(test, 10 * USEC_PER_SEC);
        assert_true(is_vouched_for(test));
    }
    agent_test_crash(test);
    agent_test_run(test, USEC_PER_MINUTE);
    assert_false(is_vouched_for(test));
}

/* fleetd runs on, and gets to see another store, which has counted that many changes. */
static void replace_store(AgentTest *test, void (*replace)(Store *front, Store *other),
                          size_t n_changes) {
    Store *first = test->store, *second, *front;
    assert_int_equal(rewound_store_new(first, 0, &front), 0);
    test->store = test->sync.store = front;
    start_with_running_unit(test);
    assert_int_equal(memory_store_new(test->loop, &second), 0);
    StoreSync sync = test->sync;
    sync.store = second;
    for (size_t i = 0; i < n_changes; i++)
        assert_int_equal(store_sync_put(&sync, "elsewhere", "x", 0), 0);
    replace(front, second);
    agent_test_run(test, 60 * USEC_PER_SEC);
    assert_untouched(test);
    assert_int_equal(test->n_replaced, 1);
    agent_test_order(test, "b.service", OTHER, LAUNCH_STATE_LAUNCHED, 1000);
    agent_test_run(test, 60 * USEC_PER_SEC);
    assert_string_equal(fake_systemd_active(test->systemd, "a.service"), "active");
    assert_string_equal(fake_systemd_active(test->systemd, "b.service"), "active");
    agent_test_crash(test);
    store_free(front);
    store_free(second);
    test->store = test->sync.store = first;
}

static void store_that_is_replaced_under_a_running_fleetd_stops_nothing(void **state) {
    replace_store(*state, rewound_store_restore, 0);
}

static void nor_does_one_that_nothing_but_its_id_tells_apart(void **state) {
    replace_store(*state, rewound_store_swap, 1000);
}

/* As by somebody who deletes all keys: the orders' end may be told before anything else. */
static void orders_that_are_swept_away_with_all_else_stop_nothing(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    StoreWrite writes[] = {{.kind = STORE_DELETE, .key = KEY_CLUSTER_TEXT},
                           {.kind = STORE_DELETE_PREFIX, .key = "schedule/"}};
    StoreTxn txn = {.writes = writes, .n_writes = ELEMENTSOF(writes)};
    assert_int_equal(store_sync_txn(&test->sync, &txn, NULL), 0);
    agent_test_run(test, 60 * USEC_PER_SEC);
    assert_untouched(test);
}

/* What it asks is answered by the one store or by the other, and watches lag behind. */
static void lose_store_under_beginning_fleetd(AgentTest *test, usec_t delay_usec) {
    static const StoreFaults slow = {.latency_min_usec = 20 * USEC_PER_MSEC,
                                     .latency_max_usec = 20 * USEC_PER_MSEC,
                                     .timeout_usec = STORE_FAULTS_TIMEOUT_USEC,
                                     .watch_lag_usec = 500 * USEC_PER_MSEC};
    Store *store = test->store, *way;
    start_with_running_unit(test);
    agent_test_crash(test);
    assert_int_equal(faulty_store_new(test->loop, store, &way), 0);
    faulty_store_set_faults(way, &slow);
    test->store = way;
    agent_test_start(test);
    agent_test_run(test, delay_usec);
    StoreWrite write = {.kind = STORE_DELETE_PREFIX, .key = ""};
    StoreTxn txn = {.writes = &write, .n_writes = 1};
    assert_int_equal(store_sync_txn(&test->sync, &txn, NULL), 0);
    agent_test_run(test, 30 * USEC_PER_SEC);
    agent_test_crash(test);
    store_free(way);
    test->store = store;
    assert_untouched(test);
}

static void store_that_is_lost_while_fleetd_begins_stops_nothing(void **state) {
    for (usec_t delay = 0; delay < 500 * USEC_PER_MSEC; delay += 10 * USEC_PER_MSEC) {
        lose_store_under_beginning_fleetd(*state, delay);
        assert_int_equal(agent_test_teardown(state), 0);
        assert_int_equal(agent_test_setup(state), 0);
    }
}

static void unreadable_id_is_made_anew_and_stops_nothing(void **state) {
    AgentTest *test = *state;
    start_with_running_unit(test);
    agent_test_crash(test);
    assert_int_equal(store_sync_put(&test->sync, KEY_CLUSTER_TEXT, "garbage", 0), 0);
    agent_test_start(test);
    agent_test_run(test, 30 * USEC_PER_SEC);
    free(cluster_id(test));
    assert_untouched(test);
    agent_test_withdraw(test, "a.service"); /* its order was carried over */
    agent_test_run(test, USEC_PER_SEC);
    assert_false(fake_systemd_is_running(test->systemd, "a.service"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(store_gets_an_id_once, agent_test_setup,
                                        agent_test_teardown),
        cmocka_unit_test_setup_teardown(empty_store_stops_nothing, agent_test_setup,
                                        agent_test_teardown),
        cmocka_unit_test_setup_teardown(orphan_has_no_job, agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(restart_of_fleetd_stops_nothing_either, agent_test_setup,
                                        agent_test_teardown),
        cmocka_unit_test_setup_teardown(unit_without_order_in_its_own_cluster_is_stopped,
                                        agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(cluster_is_told_what_it_could_have_back, agent_test_setup,
                                        agent_test_teardown),
        cmocka_unit_test_setup_teardown(orphans_go_with_their_machine, agent_test_setup,
                                        agent_test_teardown),
        cmocka_unit_test_setup_teardown(many_large_orphans_are_all_told, agent_test_setup,
                                        agent_test_teardown),
        cmocka_unit_test_setup_teardown(another_cluster_is_told_of_orphans_first, agent_test_setup,
                                        agent_test_teardown),
        cmocka_unit_test_setup_teardown(orphans_are_told_first_under_another_lease_too,
                                        agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(orphans_stand_under_the_lease_of_a_farewell_first,
                                        agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(machine_that_cannot_tell_of_orphans_is_not_listed,
                                        agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(machine_of_the_same_cluster_need_not_ask_systemd,
                                        agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(order_in_the_new_store_takes_the_unit_over_as_it_is,
                                        agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(
            unit_that_must_not_run_twice_runs_as_long_as_its_machine_has_its_place,
            agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(unit_is_not_started_before_its_cluster_is_noted,
                                        agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(
            unit_of_which_no_cluster_can_be_noted_is_stopped_when_its_order_is_withdrawn,
            agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(withdrawn_order_stops_it, agent_test_setup,
                                        agent_test_teardown),
        cmocka_unit_test_setup_teardown(store_that_is_replaced_under_a_running_fleetd_stops_nothing,
                                        agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(nor_does_one_that_nothing_but_its_id_tells_apart,
                                        agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(orders_that_are_swept_away_with_all_else_stop_nothing,
                                        agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(store_that_is_lost_while_fleetd_begins_stops_nothing,
                                        agent_test_setup, agent_test_teardown),
        cmocka_unit_test_setup_teardown(unreadable_id_is_made_anew_and_stops_nothing,
                                        agent_test_setup, agent_test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
