/* Which versions writes of units leave, and GET of them. */
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-version.h"
#include "tests/unit/api-fixture.h"

#define A "/units/a.service"

static void put(ApiFixture *fixture, int number, unsigned status) {
    _cleanup_free_ char *body = str_printf(
        "{\"desiredState\":\"loaded\",\"text\":\"[Service]\\nExecStart=/bin/echo %d\\n\"}", number);
    assert_answer(fixture, "PUT", A, body, status, "");
    settle(fixture);
}

static void state(ApiFixture *fixture, const char *desired) {
    _cleanup_free_ char *body = str_printf("{\"desiredState\":\"%s\"}", desired);
    assert_answer(fixture, "PUT", A, body, 204, "");
    settle(fixture);
}

static int64_t unit_version(ApiFixture *fixture) {
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, "unit/a.service");
    _cleanup_(unit_freep) Unit *unit = NULL;
    assert_int_equal(unit_parse("a.service", value, strlen(value), &unit, NULL), 0);
    return unit->version;
}

static bool has_version(ApiFixture *fixture, int64_t number) {
    _cleanup_free_ char *key = key_version("a.service", number);
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, key);
    return value != NULL;
}

static void each_other_file_is_a_version(void **state_) {
    ApiFixture *fixture = *state_;
    put(fixture, 1, 201);
    assert_int_equal(unit_version(fixture), 1);
    put(fixture, 2, 204);
    put(fixture, 2, 204); /* the same */
    state(fixture, "launched");
    assert_int_equal(unit_version(fixture), 2);
    put(fixture, 1, 204); /* a former one is a new one */
    assert_int_equal(unit_version(fixture), 3);
    _cleanup_free_ char *key = key_version("a.service", 3);
    _cleanup_free_ char *value = store_sync_get(&fixture->sync, key);
    assert_non_null(strstr(value, "\"timeUsec\":"));
}

static void last_ten_are_kept(void **state_) {
    ApiFixture *fixture = *state_;
    for (int i = 1; i <= UNIT_VERSIONS_KEPT + 2; i++)
        put(fixture, i, i == 1 ? 201 : 204);
    assert_int_equal(unit_version(fixture), UNIT_VERSIONS_KEPT + 2);
    assert_false(has_version(fixture, 2));
    for (int i = 3; i <= UNIT_VERSIONS_KEPT + 2; i++)
        assert_true(has_version(fixture, i));
}

static void destroying_a_unit_destroys_its_versions_and_no_others(void **state_) {
    ApiFixture *fixture = *state_;
    put(fixture, 1, 201);
    put(fixture, 2, 204);
    seed(fixture, "version/a.service.service/1", "{}");
    assert_answer(fixture, "DELETE", A, NULL, 204, "");
    _cleanup_free_ char *dump = store_dump(fixture);
    assert_null(strstr(dump, "version/a.service/"));
    assert_non_null(strstr(dump, "version/a.service.service/1"));
    put(fixture, 3, 201);
    assert_int_equal(unit_version(fixture), 1);
}

/* It was stored by an earlier version of fleet. */
static void former_file_of_a_unit_without_versions_is_its_first(void **state_) {
    ApiFixture *fixture = *state_;
    seed_unit(fixture, "a.service", "[Service]\nExecStart=/bin/true\n", LAUNCH_STATE_LOADED);
    _cleanup_exchange_ RecordedExchange *before = api_call(fixture, "GET", A, NULL);
    assert_null(strstr(before->text, "\"version\""));
    put(fixture, 2, 204);
    assert_int_equal(unit_version(fixture), 2);
    _cleanup_exchange_ RecordedExchange *list =
        api_call(fixture, "GET", "/versions/a.service?text=true", NULL);
    assert_non_null(strstr(list->text, "\"version\":1"));
    assert_non_null(strstr(list->text, "/bin/true"));
    _cleanup_exchange_ RecordedExchange *after = api_call(fixture, "GET", A, NULL);
    assert_non_null(strstr(after->text, "\"version\":2"));
}

/* So its number is not known either. */
static void numbers_go_on_where_the_unit_cannot_be_read(void **state_) {
    ApiFixture *fixture = *state_;
    put(fixture, 1, 201);
    put(fixture, 2, 204);
    seed(fixture, "unit/a.service", "garbage");
    put(fixture, 3, 204);
    assert_int_equal(unit_version(fixture), 3);
    seed(fixture, "unit/a.service", "{\"hash\":7}");
    put(fixture, 3, 204);
    assert_int_equal(unit_version(fixture), 4);
}

static void version_that_cannot_be_read_is_left_out_and_its_number_is_taken(void **state_) {
    ApiFixture *fixture = *state_;
    put(fixture, 1, 201);
    put(fixture, 2, 204);
    seed(fixture, "version/a.service/2", "garbage");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *list =
        api_call(fixture, "GET", "/versions/a.service", NULL);
    assert_null(strstr(list->text, "\"version\":2"));
    put(fixture, 3, 204);
    assert_int_equal(unit_version(fixture), 3);
}

static void list_is_in_order_and_of_this_life_of_the_unit(void **state_) {
    ApiFixture *fixture = *state_;
    for (int i = 1; i <= UNIT_VERSIONS_KEPT; i++)
        put(fixture, i, i == 1 ? 201 : 204);
    seed(fixture, "version/a.service/11",
         "{\"hash\":\"da39a3ee5e6b4b0d3255bfef95601890afd80709\"}");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *list =
        api_call(fixture, "GET", "/versions/a.service", NULL);
    assert_null(strstr(list->text, "\"version\":11"));
    assert_null(strstr(list->text, "\"text\""));
    assert_true(strstr(list->text, "\"version\":9") < strstr(list->text, "\"version\":10"));
    assert_answer(fixture, "GET", "/versions/b.service", NULL, 404,
                  "unit 'b.service' does not exist");
}

/* Both decide on what they saw before either had written. */
static void writers_at_once_take_different_numbers(void **state_) {
    ApiFixture *fixture = *state_;
    put(fixture, 1, 201);
    RecordedExchange *both[2];
    for (int i = 0; i < 2; i++) {
        _cleanup_free_ char *body = str_printf(
            "{\"desiredState\":\"loaded\",\"text\":\"[Service]\\nExecStart=/bin/echo x%d\\n\"}", i);
        both[i] = api_start(fixture, "PUT", A, body);
    }
    for (int i = 0; i < 2; i++) {
        api_await(fixture, both[i]);
        assert_int_equal(both[i]->status, 204);
        recorded_exchange_free(both[i]);
    }
    assert_int_equal(unit_version(fixture), 3);
    assert_true(has_version(fixture, 2) && has_version(fixture, 3));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(each_other_file_is_a_version),
        API_TEST(last_ten_are_kept),
        API_TEST(destroying_a_unit_destroys_its_versions_and_no_others),
        API_TEST(former_file_of_a_unit_without_versions_is_its_first),
        API_TEST(numbers_go_on_where_the_unit_cannot_be_read),
        API_TEST(version_that_cannot_be_read_is_left_out_and_its_number_is_taken),
        API_TEST(list_is_in_order_and_of_this_life_of_the_unit),
        API_TEST(writers_at_once_take_different_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
