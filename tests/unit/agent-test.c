#include "tests/unit/agent-test.h"

static void on_replaced(void *userdata) {
    ((AgentTest *) userdata)->n_replaced++;
}

void agent_test_start(AgentTest *test) {
    Machine machine = {.id = (char *) TEST_MACHINE,
                       .boot_id = (char *) test->boot_id,
                       .address = (char *) test->address};
    assert_int_equal(fake_unit_manager_new(test->systemd, &test->unit_manager), 0);
    AgentOptions options = {
        .store = test->store,
        .loop = test->loop,
        .unit_manager = test->unit_manager,
        .prober = test->prober ? fake_prober_prober(test->prober) : NULL,
        .machine = &machine,
        .ttl_usec = TEST_TTL,
        .restart_grace_usec = 300 * USEC_PER_SEC,
        .on_replaced = on_replaced,
        .userdata = test,
        .metrics = test->metrics,
    };
    assert_int_equal(agent_new(&options, &test->agent), 0);
}

void agent_test_crash(AgentTest *test) {
    unit_manager_free(TAKE_PTR(test->unit_manager));
    agent_free(TAKE_PTR(test->agent));
}

static void on_left(int r, void *userdata) {
    *(int *) userdata = r;
}

void agent_test_leave(AgentTest *test, PresenceFarewell farewell) {
    int result = 1;
    assert_int_equal(agent_leave(test->agent, farewell, on_left, &result), 0);
    agent_test_run(test, USEC_PER_SEC);
    assert_int_equal(result, 0);
    agent_test_crash(test);
}

void agent_test_run(AgentTest *test, usec_t usec) {
    virtual_loop_advance(test->loop, usec);
}

int agent_test_setup(void **state) {
    AgentTest *test = calloc(1, sizeof(AgentTest));
    assert_non_null(test);
    test->boot_id = "0000000000000000000000000000b001";
    test->address = "10.0.0.1";
    test->loop = virtual_loop_new(1);
    assert_non_null(test->loop);
    assert_int_equal(memory_store_new(test->loop, &test->store), 0);
    assert_int_equal(fake_systemd_new(test->loop, &test->systemd), 0);
    test->sync =
        (StoreSync){.store = test->store, .loop = test->loop, .run_until = virtual_loop_run_until};
    *state = test;
    return 0;
}

int agent_test_teardown(void **state) {
    AgentTest *test = *state;
    agent_test_crash(test);
    fake_systemd_free(test->systemd);
    store_free(test->store);
    virtual_loop_free(test->loop);
    free(test);
    return 0;
}

static void put_order(AgentTest *test, const char *name, const char *text, LaunchState desired,
                      int64_t restart, int64_t revision) {
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text(text, strlen(text), hash), 0);
    _cleanup_free_ char *file = key_file(hash), *key = key_schedule(TEST_MACHINE, name);
    Order order = {
        .machine_id = (char *) TEST_MACHINE,
        .name = (char *) name,
        .hash = hash,
        .desired = desired,
        .unit_revision = revision,
        .restart = restart,
        .reason = (char *) "a test says so",
    };
    _cleanup_free_ char *value = order_format(&order);
    assert_int_equal(store_sync_put(&test->sync, file, text, 0), 0);
    assert_int_equal(store_sync_put(&test->sync, key, value, 0), 0);
}

void agent_test_order(AgentTest *test, const char *name, const char *text, LaunchState desired,
                      int64_t revision) {
    put_order(test, name, text, desired, 0, revision);
}

void agent_test_order_restart(AgentTest *test, const char *name, const char *text, int64_t restart,
                              int64_t revision) {
    put_order(test, name, text, LAUNCH_STATE_LAUNCHED, restart, revision);
}

void agent_test_withdraw(AgentTest *test, const char *name) {
    _cleanup_free_ char *key = key_schedule(TEST_MACHINE, name);
    assert_int_equal(store_sync_delete(&test->sync, key), 0);
}

UnitState *agent_test_state(AgentTest *test, const char *name) {
    _cleanup_free_ char *key = key_state(TEST_MACHINE, name);
    _cleanup_free_ char *value = store_sync_get(&test->sync, key);
    UnitState *state = NULL;
    if (value)
        assert_int_equal(unit_state_parse(TEST_MACHINE, name, value, strlen(value), &state, NULL),
                         0);
    return state;
}

void agent_test_expect(AgentTest *test, const char *name, LaunchState current, const char *active,
                       JobResult job, int64_t revision) {
    _cleanup_(unit_state_freep) UnitState *state = agent_test_state(test, name);
    assert_non_null(state);
    assert_string_equal(launch_state_to_string(state->current), launch_state_to_string(current));
    assert_string_equal(job_result_to_string(state->job), job_result_to_string(job));
    assert_int_equal(state->unit_revision, revision);
    assert_true(streq_ptr(state->active, active));
}

size_t agent_test_count(AgentTest *test, FakeAction action) {
    return fake_script_count(fake_systemd_script(test->systemd), action);
}

void agent_test_expect_untouched(AgentTest *test) {
    assert_int_equal(agent_test_count(test, FAKE_ACTION_START), 0);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_STOP), 0);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_REMOVE), 0);
    assert_int_equal(agent_test_count(test, FAKE_ACTION_WRITE), 0);
}
