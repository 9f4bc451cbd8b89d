#include "fleetctl/units/machine-select.h"
#include "fleetctl/units/unit-suggest.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

static ApiUnit items[] = {
    {.name = "hello.socket"}, {.name = "hello.service"}, {.name = "web@1.service"},
    {.name = "backup.timer"}, {.name = "db.service"},    {.name = "monitoring-agent.service"},
};
static const ApiUnits all = {.items = items, .n = ELEMENTSOF(items)};

static const char *suggest(const char *typed) {
    return unit_suggest(&all, typed);
}

static void mistyped_name_has_its_neighbour(void **state) {
    assert_string_equal(suggest("helo.service"), "hello.service");
    assert_string_equal(suggest("helo"), "hello.service");
    assert_string_equal(suggest("monitorin-agnt"), "monitoring-agent.service");
}

static void same_type_is_preferred_and_another_one_will_do(void **state) {
    assert_string_equal(suggest("helo.socket"), "hello.socket");
    assert_string_equal(suggest("backup.service"), "backup.timer");
}

static void types_alone_make_no_names_alike(void **state) {
    assert_null(suggest("xyz.service"));
    assert_null(suggest(""));
}

static void no_units_no_suggestion(void **state) {
    assert_null(unit_suggest(&(ApiUnits){}, "hello"));
}

/* words: with spaces between. */
static void assert_suggestions(const char *words, const char *expected) {
    _cleanup_(strv_freep) char **unknown = NULL;
    assert_int_equal(strv_split(words, " ", &unknown), 0);
    _cleanup_free_ char *suggestions = unit_suggestions(&all, unknown);
    if (expected)
        assert_string_equal(suggestions, expected);
    else
        assert_null(suggestions);
}

static void some_names_have_a_few_suggestions_each_once(void **state) {
    assert_suggestions("helo xyz hello.servise backups.timer helo*",
                       "'hello.service', 'backup.timer'");
    assert_suggestions("helo backups.timer dbs web@2",
                       "'hello.service', 'backup.timer', 'db.service'");
    assert_suggestions("xyz", NULL);
    assert_suggestions("", NULL);
}

static ApiMachine machine_example(void) {
    return (ApiMachine){.id = "113f16a7c4d84c1d8a1a2b3c4d5e6f70", .address = "10.0.0.1"};
}

static void machine_is_meant_by_id_address_or_label(void **state) {
    const char *const names[] = {"113f16a7c4d84c1d8a1a2b3c4d5e6f70",
                                 "113F",
                                 "1",
                                 "113f16a7...",
                                 "113f16a7.../10.0.0.1",
                                 "10.0.0.1",
                                 "10.0.0.*",
                                 "*6f70"};
    ApiMachine machine = machine_example();
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        assert_true(machine_is_meant(&machine, names[i]));
}

static void machine_is_not_meant_by_anything_else(void **state) {
    const char *const names[] = {"", "...", "10.0.0", "213f", "113f16a8...", "disk=ssd", "6f70"};
    ApiMachine machine = machine_example();
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        assert_false(machine_is_meant(&machine, names[i]));
}

static void machine_is_meant_by_its_metadata(void **state) {
    ApiMachine machine = machine_example();
    machine.metadata = json_object_new_object();
    assert_int_equal(json_add_string(machine.metadata, "disk", "ssd"), 0);
    assert_true(machine_is_meant(&machine, "disk=ssd"));
    assert_true(machine_is_meant(&machine, "disk=s*"));
    assert_false(machine_is_meant(&machine, "disk=hdd"));
    assert_false(machine_is_meant(&machine, "dis=ssd"));
    json_object_put(machine.metadata);
}

static void mistyped_machine_has_its_neighbour(void **state) {
    ApiMachine machine = machine_example();
    assert_string_equal(machine_suggest(&machine, 1, "10.0.0..1"), "10.0.0.1");
    assert_null(machine_suggest(&machine, 1, "10.0.0.11")); /* another machine's */
    assert_null(machine_suggest(&machine, 1, "elsewhere"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistyped_name_has_its_neighbour),
        cmocka_unit_test(same_type_is_preferred_and_another_one_will_do),
        cmocka_unit_test(types_alone_make_no_names_alike),
        cmocka_unit_test(some_names_have_a_few_suggestions_each_once),
        cmocka_unit_test(no_units_no_suggestion),
        cmocka_unit_test(machine_is_meant_by_id_address_or_label),
        cmocka_unit_test(machine_is_not_meant_by_anything_else),
        cmocka_unit_test(machine_is_meant_by_its_metadata),
        cmocka_unit_test(mistyped_machine_has_its_neighbour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
