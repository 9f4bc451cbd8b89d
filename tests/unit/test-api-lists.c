/* GET of units, states and machines. */
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "tests/unit/api-fixture.h"

#include <errno.h>

#define TEXT "[Service]\nExecStart=/bin/true\n"
#define GLOBAL_TEXT "[Service]\nExecStart=/bin/true\n[X-Fleet]\nGlobal=true\n"
#define A "a.service"

static json_object *get_object(ApiFixture *fixture, const char *target) {
    _cleanup_exchange_ RecordedExchange *get = api_call(fixture, "GET", target, NULL);
    json_object *object = NULL;
    assert_int_equal(get->status, 200);
    assert_int_equal(json_parse(get->text, strlen(get->text), &object, NULL), 0);
    return object;
}

static void assert_fields(ApiFixture *fixture, const char *target, const char *current,
                          const char *machine_id, const char *reason) {
    _cleanup_json_ json_object *object = get_object(fixture, target);
    const char *text = NULL;
    json_get_string(object, "currentState", &text, NULL);
    assert_string_equal(text, current);
    text = NULL;
    json_get_string(object, "machineID", &text, NULL);
    assert_string_equal(str_or(text, "(none)"), str_or(machine_id, "(none)"));
    text = NULL;
    json_get_string(object, "reason", &text, NULL);
    assert_string_equal(str_or(text, "(none)"), str_or(reason, "(none)"));
}

static void unit_is_where_its_order_is_and_as_the_report_says(void **state) {
    ApiFixture *fixture = *state;
    int64_t n = seed_unit(fixture, A, TEXT, LAUNCH_STATE_LAUNCHED);
    assert_fields(fixture, "/units/" A, "inactive", NULL, NULL);
    seed_order(fixture, M1, A, LAUNCH_STATE_LAUNCHED, n);
    settle(fixture);
    assert_fields(fixture, "/units/" A, "inactive", M1, "fewest units");
    seed_state(fixture, M1, A, LAUNCH_STATE_LAUNCHED, n);
    settle(fixture);
    assert_fields(fixture, "/units/" A, "launched", M1, "fewest units");
    seed_order(fixture, M1, A, LAUNCH_STATE_INACTIVE, n); /* withdrawn, but not yet stopped */
    settle(fixture);
    assert_fields(fixture, "/units/" A, "launched", M1, "fewest units");
    seed_state(fixture, M1, A, LAUNCH_STATE_INACTIVE, n);
    settle(fixture);
    assert_fields(fixture, "/units/" A, "inactive", NULL, NULL);
}

static void global_unit_is_on_no_machine_and_as_low_as_its_lowest(void **state) {
    ApiFixture *fixture = *state;
    int64_t n = seed_unit(fixture, A, GLOBAL_TEXT, LAUNCH_STATE_LAUNCHED);
    seed_order(fixture, M1, A, LAUNCH_STATE_LAUNCHED, n);
    seed_order(fixture, M2, A, LAUNCH_STATE_LAUNCHED, n);
    seed_state(fixture, M1, A, LAUNCH_STATE_LAUNCHED, n);
    seed_state(fixture, M2, A, LAUNCH_STATE_LOADED, n);
    assert_fields(fixture, "/units/" A, "loaded", NULL, NULL);
    seed_state(fixture, M2, A, LAUNCH_STATE_LAUNCHED, n);
    settle(fixture);
    assert_fields(fixture, "/units/" A, "launched", NULL, NULL);
    _cleanup_json_ json_object *object = get_object(fixture, "/units/" A);
    bool is_global = false;
    assert_int_equal(json_get_bool(object, "global", &is_global, NULL), 1);
    assert_true(is_global);
}

static void seed_pending(ApiFixture *fixture, int64_t unit_revision) {
    PendingReason reason = {.machine_id = (char *) M1, .reason = (char *) "too small"};
    const Pending pending = {
        .name = (char *) A,
        .summary = (char *) "0 of 1 machines fit: too small",
        .reasons = &reason,
        .n_reasons = 1,
        .unit_revision = unit_revision,
    };
    _cleanup_free_ char *value = pending_format(&pending);
    seed(fixture, "pending/" A, value);
    settle(fixture);
}

