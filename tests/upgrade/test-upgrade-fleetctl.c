/* Today's fleetctl and the answers of earlier fleetds. */
#include "fleetctl/api/api-objects.h"
#include "tests/unit/cmocka-test.h"
#include "tests/upgrade/stored.h"

static void for_each_item(const char *folder, const char *name, const char *list,
                          void (*test)(json_object *item)) {
    _cleanup_json_ json_object *answer = stored_read_json(folder, name);
    json_object *items = NULL;
    assert_int_equal(json_get_array(answer, list, &items, NULL), 1);
    assert_true(json_object_array_length(items) > 0);
    for (size_t i = 0; i < json_object_array_length(items); i++)
        test(json_object_array_get_idx(items, i));
}

static void unit_is_read(json_object *item) {
    ApiUnit unit;
    assert_int_equal(api_unit_read(item, &unit, NULL), 0);
    assert_true(*unit.name && strlen(unit.hash) == 40);
}

static void state_is_read(json_object *item) {
    ApiState state;
    assert_int_equal(api_state_read(item, &state, NULL), 0);
    assert_true(*state.name && strlen(state.machine_id) == 32);
}

static void machine_is_read(json_object *item) {
    ApiMachine machine;
    assert_int_equal(api_machine_read(item, &machine, NULL), 0);
    assert_int_equal(strlen(machine.id), 32);
}

static void orphan_is_read(json_object *item) {
    ApiOrphan orphan;
    assert_int_equal(api_orphan_read(item, &orphan, NULL), 0);
    assert_true(*orphan.name && strlen(orphan.machine_id) == 32);
}

static void answers_are_read(const char *folder) {
    for_each_item(folder, "api/units.json", "units", unit_is_read);
    for_each_item(folder, "api/state.json", "states", state_is_read);
    for_each_item(folder, "api/machines.json", "machines", machine_is_read);
    for_each_item(folder, "api/orphans.json", "orphans", orphan_is_read);
}

static void answers_of_earlier_fleetds_are_read(void **state) {
    stored_for_each_version(answers_are_read);
}

static void events_are_read(const char *folder) {
    _cleanup_json_ json_object *lines = stored_read_json_lines(folder, "api/events.jsonl");
    assert_true(json_object_array_length(lines) > 2);
    for (size_t i = 0; i < json_object_array_length(lines); i++) {
        ApiEvent event;
        _cleanup_error_ Error error = {};
        if (api_event_read(json_object_array_get_idx(lines, i), &event, &error) < 0)
            fail_msg("%s: line %zu: %s", folder, i + 1, error_text(&error, 0));
    }
}

static void events_of_earlier_fleetds_are_read(void **state) {
    stored_for_each_version(events_are_read);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_earlier_fleetds_are_read),
        cmocka_unit_test(events_of_earlier_fleetds_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
