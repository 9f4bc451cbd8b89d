/* GET of placements: where a unit was, and where it is. */
#include "fleetd/model/keys.h"
#include "fleetd/model/past-placement.h"
#include "tests/unit/api-fixture.h"

#include <errno.h>

#define TEXT "[Service]\nExecStart=/bin/true\n"
#define A "a.service"
#define HASH "0123456789012345678901234567890123456789"

static void seed_past(ApiFixture *fixture, int64_t number, const char *machine_id) {
    const PastPlacement past = {.number = number,
                                .machine_id = (char *) machine_id,
                                .hash = (char *) HASH,
                                .version = 2,
                                .since_usec = 5 * USEC_PER_SEC,
                                .until_usec = 7 * USEC_PER_SEC,
                                .why = (char *) "machine is gone"};
    _cleanup_free_ char *key = key_past(A, past_placement_slot(number)),
                        *value = past_placement_format(&past);
    seed(fixture, key, value);
}

static void seed_present(ApiFixture *fixture, int64_t n_before, const char *machine_id) {
    const Order order = {.hash = (char *) HASH,
                         .desired = LAUNCH_STATE_LAUNCHED,
                         .unit_revision = 1,
                         .reason = (char *) "fewest units",
                         .since_usec = 8 * USEC_PER_SEC,
                         .n_before = n_before};
    _cleanup_free_ char *key = key_schedule(machine_id, A), *value = order_format(&order);
    seed(fixture, key, value);
}

#define PAST(number, id) \
    "{\"number\":" #number ",\"machineID\":\"" id "\",\"hash\":\"" HASH \
    "\",\"version\":2,\"since\":5,\"until\":7,\"ended\":\"machine is gone\"}"
#define PRESENT(number, id) \
    "{\"number\":" #number ",\"machineID\":\"" id "\",\"hash\":\"" HASH \
    "\",\"since\":8,\"reason\":\"fewest units\"}"

static void assert_placements(ApiFixture *fixture, const char *expected) {
    settle(fixture);
    assert_answer(fixture, "GET", "/placements/" A, NULL, 200, expected);
}

static void unit_that_was_nowhere_has_none(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "GET", "/placements/" A, NULL, 404, "unit 'a.service' does not exist");
    seed_unit(fixture, A, TEXT, LAUNCH_STATE_LAUNCHED);
    assert_placements(fixture, "{\"placements\":[]}");
}

static void past_comes_first_and_in_its_order(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, A, TEXT, LAUNCH_STATE_LAUNCHED);
    seed_past(fixture, 11, M2); /* in the first slot */
    seed_past(fixture, 10, M1);
    seed_present(fixture, 11, M1);
    assert_placements(fixture,
                      "{\"placements\":[" PAST(10, M1) "," PAST(11, M2) "," PRESENT(12, M1) "]}");
}

static void unit_that_waits_or_is_unloaded_has_its_past(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, A, TEXT, LAUNCH_STATE_LAUNCHED);
    seed_past(fixture, 1, M1);
    assert_placements(fixture, "{\"placements\":[" PAST(1, M1) "]}");
    seed(fixture, "pending/" A, "{\"summary\":\"no room\",\"before\":1}");
    assert_placements(fixture, "{\"placements\":[" PAST(1, M1) "]}");
}

/* A unit of that name was destroyed by somebody who did not know of this. */
static void past_of_another_life_is_not_shown(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, A, TEXT, LAUNCH_STATE_LAUNCHED);
    seed_past(fixture, 1, M2);
    seed_past(fixture, 2, M2);
    seed_present(fixture, 1, M1);
    assert_placements(fixture, "{\"placements\":[" PAST(1, M2) "," PRESENT(2, M1) "]}");
}

static void what_cannot_be_read_is_left_out(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, A, TEXT, LAUNCH_STATE_LAUNCHED);
    seed(fixture, "was/" A "/3", "garbage");
    seed_past(fixture, 1, M1);
    assert_placements(fixture, "{\"placements\":[" PAST(1, M1) "]}");
}

static void destroying_a_unit_destroys_its_past_and_no_others(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, A, TEXT, LAUNCH_STATE_INACTIVE);
    seed_past(fixture, 1, M1);
    seed(fixture, "was/" A ".service/1", "{}");
    assert_answer(fixture, "DELETE", "/units/" A, NULL, 204, "");
    _cleanup_free_ char *dump = store_dump(fixture);
    assert_null(strstr(dump, "was/" A "/"));
    assert_non_null(strstr(dump, "was/" A ".service/1"));
}

static void silent_store_is_told(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, A, TEXT, LAUNCH_STATE_INACTIVE);
    _cleanup_exchange_ RecordedExchange *before = api_call(fixture, "GET", "/units/" A, NULL);
    assert_int_equal(before->status, 200); /* its view is there */
    fixture->gated->gates[GATE_RANGE] = -ECONNREFUSED;
    _cleanup_exchange_ RecordedExchange *get = api_call(fixture, "GET", "/placements/" A, NULL);
    assert_int_equal(get->status, 503);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(unit_that_was_nowhere_has_none),
        API_TEST(past_comes_first_and_in_its_order),
        API_TEST(unit_that_waits_or_is_unloaded_has_its_past),
        API_TEST(past_of_another_life_is_not_shown),
        API_TEST(what_cannot_be_read_is_left_out),
        API_TEST(destroying_a_unit_destroys_its_past_and_no_others),
        API_TEST(silent_store_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
