/* PUT, DELETE and GET of reboots. */
#include "fleetd/base/strv.h"
#include "tests/unit/api-fixture.h"

#define KEY "reboot/" M1

static char *stored(ApiFixture *fixture) {
    return store_sync_get(&fixture->sync, KEY);
}

static void assert_stored(ApiFixture *fixture, const char *text) {
    _cleanup_free_ char *value = stored(fixture);
    if (!value || !strstr(value, text))
        fail_msg("%s is not in %s", text, value ? value : "nothing");
}

static void reboot_is_asked_for_once_and_cancelled(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    assert_answer(fixture, "PUT", "/reboots/" M1, "{}", 204, "");
    assert_stored(fixture, "\"bootID\":\"");
    assert_stored(fixture, "\"phase\":\"waiting\"");
    assert_stored(fixture, "\"maxParallel\":1");
    assert_stored(fixture, "\"timeoutUsec\":600000000");
    assert_answer(fixture, "PUT", "/reboots/" M1, "{}", 409,
                  "a reboot of machine '" M1 "' is under way already");
    assert_answer(fixture, "DELETE", "/reboots/" M1, NULL, 204, "");
    assert_null(stored(fixture));
    assert_answer(fixture, "DELETE", "/reboots/" M1, NULL, 404,
                  "machine '" M1 "' is not to be rebooted");
}

static void what_is_asked_for_is_kept(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    assert_answer(
        fixture, "PUT", "/reboots/" M1,
        "{\"maxParallel\":2,\"deadlineSeconds\":30,\"timeoutSeconds\":60,\"message\":\"kernel\"}",
        204, "");
    assert_stored(fixture, "\"maxParallel\":2");
    assert_stored(fixture, "\"drainUsec\":30000000");
    assert_stored(fixture, "\"timeoutUsec\":60000000");
    assert_stored(fixture, "\"message\":\"kernel\"");
}

static void machine_says_how_far_its_reboot_is(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    assert_int_equal(store_sync_put(&fixture->sync, KEY,
                                    "{\"bootID\":\"b0\",\"phase\":\"failed\",\"sinceUsec\":5000000,"
                                    "\"why\":\"it did not come back in time\"}",
                                    0),
                     0);
    settle(fixture);
    static const char reboot[] =
        "{\"machineID\":\"" M1 "\",\"phase\":\"failed\",\"bootID\":\"b0\",\"since\":5,"
        "\"phaseSince\":0,\"maxParallel\":1,\"message\":null,"
        "\"why\":\"it did not come back in time\"}";
    _cleanup_exchange_ RecordedExchange *list = api_call(fixture, "GET", "/reboots", NULL);
    _cleanup_free_ char *expected = str_printf("{\"reboots\":[%s]}", reboot);
    assert_json(list->text, expected);
    _cleanup_exchange_ RecordedExchange *machines = api_call(fixture, "GET", "/machines", NULL);
    assert_non_null(strstr(machines->text, reboot));
}

/* M2 comes first; the record of the one behind says nothing. */
static void each_that_waits_says_whom_it_waits_for(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    seed_machine(fixture, M2, "");
    seed(fixture, KEY, "{\"bootID\":\"b0\",\"phase\":\"waiting\",\"sinceUsec\":7000000}");
    seed(fixture, "reboot/" M2, "{\"bootID\":\"b0\",\"phase\":\"waiting\",\"sinceUsec\":6000000}");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *queue = api_call(fixture, "GET", "/reboots", NULL);
    assert_non_null(strstr(queue->text, "\"why\":\"machine " M2 " comes first\""));
    assert_non_null(strstr(queue->text, "\"why\":null"));
    seed(fixture, "reboot/" M2,
         "{\"bootID\":\"b0\",\"phase\":\"waiting\",\"sinceUsec\":6000000,\"why\":\"all is "
         "held\"}");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *held = api_call(fixture, "GET", "/status", NULL);
    assert_non_null(strstr(held->text, "\"why\":\"machine " M2 " comes first\""));
    assert_non_null(strstr(held->text, "\"why\":\"all is held\""));
}

static void failed_one_may_be_asked_for_anew(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    assert_int_equal(
        store_sync_put(&fixture->sync, KEY, "{\"bootID\":\"b0\",\"phase\":\"failed\"}", 0), 0);
    assert_answer(fixture, "PUT", "/reboots/" M1, "{}", 204, "");
    assert_stored(fixture, "\"phase\":\"waiting\"");
}

static void unreadable_one_must_be_cancelled_first(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    assert_int_equal(store_sync_put(&fixture->sync, KEY, "\xff\xfe", 0), 0);
    assert_answer(fixture, "PUT", "/reboots/" M1, "{}", 409,
                  "a reboot of machine '" M1 "' is under way already");
    assert_answer(fixture, "DELETE", "/reboots/" M1, NULL, 204, "");
    assert_answer(fixture, "PUT", "/reboots/" M1, "{}", 204, "");
}

static void nonsense_is_refused(void **state) {
    static const struct {
        const char *path, *body;
        unsigned status;
        const char *message;
    } cases[] = {
        {"/reboots/" M2, "{}", 404, "machine '" M2 "' is not in the cluster"},
        {"/reboots/M1", "{}", 400, "'M1' is not a machine id (32 lower-case hexadecimal digits)"},
        {"/reboots/" M1, "[]", 400, "the body of the request is not a JSON object"},
        {"/reboots/" M1, "{\"maxParallel\":0}", 400, "maxParallel is not between 1 and 10000"},
        {"/reboots/" M1, "{\"timeoutSeconds\":0}", 400,
         "timeoutSeconds is not between 1 and 315360000"},
        {"/reboots/" M1, "{\"deadlineSeconds\":-1}", 400,
         "deadlineSeconds is not between 1 and 315360000"},
        {"/reboots/" M1, "{\"message\":\"a\\nb\"}", 400, "a message is one line of text"},
    };
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_answer(fixture, "PUT", cases[i].path, cases[i].body, cases[i].status,
                      cases[i].message);
    assert_null(stored(fixture));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(reboot_is_asked_for_once_and_cancelled),
        API_TEST(what_is_asked_for_is_kept),
        API_TEST(machine_says_how_far_its_reboot_is),
        API_TEST(each_that_waits_says_whom_it_waits_for),
        API_TEST(failed_one_may_be_asked_for_anew),
        API_TEST(unreadable_one_must_be_cancelled_first),
        API_TEST(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