static void unit_that_fits_nowhere_says_why_for_its_latest_request_only(void **state) {
    ApiFixture *fixture = *state;
    int64_t n = seed_unit(fixture, A, TEXT, LAUNCH_STATE_LAUNCHED);
    seed_pending(fixture, n - 1);
    json_object *pending = NULL;
    _cleanup_json_ json_object *before = get_object(fixture, "/units/" A);
    assert_int_equal(json_get_object(before, "pending", &pending, NULL), 0);
    seed_pending(fixture, n);
    _cleanup_json_ json_object *after = get_object(fixture, "/units/" A);
    assert_int_equal(json_get_object(after, "pending", &pending, NULL), 1);
    _cleanup_free_ char *text = json_format(pending);
    assert_json(text,
                "{\"summary\":\"0 of 1 machines fit: too small\",\"machines\":[{\"machineID\":"
                "\"" M1 "\",\"reason\":\"too small\"}]}");
}

static void assert_header_names_the_next_page(ApiFixture *fixture, const char *target,
                                              const char *next) {
    _cleanup_exchange_ RecordedExchange *recorded = api_call(fixture, "GET", target, NULL);
    assert_true(streq_ptr(map_get(recorded->headers, "X-Fleet-Next-Page"), next));
}

/* The names in the pages, from first to last, with "|" between pages. */
static char *pages_walk(ApiFixture *fixture, const char *target, const char *list,
                        const char *field) {
    char *walk = strdup("");
    _cleanup_free_ char *token = strdup("");
    for (int pages = 0; token && pages < 10; pages++) {
        _cleanup_free_ char *page_target =
            str_printf("%s%snextPageToken=%s", target, strchr(target, '?') ? "&" : "?", token);
        _cleanup_json_ json_object *object = get_object(fixture, page_target);
        json_object *array = NULL;
        assert_int_equal(json_get_array(object, list, &array, NULL), 1);
        for (size_t i = 0; i < json_object_array_length(array); i++) {
            const char *name = NULL;
            json_get_string(json_object_array_get_idx(array, i), field, &name, NULL);
            char *longer = str_printf("%s%s ", walk, name);
            free(walk);
            walk = longer;
        }
        const char *next = NULL;
        json_get_string(object, "nextPageToken", &next, NULL);
        assert_header_names_the_next_page(fixture, page_target, next);
        free(token);
        token = next ? strdup(next) : NULL;
        char *longer = str_printf("%s|", walk);
        free(walk);
        walk = longer;
    }
    return walk;
}

static void units_come_sorted_page_by_page(void **state) {
    ApiFixture *fixture = *state;
    static const char *const names[] = {"d", "a", "f", "c", "b", "e"};
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        _cleanup_free_ char *name = str_printf("%s.service", names[i]);
        seed_unit(fixture, name, TEXT, LAUNCH_STATE_INACTIVE);
    }
    seed_order(fixture, M1, "bb.service", LAUNCH_STATE_INACTIVE, 1); /* of a destroyed unit */
    _cleanup_free_ char *walk = pages_walk(fixture, "/units", "units", "name");
    assert_string_equal(walk, "a.service b.service c.service |d.service e.service f.service |");
    seed_unit(fixture, "g.service", TEXT, LAUNCH_STATE_INACTIVE);
    settle(fixture);
    _cleanup_free_ char *longer = pages_walk(fixture, "/units", "units", "name");
    assert_string_equal(
        longer, "a.service b.service c.service |d.service e.service f.service |g.service |");
}

static void token_that_was_not_given_is_refused(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "GET", "/units?nextPageToken=m61", NULL, 400,
                  "nextPageToken 'm61' is not one that this list gave");
    assert_answer(fixture, "GET", "/machines?nextPageToken=x", NULL, 400,
                  "nextPageToken 'x' is not one that this list gave");
}

static void states_are_listed_by_unit_and_machine_unless_stopped(void **state) {
    ApiFixture *fixture = *state;
    static const char *const names[] = {"a.service", "b.service", "c.service"};
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        seed_state(fixture, M2, names[i], LAUNCH_STATE_LAUNCHED, 5);
        seed_state(fixture, M1, names[i], LAUNCH_STATE_LOADED, 5);
    }
    seed_state(fixture, M1, "stopped.service", LAUNCH_STATE_INACTIVE, 5);
    _cleanup_free_ char *walk = pages_walk(fixture, "/state", "states", "name");
    assert_string_equal(walk, "a.service a.service b.service |b.service c.service c.service |");
    _cleanup_free_ char *ids = pages_walk(fixture, "/state", "states", "machineID");
    assert_string_equal(ids, M1 " " M2 " " M1 " |" M2 " " M1 " " M2 " |");
    _cleanup_free_ char *of_m2 = pages_walk(fixture, "/state?machineID=" M2, "states", "name");
    assert_string_equal(of_m2, "a.service b.service c.service |");
    _cleanup_free_ char *of_b = pages_walk(fixture, "/state?unitName=b.service", "states", "name");
    assert_string_equal(of_b, "b.service b.service |");
    _cleanup_free_ char *both =
        pages_walk(fixture, "/state?unitName=b.service&machineID=" M1, "states", "machineID");
    assert_string_equal(both, M1 " |");
    _cleanup_free_ char *none = pages_walk(fixture, "/state?unitName=x.service", "states", "name");
    assert_string_equal(none, "|");
}

