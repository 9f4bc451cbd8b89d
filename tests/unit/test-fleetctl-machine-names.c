#include "fleetctl/api/machine-names.h"
#include "tests/unit/cmocka-test.h"

#define M1 "113f16a7c4d84c1d8a1a2b3c4d5e6f70"
#define M2 "49d6e7ff0a1b4c2d9e8f7a6b5c4d3e2f"

static void assert_shortened(const char *text, const char *expected) {
    _cleanup_free_ char *shortened = machine_ids_shorten(text, false);
    _cleanup_free_ char *full = machine_ids_shorten(text, true);
    assert_string_equal(shortened, expected);
    assert_string_equal(full, text ? text : "");
}

static void ids_in_a_text_are_shortened(void **state) {
    assert_shortened("machine " M1 " comes first", "machine 113f16a7... comes first");
    assert_shortened("on machine " M2 ": it has failed", "on machine 49d6e7ff...: it has failed");
    assert_shortened(M1 ", " M2, "113f16a7..., 49d6e7ff...");
    assert_shortened("(" M1 "/10.0.0.1)", "(113f16a7.../10.0.0.1)");
}

static void all_else_stays_as_it_is(void **state) {
    assert_shortened(NULL, "");
    assert_shortened("", "");
    assert_shortened("  no, machine:  fits ", "  no, machine:  fits ");
    assert_shortened("conflicts with db@" M1 ".service", "conflicts with db@" M1 ".service");
    assert_shortened("conflicts with " M1 ".service", "conflicts with " M1 ".service");
    assert_shortened(M1 "0 is longer", M1 "0 is longer");
    assert_shortened("0123456789ABCDEF0123456789abcdef", "0123456789ABCDEF0123456789abcdef");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_in_a_text_are_shortened),
        cmocka_unit_test(all_else_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
