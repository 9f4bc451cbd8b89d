#include "fleetd/model/reboot.h"
#include "tests/fakes/faulty-store.h"
#include "tests/unit/agent-test.h"

static void put_reboot(AgentTest *test, const char *boot_id, RebootPhase phase) {
    _cleanup_free_ char *key = key_reboot(TEST_MACHINE);
    const Reboot reboot = {.boot_id = (char *) boot_id, .phase = phase};
    _cleanup_free_ char *value = reboot_format(&reboot);
    assert_int_equal(store_sync_put(&test->sync, key, value, 0), 0);
    agent_test_run(test, USEC_PER_SEC);
}

static size_t n_reboots(AgentTest *test) {
    return agent_test_count(test, FAKE_ACTION_REBOOT);
}

static void machine_is_rebooted_once_when_the_leader_has_come_so_far(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    put_reboot(test, test->boot_id, REBOOT_WAITING);
    put_reboot(test, test->boot_id, REBOOT_DRAINING);
    assert_int_equal(n_reboots(test), 0);
    put_reboot(test, test->boot_id, REBOOT_REBOOTING);
    assert_int_equal(n_reboots(test), 1);
    put_reboot(test, test->boot_id, REBOOT_REBOOTING);
    agent_test_run(test, USEC_PER_MINUTE);
    assert_int_equal(n_reboots(test), 1);
}

static void record_of_another_boot_does_nothing(void **state) {
    AgentTest *test = *state;
    put_reboot(test, test->boot_id, REBOOT_REBOOTING);
    test->boot_id = "0000000000000000000000000000b002";
    agent_test_start(test);
    agent_test_run(test, USEC_PER_MINUTE);
    assert_int_equal(n_reboots(test), 0);
}

static void record_that_was_there_before_is_found(void **state) {
    AgentTest *test = *state;
    put_reboot(test, test->boot_id, REBOOT_REBOOTING);
    agent_test_start(test);
    agent_test_run(test, USEC_PER_MINUTE);
    assert_int_equal(n_reboots(test), 1);
}

static void record_of_another_machine_or_garbage_does_nothing(void **state) {
    AgentTest *test = *state;
    agent_test_start(test);
    _cleanup_free_ char *key = key_reboot(TEST_MACHINE);
    assert_int_equal(
        store_sync_put(&test->sync, "reboot/00000000000000000000000000000002",
                       "{\"bootID\":\"0000000000000000000000000000b001\",\"phase\":\"rebooting\"}",
                       0),
        0);
    assert_int_equal(store_sync_put(&test->sync, key, "{\"phase\":\"rebooting\"}", 0), 0);
    agent_test_run(test, USEC_PER_MINUTE);
    assert_int_equal(n_reboots(test), 0);
}

static void refused_reboot_is_asked_for_again_unless_it_is_cancelled(void **state) {
    AgentTest *test = *state;
    FakeScript *script = fake_systemd_script(test->systemd);
    agent_test_start(test);
    fake_script_fail_next(script, FAKE_ACTION_REBOOT, 2, -EACCES);
    put_reboot(test, test->boot_id, REBOOT_REBOOTING);
    agent_test_run(test, 8 * USEC_PER_SEC);
    assert_int_equal(n_reboots(test), 0);
    agent_test_run(test, 15 * USEC_PER_SEC);
    assert_int_equal(n_reboots(test), 1);
    _cleanup_free_ char *key = key_reboot(TEST_MACHINE);
    assert_int_equal(store_sync_delete(&test->sync, key), 0);
    agent_test_run(test, USEC_PER_SEC);
    fake_script_fail_next(script, FAKE_ACTION_REBOOT, 1, -EACCES);
    put_reboot(test, test->boot_id, REBOOT_REBOOTING);
    assert_int_equal(store_sync_delete(&test->sync, key), 0);
    agent_test_run(test, USEC_PER_MINUTE);
    assert_int_equal(n_reboots(test), 1);
}

/* Whoever is cut off may have been told to by a leader that has been overtaken long ago. */
static void machine_without_its_place_in_the_cluster_is_not_rebooted(void **state) {
    AgentTest *test = *state;
    Store *store = test->store, *faulty;
    assert_int_equal(faulty_store_new(test->loop, store, &faulty), 0);
    test->store = faulty;
    FakeScript *script = fake_systemd_script(test->systemd);
    agent_test_start(test);
    fake_script_fail_next(script, FAKE_ACTION_REBOOT, 1, -EACCES);
    put_reboot(test, test->boot_id, REBOOT_REBOOTING);
    faulty_store_cut(faulty, -ETIMEDOUT);
    agent_test_run(test, 2 * USEC_PER_MINUTE);
    assert_int_equal(n_reboots(test), 0);
    faulty_store_cut(faulty, 0);
    agent_test_run(test, USEC_PER_MINUTE);
    assert_int_equal(n_reboots(test), 1);
    agent_test_crash(test);
    test->store = store;
    store_free(faulty);
}

#define AGENT_TEST(f) cmocka_unit_test_setup_teardown(f, agent_test_setup, agent_test_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        AGENT_TEST(machine_is_rebooted_once_when_the_leader_has_come_so_far),
        AGENT_TEST(record_of_another_boot_does_nothing),
        AGENT_TEST(record_that_was_there_before_is_found),
        AGENT_TEST(record_of_another_machine_or_garbage_does_nothing),
        AGENT_TEST(refused_reboot_is_asked_for_again_unless_it_is_cancelled),
        AGENT_TEST(machine_without_its_place_in_the_cluster_is_not_rebooted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