static void state_has_the_fields_of_the_contract(void **state) {
    ApiFixture *fixture = *state;
    seed_state(fixture, M1, A, LAUNCH_STATE_LAUNCHED, 17);
    assert_answer(fixture, "GET", "/state/" A, NULL, 200,
                  "{\"name\":\"" A "\",\"hash\":\"0123456789012345678901234567890123456789\","
                  "\"machineID\":\"" M1 "\",\"systemdLoadState\":\"loaded\","
                  "\"systemdActiveState\":\"active\",\"systemdSubState\":\"running\","
                  "\"currentState\":\"launched\",\"systemdResult\":\"success\",\"job\":\"done\","
                  "\"message\":null,\"revision\":17}");
    seed_state(fixture, M1, A, LAUNCH_STATE_INACTIVE, 18);
    settle(fixture);
    assert_answer(fixture, "GET", "/state/" A, NULL, 404,
                  "no machine reports a state of unit '" A "'");
}

static void state_has_health_only_where_there_is_a_check(void **state) {
    ApiFixture *fixture = *state;
    const UnitState report = {.current = LAUNCH_STATE_LAUNCHED,
                              .job = JOB_RESULT_DONE,
                              .unit_revision = 3,
                              .health = UNIT_HEALTH_UNHEALTHY,
                              .health_message = (char *) "no answer"};
    _cleanup_free_ char *value = unit_state_format(&report);
    seed(fixture, "state/" M1 "/" A, value);
    assert_answer(fixture, "GET", "/state/" A, NULL, 200,
                  "{\"name\":\"" A "\",\"hash\":null,\"machineID\":\"" M1 "\","
                  "\"systemdLoadState\":null,\"systemdActiveState\":null,"
                  "\"systemdSubState\":null,\"currentState\":\"launched\","
                  "\"systemdResult\":null,\"job\":\"done\",\"message\":null,"
                  "\"health\":\"unhealthy\",\"healthMessage\":\"no answer\",\"revision\":3}");
}

static void failures_are_told_of_the_present_request(void **state) {
    ApiFixture *fixture = *state;
    seed_state(fixture, M1, A, LAUNCH_STATE_LAUNCHED, 17);
    seed(fixture, "failures/" A,
         "{\"unitRevision\":1000,\"machines\":[{\"machineID\":\"" M1
         "\",\"count\":2,\"failedUsec\":5000000,\"nextUsec\":65000000,\"why\":\"failed\"},"
         "{\"machineID\":\"" M2 "\",\"wellSinceUsec\":9000000}]}");
    int64_t revision =
        seed_unit(fixture, A, "[Service]\nExecStart=/bin/true\n", LAUNCH_STATE_LAUNCHED);
    assert_true(revision < 1000);
    _cleanup_json_ json_object *unit = get_object(fixture, "/units/" A);
    assert_json(json_object_get_string(json_object_object_get(unit, "failures")),
                "{\"count\":2,\"nextTry\":65,\"machines\":[{\"machineID\":\"" M1
                "\",\"count\":2,\"time\":5,\"nextTry\":65,\"why\":\"failed\"},{\"machineID\":\"" M2
                "\",\"count\":0,\"wellSince\":9}]}");
    _cleanup_json_ json_object *reported = get_object(fixture, "/state/" A);
    assert_int_equal(json_object_get_int(json_object_object_get(reported, "failureCount")), 2);
    assert_int_equal(json_object_get_int(json_object_object_get(reported, "nextTry")), 65);
    seed(fixture, "failures/" A, "{\"unitRevision\":1,\"machines\":[{\"machineID\":\"" M1 "\"}]}");
    settle(fixture);
    _cleanup_json_ json_object *later = get_object(fixture, "/units/" A);
    assert_null(json_object_object_get(later, "failures"));
}

