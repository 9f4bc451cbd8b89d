#include "fleetctl/remote/machine-find.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

static const char machines_text[] =
    "[{\"id\":\"113f16a7c4d84c1d8a1a2b3c4d5e6f70\",\"primaryIP\":\"10.0.0.1\"},"
    "{\"id\":\"113f99ff0a1b4c2d9e8f7a6b5c4d3e2f\",\"primaryIP\":\"10.0.0.11\"},"
    "{\"id\":\"113f\",\"primaryIP\":\"\"}]";

static int setup(void **state) {
    json_object *machines = NULL;
    int r = json_parse(machines_text, strlen(machines_text), &machines, NULL);
    *state = machines;
    return r;
}

static int teardown(void **state) {
    json_object_put(*state);
    return 0;
}

static void assert_found(void **state, const char *word, const char *id) {
    ApiMachine machine;
    assert_int_equal(machine_find(*state, word, &machine, NULL), 1);
    assert_string_equal(machine.id, id);
}

static void machine_is_found_by_its_id_or_the_beginning_of_it(void **state) {
    assert_found(state, "113f16a7c4d84c1d8a1a2b3c4d5e6f70", "113f16a7c4d84c1d8a1a2b3c4d5e6f70");
    assert_found(state, "113f9", "113f99ff0a1b4c2d9e8f7a6b5c4d3e2f");
}

static void machine_is_found_as_lists_name_it(void **state) {
    assert_found(state, "113f16a7...", "113f16a7c4d84c1d8a1a2b3c4d5e6f70");
    assert_found(state, "113f16a7.../10.0.0.1", "113f16a7c4d84c1d8a1a2b3c4d5e6f70");
    assert_found(state, "113f99ff0a1b4c2d9e8f7a6b5c4d3e2f/10.0.0.11",
                 "113f99ff0a1b4c2d9e8f7a6b5c4d3e2f");
}

static void machine_is_found_by_its_whole_address(void **state) {
    assert_found(state, "10.0.0.1", "113f16a7c4d84c1d8a1a2b3c4d5e6f70");
    ApiMachine machine;
    assert_int_equal(machine_find(*state, "10.0.0", &machine, NULL), 0);
}

static void whole_id_wins_over_longer_ones(void **state) {
    assert_found(state, "113f", "113f");
}

static void beginning_of_several_is_refused_with_the_choices(void **state) {
    _cleanup_error_ Error error = {};
    ApiMachine machine;
    assert_int_equal(machine_find(*state, "113", &machine, &error), -EINVAL);
    assert_non_null(strstr(error.message, "113f16a7c4d84c1d8a1a2b3c4d5e6f70, 113f99ff"));
}

static void what_names_none_finds_none(void **state) {
    ApiMachine machine;
    assert_int_equal(machine_find(*state, "114", &machine, NULL), 0);
    assert_int_equal(machine_find(*state, "", &machine, NULL), 0);
    assert_int_equal(machine_find(*state, "...", &machine, NULL), 0);
    assert_int_equal(machine_find(*state, "/", &machine, NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machine_is_found_by_its_id_or_the_beginning_of_it),
        cmocka_unit_test(machine_is_found_as_lists_name_it),
        cmocka_unit_test(machine_is_found_by_its_whole_address),
        cmocka_unit_test(whole_id_wins_over_longer_ones),
        cmocka_unit_test(beginning_of_several_is_refused_with_the_choices),
        cmocka_unit_test(what_names_none_finds_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
