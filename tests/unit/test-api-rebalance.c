/* PUT, DELETE and GET of rebalance. */
#include "fleetd/base/strv.h"
#include "tests/unit/api-fixture.h"

#define KEY "rebalance"
#define MOVING \
    "{\"sinceUsec\":5000000,\"maxMoves\":2,\"phase\":\"moving\",\"moves\":[{\"unit\":\"a." \
    "service\"," \
    "\"from\":\"" M1 "\",\"to\":\"" M2 \
    "\",\"phase\":\"moved\"},{\"unit\":\"b.service\",\"from\":\"" M1 "\",\"to\":\"" M2 \
    "\",\"phase\":\"dropped\",\"why\":\"it is not to run any more\"}]}"

static void assert_stored(ApiFixture *fixture, const char *text) {
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, KEY);
    if (!value || !strstr(value, text))
        fail_msg("%s is not in %s", text, value ? value : "nothing");
}

static void it_is_asked_for_replaced_and_cancelled(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "PUT", "/rebalance", "{}", 204, "");
    assert_stored(fixture, "\"phase\":\"wanted\"");
    assert_answer(fixture, "PUT", "/rebalance", "{\"maxMoves\":3}", 204, "");
    assert_stored(fixture, "\"maxMoves\":3");
    assert_answer(fixture, "DELETE", "/rebalance", NULL, 204, "");
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, KEY);
    assert_null(value);
    assert_answer(fixture, "DELETE", "/rebalance", NULL, 404, "no rebalance is under way");
}

static void dry_run_ends_none_that_is_under_way(void **state) {
    ApiFixture *fixture = *state;
    seed(fixture, KEY, MOVING);
    assert_answer(fixture, "PUT", "/rebalance", "{\"dryRun\":true}", 409,
                  "a rebalance is under way");
    seed(fixture, KEY, "{\"sinceUsec\":5000000,\"phase\":\"wanted\"}");
    assert_answer(fixture, "PUT", "/rebalance", "{\"dryRun\":true}", 409,
                  "a rebalance is under way");
    seed(fixture, KEY, "{\"sinceUsec\":5000000,\"dryRun\":true,\"phase\":\"wanted\"}");
    assert_answer(fixture, "PUT", "/rebalance", "{\"dryRun\":true,\"maxMoves\":7}", 204, "");
    assert_stored(fixture, "\"maxMoves\":7");
    seed(fixture, KEY, "{\"sinceUsec\":5000000,\"phase\":\"done\"}");
    assert_answer(fixture, "PUT", "/rebalance", "{\"dryRun\":true}", 204, "");
    assert_stored(fixture, "\"dryRun\":true");
}

static void what_cannot_be_read_is_replaced(void **state) {
    ApiFixture *fixture = *state;
    seed(fixture, KEY, "\xff\xfe");
    assert_answer(fixture, "GET", "/rebalance", NULL, 200, "{\"underWay\":false}");
    assert_answer(fixture, "PUT", "/rebalance", "{}", 204, "");
    assert_stored(fixture, "\"phase\":\"wanted\"");
}

static void it_is_shown_alone_and_at_a_glance(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "GET", "/rebalance", NULL, 200, "{\"underWay\":false}");
    seed(fixture, KEY, MOVING);
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *one = api_call(fixture, "GET", "/rebalance", NULL);
    assert_json(one->text, "{\"underWay\":true,\"id\":5000000,\"since\":5,\"phase\":\"moving\","
                           "\"dryRun\":false,\"maxMoves\":2,\"why\":null,\"moves\":[{\"unit\":"
                           "\"a.service\",\"from\":\"" M1 "\",\"to\":\"" M2
                           "\",\"phase\":\"moved\",\"why\":null},{\"unit\":\"b.service\",\"from\":"
                           "\"" M1 "\",\"to\":\"" M2 "\",\"phase\":\"dropped\",\"why\":"
                           "\"it is not to run any more\"}]}");
    _cleanup_exchange_ RecordedExchange *status = api_call(fixture, "GET", "/status", NULL);
    assert_non_null(strstr(status->text, "\"rebalance\":{\"id\":5000000,\"since\":5,"
                                         "\"phase\":\"moving\",\"dryRun\":false,\"maxMoves\":2,"
                                         "\"why\":null,\"moved\":1,\"moves\":2}"));
}

static void stream_tells_of_it(void **state) {
    ApiFixture *fixture = *state;
    seed(fixture, KEY, MOVING);
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *stream = api_start(fixture, "GET", "/events", NULL);
    settle(fixture);
    const char *synced = strstr(stream->text, "\"synced\"");
    const char *told = strstr(stream->text, "\"type\":\"rebalance\"");
    assert_non_null(synced);
    assert_non_null(told);
    assert_true(told < synced);
    seed_delete(fixture, KEY);
    settle(fixture);
    assert_non_null(strstr(stream->text, "{\"underWay\":false,\"type\":\"rebalance\"}"));
}

static void nonsense_is_refused(void **state) {
    static const struct {
        const char *body, *message;
    } cases[] = {
        {"[]", "the body of the request is not a JSON object"},
        {"{\"maxMoves\":0}", "maxMoves is not between 1 and 1000000"},
        {"{\"maxMoves\":-1}", "maxMoves is not between 1 and 1000000"},
    };
    ApiFixture *fixture = *state;
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_answer(fixture, "PUT", "/rebalance", cases[i].body, 400, cases[i].message);
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, KEY);
    assert_null(value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(it_is_asked_for_replaced_and_cancelled),
        API_TEST(dry_run_ends_none_that_is_under_way),
        API_TEST(what_cannot_be_read_is_replaced),
        API_TEST(it_is_shown_alone_and_at_a_glance),
        API_TEST(stream_tells_of_it),
        API_TEST(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