static void state_of_a_unit_that_moves_is_that_of_its_new_place(void **state) {
    ApiFixture *fixture = *state;
    seed_state(fixture, M1, A, LAUNCH_STATE_LAUNCHED, 17);
    seed_order(fixture, M2, A, LAUNCH_STATE_LAUNCHED, 18);
    seed_state(fixture, M2, A, LAUNCH_STATE_LOADED, 18);
    _cleanup_json_ json_object *object = get_object(fixture, "/state/" A);
    const char *id = NULL;
    json_get_string(object, "machineID", &id, NULL);
    assert_string_equal(id, M2);
}

static void machine_shows_its_metadata_under_what_the_api_set(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "region=eu,disk=ssd");
    assert_answer(fixture, "PATCH", "/machines",
                  "[{\"op\":\"replace\",\"path\":\"/" M1 "/metadata/region\",\"value\":\"us\"},"
                  "{\"op\":\"add\",\"path\":\"/" M1 "/metadata/rack\",\"value\":\"7\"}]",
                  204, "");
    assert_answer(fixture, "GET", "/machines", NULL, 200,
                  "{\"machines\":[{\"id\":\"" M1 "\",\"primaryIP\":\"10.0.0.1\",\"metadata\":"
                  "{\"region\":\"us\",\"disk\":\"ssd\",\"rack\":\"7\"},\"status\":\"running\","
                  "\"version\":\"0.1.0\",\"bootID\":\"b00t\",\"cores\":2,"
                  "\"memory\":8589934592,\"orphans\":0,\"reservations\":{\"memory\":0,"
                  "\"cpu\":0,\"memoryCapacity\":8589934592,\"cpuCapacity\":2000}}]}");
    assert_answer(fixture, "PATCH", "/machines",
                  "[{\"op\":\"remove\",\"path\":\"/" M1 "/metadata/region\"}]", 204, "");
    _cleanup_exchange_ RecordedExchange *get = api_call(fixture, "GET", "/machines", NULL);
    assert_non_null(strstr(get->text, "\"region\":\"eu\""));
    _cleanup_free_ char *dump = store_dump(fixture);
    assert_non_null(strstr(dump, "metadata/" M1 "/rack=7\n"));
}

static void machine_that_is_gone_or_took_its_leave_is_not_listed(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    Machine machine = {.id = (char *) M2,
                       .boot_id = (char *) "b",
                       .address = (char *) "10.0.0.2",
                       .version = (char *) "0.1.0",
                       .status = MACHINE_STATUS_LEFT};
    _cleanup_free_ char *value = machine_format(&machine);
    seed(fixture, "machine/" M2, value);
    _cleanup_free_ char *walk = pages_walk(fixture, "/machines", "machines", "id");
    assert_string_equal(walk, M1 " |");
    seed_delete(fixture, "machine/" M1);
    settle(fixture);
    assert_answer(fixture, "GET", "/machines", NULL, 200, "{\"machines\":[]}");
}

static void seed_orphan(ApiFixture *fixture, const char *id, const char *name, const char *text) {
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text(text, strlen(text), hash), 0);
    Orphan orphan = {.hash = hash,
                     .desired = LAUNCH_STATE_LAUNCHED,
                     .cluster = (char *) "0123456789abcdef0123456789abcdef",
                     .text = (char *) text};
    _cleanup_free_ char *key = key_orphan(id, name), *value = orphan_format(&orphan);
    seed(fixture, key, value);
}

static void orphans_are_listed_and_counted_until_they_go(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    seed_orphan(fixture, M1, A, TEXT);
    seed_orphan(fixture, M2, A, TEXT);
    seed_orphan(fixture, M1, "b.service", TEXT);
    seed_unit(fixture, "b.service", TEXT, LAUNCH_STATE_INACTIVE);
    _cleanup_free_ char *walk = pages_walk(fixture, "/orphans", "orphans", "machineID");
    assert_string_equal(walk, M1 " " M2 " " M1 " |");
    assert_answer(fixture, "GET", "/orphans?unitName=b.service", NULL, 200,
                  "{\"orphans\":[{\"name\":\"b.service\",\"machineID\":\"" M1
                  "\",\"desiredState\":\"launched\","
                  "\"hash\":\"86943ac9f3754cb90f8dd38bf6da7b0cad074592\",\"known\":true,"
                  "\"cluster\":\"0123456789abcdef0123456789abcdef\","
                  "\"text\":\"[Service]\\nExecStart=/bin/true\\n\"}]}");
    _cleanup_exchange_ RecordedExchange *two = api_call(fixture, "GET", "/machines", NULL);
    assert_non_null(strstr(two->text, "\"orphans\":2"));
    _cleanup_free_ char *key = key_orphan(M1, A);
    seed_delete(fixture, key);
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *one = api_call(fixture, "GET", "/machines", NULL);
    assert_non_null(strstr(one->text, "\"orphans\":1"));
}

