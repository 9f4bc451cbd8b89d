#include "fleetd/model/machine.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define ID "0123456789abcdef0123456789abcdef"

static void machine_id_is_32_lower_case_hexadecimal_digits(void **state) {
    static const char *const bad[] = {"", "0123456789abcdef0123456789abcde", ID "0",
                                      "0123456789ABCDEF0123456789ABCDEF",
                                      "0123456789abcdef0123456789abcdeg"};
    assert_int_equal(machine_id_check(ID, NULL), 0);
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        _cleanup_error_ Error error = {};
        assert_int_equal(machine_id_check(bad[i], &error), -EINVAL);
        assert_non_null(strstr(error.message, "is not a machine id"));
    }
}

static void machine_status_has_a_name_both_ways(void **state) {
    for (MachineStatus s = 0; s < _MACHINE_STATUS_MAX; s++)
        assert_int_equal(machine_status_from_string(machine_status_to_string(s)), s);
    assert_int_equal(machine_status_from_string("gone"), _MACHINE_STATUS_INVALID);
}

static void machine_comes_back_from_its_json(void **state) {
    Machine machine = {
        .boot_id = (char *) "b",
        .address = (char *) "10.0.0.1",
        .version = (char *) "0.1.0",
        .status = MACHINE_STATUS_RESTARTING,
        .cores = 2,
        .memory_bytes = 8589934592,
    };
    assert_int_equal(metadata_parse("region=eu,disk=ssd", &machine.metadata, NULL), 0);
    _cleanup_free_ char *text = machine_format(&machine);
    assert_string_equal(text, "{\"bootID\":\"b\",\"address\":\"10.0.0.1\",\"version\":\"0.1.0\","
                              "\"status\":\"restarting\","
                              "\"metadata\":{\"disk\":\"ssd\",\"region\":\"eu\"},"
                              "\"cores\":2,\"memory\":8589934592}");

    _cleanup_(machine_freep) Machine *copy = NULL;
    assert_int_equal(machine_parse(ID, text, strlen(text), &copy, NULL), 0);
    assert_string_equal(copy->id, ID);
    assert_string_equal(copy->boot_id, "b");
    assert_string_equal(copy->address, "10.0.0.1");
    assert_string_equal(copy->version, "0.1.0");
    assert_int_equal(copy->status, MACHINE_STATUS_RESTARTING);
    assert_int_equal(copy->cores, 2);
    assert_int_equal(copy->memory_bytes, 8589934592);
    assert_true(metadata_equal(&copy->metadata, &machine.metadata));
    metadata_done(&machine.metadata);
}

static void copy_of_a_machine_is_independent(void **state) {
    static const char text[] = "{\"bootID\":\"b\",\"status\":\"left\",\"metadata\":{\"k\":\"v\"}}";
    Machine *machine = NULL;
    _cleanup_(machine_freep) Machine *copy = NULL;
    assert_int_equal(machine_parse(ID, text, strlen(text), &machine, NULL), 0);
    assert_int_equal(machine_copy(machine, &copy), 0);
    machine_free(machine);
    assert_string_equal(copy->id, ID);
    assert_string_equal(copy->boot_id, "b");
    assert_int_equal(copy->status, MACHINE_STATUS_LEFT);
    assert_string_equal(metadata_get(&copy->metadata, "k"), "v");
}

static void machine_of_an_older_version_has_defaults(void **state) {
    static const char text[] = "{\"bootID\":\"b\",\"zone\":7}";
    _cleanup_(machine_freep) Machine *machine = NULL;
    assert_int_equal(machine_parse(ID, text, strlen(text), &machine, NULL), 0);
    assert_int_equal(machine->status, MACHINE_STATUS_RUNNING);
    assert_null(machine->address);
    assert_int_equal(machine->metadata.n_pairs, 0);
    assert_int_equal(machine->cores, 0);
}

static void bad_machine_is_refused_with_its_field(void **state) {
    static const char *const cases[][2] = {
        {"{}", "field 'bootID' is missing"},
        {"{\"bootID\":\"b\",\"status\":\"gone\"}", "field 'status' has an unknown value 'gone'"},
        {"{\"bootID\":\"b\",\"cores\":-1}", "field 'cores' is negative"},
        {"{\"bootID\":\"b\",\"memory\":true}", "field 'memory' is not a whole number"},
        {"{\"bootID\":\"b\",\"metadata\":[]}", "field 'metadata' is array, not object"},
        {"{\"bootID\":\"b\",\"metadata\":{\"k\":1}}",
         "field 'metadata': field 'k' is int, not string"},
        {"{\"bootID\":\"b\",\"metadata\":{\"k\":null}}", "field 'metadata': field 'k' is missing"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        Machine *machine = NULL;
        _cleanup_error_ Error error = {};
        assert_int_equal(machine_parse(ID, cases[i][0], strlen(cases[i][0]), &machine, &error),
                         -EBADMSG);
        assert_null(machine);
        assert_string_equal(error.message, cases[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machine_id_is_32_lower_case_hexadecimal_digits),
        cmocka_unit_test(machine_status_has_a_name_both_ways),
        cmocka_unit_test(machine_comes_back_from_its_json),
        cmocka_unit_test(copy_of_a_machine_is_independent),
        cmocka_unit_test(machine_of_an_older_version_has_defaults),
        cmocka_unit_test(bad_machine_is_refused_with_its_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
