/* GET of status: the cluster at a glance; and what units reserve on machines. */
#include "fleetd/api/census.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "tests/unit/api-fixture.h"

#define TEXT "[Service]\nExecStart=/bin/true\n"
#define GLOBAL_TEXT TEXT "[X-Fleet]\nGlobal=true\n"
#define LARGE_TEXT TEXT "MemoryMax=1G\nCPUQuota=50%\n"
#define M3 "33333333333333333333333333333333"

static json_object *get_object(ApiFixture *fixture, const char *target) {
    _cleanup_exchange_ RecordedExchange *get = api_call(fixture, "GET", target, NULL);
    json_object *object = NULL;
    assert_int_equal(get->status, 200);
    assert_int_equal(json_parse(get->text, strlen(get->text), &object, NULL), 0);
    return object;
}

/* The value at a path like "units/up" or "waiting/0/count", as JSON. */
static void assert_status(ApiFixture *fixture, const char *path, const char *expected) {
    _cleanup_json_ json_object *status = get_object(fixture, "/status");
    _cleanup_(strv_freep) char **pieces = NULL;
    json_object *field = status;
    assert_int_equal(strv_split(path, "/", &pieces), 0);
    STRV_FOREACH (piece, pieces)
        field = json_object_is_type(field, json_type_array)
                    ? json_object_array_get_idx(field, strtoul(*piece, NULL, 10))
                    : json_object_object_get(field, *piece);
    assert_string_equal(field ? json_object_to_json_string_ext(
                                    field, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
                              : "(none)",
                        expected);
}

static void seed_placed(ApiFixture *fixture, const char *name, const char *text,
                        const char *state) {
    int64_t n = seed_unit(fixture, name, text, LAUNCH_STATE_LAUNCHED);
    seed_order(fixture, M1, name, LAUNCH_STATE_LAUNCHED, n);
    _cleanup_free_ char *key = key_state(M1, name);
    _cleanup_free_ char *value =
        str_printf("{\"current\":\"launched\",\"unitRevision\":%lld,%s}", (long long) n, state);
    seed(fixture, key, value);
}

static void empty_cluster_has_nothing(void **state) {
    ApiFixture *fixture = *state;
    assert_status(fixture, "machines", "{\"running\":0,\"restarting\":0,\"missing\":[]}");
    assert_status(fixture, "units/known", "0");
    assert_status(fixture, "leader", "(none)");
    assert_status(fixture, "store", "{\"kind\":\"embedded\",\"servers\":[],\"latencyUsec\":0}");
    assert_status(fixture, "failover", "{\"held\":false}");
    assert_status(fixture, "waiting", "[]");
    assert_status(fixture, "troubles", "[]");
    assert_status(fixture, "unreadable", "{\"count\":0,\"keys\":[]}");
}

#define HASH "0123456789012345678901234567890123456789"

static void seed_rollout(ApiFixture *fixture, const char *name, const char *phase) {
    _cleanup_free_ char *deployment = key_deployment(name), *rollout = key_rollout(name);
    _cleanup_free_ char *value =
        str_printf("{\"deploymentUsec\":5000000,\"phase\":\"%s\",\"why\":\"its turn\",\"units\":["
                   "{\"name\":\"w@1.service\",\"before\":\"" HASH "\",\"phase\":\"done\"},"
                   "{\"name\":\"w@2.service\",\"before\":\"" HASH "\",\"phase\":\"waiting\"},"
                   "{\"name\":\"w@.service\",\"before\":\"" HASH "\",\"phase\":\"waiting\"}]}",
                   phase);
    seed(fixture, deployment, "{\"hash\":\"" HASH "\",\"sinceUsec\":5000000}");
    seed(fixture, rollout, value);
    settle(fixture);
}

static void deployments_that_are_not_over_are_told(void **state) {
    ApiFixture *fixture = *state;
    assert_status(fixture, "rollouts", "[]");
    seed_rollout(fixture, "v@.service", "done");
    seed_rollout(fixture, "w@.service", "updating");
    seed_rollout(fixture, "x@.service", "rolled-back");
    assert_status(
        fixture, "rollouts",
        "[{\"name\":\"w@.service\",\"restart\":false,\"phase\":\"updating\",\"since\":5,\"done\":1,"
        "\"units\":2,\"why\":\"its turn\",\"message\":null}]");
}

static void deployment_tells_what_the_unit_waits_for_that_has_its_turn(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_free_ char *deployment = key_deployment("w.service");
    _cleanup_free_ char *rollout = key_rollout("w.service");
    seed(fixture, deployment, "{\"hash\":\"" HASH "\",\"sinceUsec\":5000000}");
    seed(fixture, rollout,
         "{\"deploymentUsec\":5000000,\"phase\":\"updating\",\"units\":[{\"name\":\"w.service\","
         "\"before\":\"" HASH "\",\"phase\":\"updating\",\"why\":\"0 of 1 machines fit\"}]}");
    settle(fixture);
    assert_status(fixture, "rollouts/0/why", "\"w.service: 0 of 1 machines fit\"");
}

static void machines_are_counted_and_the_missing_ones_named(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    seed_machine(fixture, M2, "");
    int64_t n = seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    seed_order(fixture, M3, "a.service", LAUNCH_STATE_LAUNCHED, n);
    seed(fixture, "leader", "{\"machineID\":\"" M2 "\"}");
    assert_status(fixture, "machines/running", "2");
    assert_status(fixture, "machines/missing", "[\"" M3 "\"]");
    assert_status(fixture, "leader/machineID", "\"" M2 "\"");
    seed_delete(fixture, "leader");
    settle(fixture);
    assert_status(fixture, "leader", "(none)");
}

static void units_are_counted_by_how_they_are(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    seed_placed(fixture, "up.service", TEXT, "\"active\":\"active\",\"job\":\"done\"");
    seed_placed(fixture, "done.service", TEXT,
                "\"active\":\"inactive\",\"result\":\"success\",\"job\":\"done\"");
    seed_placed(fixture, "starting.service", TEXT, "\"active\":\"activating\",\"job\":\"running\"");
    seed_placed(fixture, "failed.service", TEXT,
                "\"active\":\"failed\",\"result\":\"exit-code\",\"job\":\"done\"");
    seed_placed(fixture, "refused.service", TEXT,
                "\"active\":\"inactive\",\"job\":\"error\",\"message\":\"no such thing\"");
    seed_placed(fixture, "ill.service", TEXT,
                "\"active\":\"active\",\"job\":\"done\",\"health\":\"unhealthy\","
                "\"healthMessage\":\"status 500\"");
    seed_placed(fixture, "stopping.service", TEXT, "\"active\":\"deactivating\",\"job\":\"done\"");
    int64_t n = seed_unit(fixture, "away.service", TEXT, LAUNCH_STATE_LAUNCHED);
    seed_order(fixture, M3, "away.service", LAUNCH_STATE_LAUNCHED, n);
    seed_unit(fixture, "idle.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed_unit(fixture, "loaded.service", TEXT, LAUNCH_STATE_LOADED);
    seed_unit(fixture, "nowhere.service", GLOBAL_TEXT, LAUNCH_STATE_LAUNCHED);
    seed_unit(fixture, "undecided.service", TEXT, LAUNCH_STATE_LAUNCHED);
    assert_status(fixture, "units",
                  "{\"known\":12,\"failed\":2,\"unhealthy\":1,\"vanished\":1,\"starting\":2,"
                  "\"stopping\":1,\"up\":3,"
                  "\"waiting\":0,\"loaded\":1,\"inactive\":1}");
    assert_status(fixture, "troubles/0/unit", "\"failed.service\"");
    assert_status(fixture, "troubles/0/why", "\"exit-code\"");
    assert_status(fixture, "troubles/0/machineID", "\"" M1 "\"");
    assert_status(fixture, "troubles/1/condition", "\"unhealthy\"");
    assert_status(fixture, "troubles/1/why", "\"status 500\"");
    assert_status(fixture, "troubles/2/why", "\"no such thing\"");
    assert_status(fixture, "troubles/3", "(none)");
}

static void troubles_that_are_not_named_are_counted(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    for (int i = 0; i < CENSUS_TROUBLES_MAX + 3; i++) {
        _cleanup_free_ char *name = str_printf("failed@%02d.service", i);
        seed_placed(fixture, name, TEXT, "\"active\":\"failed\",\"job\":\"done\"");
    }
    assert_status(fixture, "troubles/19/unit", "\"failed@19.service\"");
    assert_status(fixture, "troubles/20", "(none)");
    assert_status(fixture, "moreTroubles", "3");
}

/* A job that failed for an earlier request says nothing of this one. */
static void failure_of_an_earlier_request_is_none_now(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    int64_t n = seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    seed_order(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, n);
    seed(
        fixture, "state/" M1 "/a.service",
        "{\"current\":\"launched\",\"unitRevision\":1,\"active\":\"inactive\",\"job\":\"failed\"}");
    assert_status(fixture, "units/failed", "0");
    assert_status(fixture, "units/starting", "1");
}

static void seed_waiting(ApiFixture *fixture, const char *name, const char *why) {
    int64_t n = seed_unit(fixture, name, TEXT, LAUNCH_STATE_LAUNCHED);
    _cleanup_free_ char *key = key_pending(name);
    _cleanup_free_ char *value =
        str_printf("{\"summary\":\"%s\",\"unitRevision\":%lld}", why, (long long) n);
    seed(fixture, key, value);
}

static void units_that_wait_are_counted_by_reason(void **state) {
    ApiFixture *fixture = *state;
    seed_waiting(fixture, "z.service", "no disk");
    const char *const names[] = {"d.service", "c.service", "b.service", "a.service"};
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        seed_waiting(fixture, names[i], "no room");
    assert_status(fixture, "units/waiting", "5");
    assert_status(
        fixture, "waiting",
        "[{\"reason\":\"no room\",\"count\":4,\"units\":[\"a.service\",\"b.service\","
        "\"c.service\"]},{\"reason\":\"no disk\",\"count\":1,\"units\":[\"z.service\"]}]");
}

static void what_cannot_be_read_is_named_as_far_as_there_is_room(void **state) {
    ApiFixture *fixture = *state;
    for (char name[] = "unit/a.service"; name[5] <= 'g'; name[5]++)
        seed(fixture, name, "garbage");
    assert_status(fixture, "unreadable/count", "7");
    assert_status(fixture, "unreadable/keys/4", "\"unit/e.service\"");
    assert_status(fixture, "unreadable/keys/5", "(none)");
}

static void drains_reboots_and_the_brake_are_told(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    seed_placed(fixture, "a.service", TEXT, "\"active\":\"active\"");
    seed(fixture, "maintenance/" M1, "{\"drain\":true,\"sinceUsec\":1000000,\"message\":\"disk\"}");
    seed(fixture, "brake",
         "{\"sinceUsec\":1000000,\"untilUsec\":2000000,\"lost\":2,\"all\":3,"
         "\"machines\":[\"" M2 "\"]}");
    assert_status(fixture, "maintenance/0/remaining", "1");
    assert_status(fixture, "maintenance/0/message", "\"disk\"");
    assert_status(fixture, "failover/held", "true");
    assert_status(fixture, "failover/machines", "[\"" M2 "\"]");
    assert_status(fixture, "reboots", "[]");
}

static void assert_reservations(ApiFixture *fixture, const char *expected) {
    _cleanup_json_ json_object *page = get_object(fixture, "/machines");
    json_object *machine = json_object_array_get_idx(json_object_object_get(page, "machines"), 0);
    json_object *reservations = json_object_object_get(machine, "reservations");
    assert_string_equal(json_object_to_json_string_ext(
                            reservations, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
                        expected);
}

static void machines_say_what_units_reserve_there(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    assert_reservations(fixture, "{\"memory\":0,\"cpu\":0,\"memoryCapacity\":8589934592,"
                                 "\"cpuCapacity\":2000}");
    seed_placed(fixture, "a.service", LARGE_TEXT, "\"active\":\"active\"");
    seed_placed(fixture, "b.service", LARGE_TEXT, "\"active\":\"active\"");
    seed_placed(fixture, "c.service", TEXT, "\"active\":\"active\"");
    seed_order(fixture, M1, "b.service", LAUNCH_STATE_INACTIVE, 1); /* until it has stopped */
    assert_reservations(fixture,
                        "{\"memory\":2147483648,\"cpu\":1000,\"memoryCapacity\":8589934592,"
                        "\"cpuCapacity\":2000}");
    seed_delete(fixture, "schedule/" M1 "/b.service");
    settle(fixture);
    assert_reservations(fixture, "{\"memory\":1073741824,\"cpu\":500,\"memoryCapacity\":8589934592,"
                                 "\"cpuCapacity\":2000}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(empty_cluster_has_nothing),
        API_TEST(deployments_that_are_not_over_are_told),
        API_TEST(deployment_tells_what_the_unit_waits_for_that_has_its_turn),
        API_TEST(machines_are_counted_and_the_missing_ones_named),
        API_TEST(units_are_counted_by_how_they_are),
        API_TEST(troubles_that_are_not_named_are_counted),
        API_TEST(failure_of_an_earlier_request_is_none_now),
        API_TEST(units_that_wait_are_counted_by_reason),
        API_TEST(what_cannot_be_read_is_named_as_far_as_there_is_room),
        API_TEST(drains_reboots_and_the_brake_are_told),
        API_TEST(machines_say_what_units_reserve_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