static void metadata_that_was_set_is_listed_also_of_machines_that_are_away(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "region=eu");
    seed(fixture, "metadata/" M2 "/rack", "7");
    assert_answer(fixture, "GET", "/metadata", NULL, 200,
                  "{\"metadata\":[{\"machineID\":\"" M2 "\",\"metadata\":{\"rack\":\"7\"}}]}");
}

static void units_are_listed_with_their_text_for_who_asks(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, A, TEXT, LAUNCH_STATE_INACTIVE);
    _cleanup_exchange_ RecordedExchange *without = api_call(fixture, "GET", "/units", NULL);
    assert_null(strstr(without->text, "\"text\""));
    _cleanup_exchange_ RecordedExchange *with = api_call(fixture, "GET", "/units?text=true", NULL);
    assert_non_null(strstr(with->text, "\"text\":\"[Service]\\nExecStart=/bin/true\\n\""));
}

static void page_of_huge_units_ends_early(void **state) {
    ApiFixture *fixture = *state;
    enum { N_LINES = 40000 };
    static char text[10 + N_LINES * 4 + 1] = "[Service]\n";
    for (size_t i = 0; i < N_LINES; i++)
        memcpy(text + 10 + 4 * i, "A=b\n", 5);
    static const char *const names[] = {"a.service", "b.service", "c.service"};
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        seed_unit(fixture, names[i], text, LAUNCH_STATE_INACTIVE);
    _cleanup_free_ char *walk = pages_walk(fixture, "/units", "units", "name");
    assert_string_equal(walk, "a.service b.service |c.service |");
}

/* Whoever makes a backup learns what the other lists leave out. */
static void what_cannot_be_read_is_listed_until_it_is_gone(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "good.service", TEXT, LAUNCH_STATE_LAUNCHED);
    seed(fixture, "unit/b.service", "{");
    seed(fixture, "unit/a.service", "[]");
    seed(fixture, "machine/" M1, "garbage");
    seed(fixture, "schedule/" M1 "/a.service", "x");
    _cleanup_free_ char *walk = pages_walk(fixture, "/unreadable", "unreadable", "key");
    assert_string_equal(walk, "machine/" M1 " schedule/" M1 "/a.service unit/a.service |"
                              "unit/b.service |");
    assert_int_equal(store_sync_delete(&fixture->sync, "unit/a.service"), 0);
    seed_unit(fixture, "b.service", TEXT, LAUNCH_STATE_LAUNCHED);
    assert_int_equal(store_sync_delete(&fixture->sync, "schedule/" M1 "/a.service"), 0);
    assert_int_equal(store_sync_delete(&fixture->sync, "machine/" M1), 0);
    assert_answer(fixture, "GET", "/unreadable", NULL, 200, "{\"unreadable\":[]}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(unit_is_where_its_order_is_and_as_the_report_says),
        API_TEST(global_unit_is_on_no_machine_and_as_low_as_its_lowest),
        API_TEST(unit_that_fits_nowhere_says_why_for_its_latest_request_only),
        API_TEST(units_come_sorted_page_by_page),
        API_TEST(token_that_was_not_given_is_refused),
        API_TEST(states_are_listed_by_unit_and_machine_unless_stopped),
        API_TEST(state_has_the_fields_of_the_contract),
        API_TEST(state_has_health_only_where_there_is_a_check),
        API_TEST(failures_are_told_of_the_present_request),
        API_TEST(state_of_a_unit_that_moves_is_that_of_its_new_place),
        API_TEST(machine_shows_its_metadata_under_what_the_api_set),
        API_TEST(machine_that_is_gone_or_took_its_leave_is_not_listed),
        API_TEST(what_cannot_be_read_is_listed_until_it_is_gone),
        API_TEST(orphans_are_listed_and_counted_until_they_go),
        API_TEST(metadata_that_was_set_is_listed_also_of_machines_that_are_away),
        API_TEST(units_are_listed_with_their_text_for_who_asks),
        API_TEST(page_of_huge_units_ends_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
