#include "fleetd/systemd/bus-private.h"
#include "tests/unit/cmocka-test.h"

#define USER 995

static void assert_describes(const char *error_name, const char *member, uid_t uid,
                             const char *expected) {
    sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(error_name, "No.");
    _cleanup_free_ char *text = bus_denied_describe(&error, member, uid);
    if (expected)
        assert_string_equal(text, expected);
    else
        assert_null(text);
}

static void refusal_names_the_method_the_user_and_what_polkit_must_allow(void **state) {
    assert_describes(SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, "LinkUnitFiles", USER,
                     "No. (LinkUnitFiles): fleetd runs as user id 995, and polkit does not allow "
                     "it org.freedesktop.systemd1.manage-unit-files; see fleetd(8), "
                     "\"RUNNING AS USER FLEET\"");
    assert_describes(SD_BUS_ERROR_ACCESS_DENIED, "Reload", USER,
                     "No. (Reload): fleetd runs as user id 995, and polkit does not allow it "
                     "org.freedesktop.systemd1.reload-daemon; see fleetd(8), "
                     "\"RUNNING AS USER FLEET\"");
}

static void root_is_refused_for_other_reasons(void **state) {
    assert_describes(SD_BUS_ERROR_ACCESS_DENIED, "StartUnit", 0, NULL);
}

static void other_errors_and_methods_speak_for_themselves(void **state) {
    assert_describes("org.freedesktop.systemd1.NoSuchUnit", "StartUnit", USER, NULL);
    assert_describes(SD_BUS_ERROR_ACCESS_DENIED, "ListUnitsByNames", USER, NULL);
    assert_describes(SD_BUS_ERROR_ACCESS_DENIED, NULL, USER, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusal_names_the_method_the_user_and_what_polkit_must_allow),
        cmocka_unit_test(root_is_refused_for_other_reasons),
        cmocka_unit_test(other_errors_and_methods_speak_for_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
