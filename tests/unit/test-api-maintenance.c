/* PUT, DELETE and GET of maintenance. */
#include "fleetd/base/strv.h"
#include "tests/unit/api-fixture.h"

#define UNIT "[Service]\nExecStart=/bin/true\n"

static char *stored(ApiFixture *fixture) {
    return store_sync_get(&fixture->sync, "maintenance/" M1);
}

static void machine_is_cordoned_until_that_is_taken_back(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    assert_answer(fixture, "PUT", "/maintenance/" M1, "{\"message\":\"a disk\"}", 204, "");
    _cleanup_free_ char *value = stored(fixture);
    assert_non_null(strstr(value, "\"message\":\"a disk\""));
    assert_null(strstr(value, "drain"));
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *list = api_call(fixture, "GET", "/machines", NULL);
    assert_non_null(strstr(list->text, "\"drain\":false"));
    assert_answer(fixture, "DELETE", "/maintenance/" M1, NULL, 204, "");
    assert_null(stored(fixture));
    assert_answer(fixture, "DELETE", "/maintenance/" M1, NULL, 404,
                  "machine '" M1 "' is not cordoned");
}

static void drain_tells_what_has_yet_to_leave(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    int64_t revision = seed_unit(fixture, "a.service", UNIT, LAUNCH_STATE_LAUNCHED);
    seed_order(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, revision);
    revision =
        seed_unit(fixture, "g.service", UNIT "[X-Fleet]\nGlobal=true\n", LAUNCH_STATE_LAUNCHED);
    seed_order(fixture, M1, "g.service", LAUNCH_STATE_LAUNCHED, revision);
    assert_answer(fixture, "PUT", "/maintenance/" M1, "{\"drain\":true}", 204, "");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *both = api_call(fixture, "GET", "/maintenance", NULL);
    assert_non_null(strstr(both->text, "\"remaining\":2"));
    assert_non_null(strstr(both->text, "\"why\":null"));
    assert_answer(fixture, "PUT", "/maintenance/" M1,
                  "{\"drain\":true,\"ignoreGlobal\":true,\"deadlineSeconds\":60}", 204, "");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *one = api_call(fixture, "GET", "/maintenance", NULL);
    assert_non_null(strstr(one->text, "\"remaining\":1"));
    assert_non_null(strstr(one->text, "\"deadline\":"));
}

static void drain_tells_what_cannot_leave(void **state) {
    static const char order[] = "{\"hash\":\"0123456789abcdef0123456789abcdef01234567\","
                                "\"desired\":\"launched\",\"unitRevision\":1,"
                                "\"reason\":\"fits" ORDER_STAYS "no room\"}";
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    seed_unit(fixture, "b.service", UNIT, LAUNCH_STATE_LAUNCHED);
    seed_unit(fixture, "a.service", UNIT, LAUNCH_STATE_LAUNCHED);
    seed(fixture, "schedule/" M1 "/b.service", order);
    seed(fixture, "schedule/" M1 "/a.service", order);
    assert_answer(fixture, "PUT", "/maintenance/" M1, "{\"drain\":true}", 204, "");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *list = api_call(fixture, "GET", "/maintenance", NULL);
    assert_non_null(strstr(list->text, "\"why\":\"a.service: no room; and 1 more\""));
}

static void machine_that_is_away_may_be_cordoned(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "PUT", "/maintenance/" M2, "{}", 204, "");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *machines = api_call(fixture, "GET", "/machines", NULL);
    assert_json(machines->text, "{\"machines\":[]}");
    _cleanup_exchange_ RecordedExchange *list = api_call(fixture, "GET", "/maintenance", NULL);
    assert_non_null(strstr(list->text, M2));
}

static void nonsense_is_refused(void **state) {
    static const char *const cases[][3] = {
        {"/maintenance/M1", "{}", "'M1' is not a machine id (32 lower-case hexadecimal digits)"},
        {"/maintenance/" M1, "[]", "the body of the request is not a JSON object"},
        {"/maintenance/" M1, "{\"drain\":1}", "field 'drain' is int, not boolean"},
        {"/maintenance/" M1, "{\"ignoreGlobal\":true}", "ignoreGlobal is for a drain"},
        {"/maintenance/" M1, "{\"deadlineSeconds\":5}", "deadlineSeconds is for a drain"},
        {"/maintenance/" M1, "{\"drain\":true,\"deadlineSeconds\":-1}",
         "deadlineSeconds is not between 0 and 315360000"},
        {"/maintenance/" M1, "{\"message\":\"a\\nb\"}", "a message is one line of text"},
    };
    ApiFixture *fixture = *state;
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_answer(fixture, "PUT", cases[i][0], cases[i][1], 400, cases[i][2]);
    assert_null(stored(fixture));
}

static void on_set(_unused_ int r, _unused_ const StoreTxnResult *result, _unused_ void *userdata) {
}

static void drain_first(GatedStore *gated, void *userdata) {
    unsigned *n_left = userdata;
    const StoreWrite write = {
        .kind = STORE_PUT, .key = "maintenance/" M1, .value = "{\"drain\":true}"};
    if (*n_left > 0 && (*n_left)-- > 0)
        store_txn(gated->inner, &(StoreTxn){.writes = &write, .n_writes = 1}, on_set, NULL, NULL);
}

/* Else one that arrives late, when its sender has given up, would undo what was acknowledged
 * meanwhile. */
static void cordon_that_others_overtake_starts_over(void **state) {
    ApiFixture *fixture = *state;
    unsigned n_left = 3;
    fixture->gated->before_txn = drain_first;
    fixture->gated->userdata = &n_left;
    assert_answer(fixture, "PUT", "/maintenance/" M1, "{}", 204, "");
    assert_int_equal(n_left, 0);
    assert_int_equal(fixture->gated->counts[GATE_TXN], 4);
    n_left = 1000;
    assert_answer(fixture, "PUT", "/maintenance/" M1, "{}", 503,
                  "what is wanted of machine '" M1
                  "' is being changed by others all the time; nothing was changed");
    _cleanup_free_ char *value = stored(fixture);
    assert_non_null(strstr(value, "drain"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(machine_is_cordoned_until_that_is_taken_back),
        API_TEST(drain_tells_what_has_yet_to_leave),
        API_TEST(drain_tells_what_cannot_leave),
        API_TEST(machine_that_is_away_may_be_cordoned),
        API_TEST(nonsense_is_refused),
        API_TEST(cordon_that_others_overtake_starts_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
