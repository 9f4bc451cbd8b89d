#include "fleetctl/print/disarm.h"
#include "tests/unit/cmocka-test.h"

static void assert_disarmed(const char *text, const char *expected) {
    char copy[64];
    assert_true(strlen(text) < sizeof(copy));
    strcpy(copy, text);
    text_disarm(copy, '?', "\n");
    assert_string_equal(copy, expected);
}

static void text_of_any_language_stays(void **state) {
    assert_disarmed("", "");
    assert_disarmed("plain ~", "plain ~");
    assert_disarmed("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0",
                    "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0");
}

static void what_steers_a_terminal_goes(void **state) {
    assert_disarmed("\033[31mred\033[0m", "?[31mred?[0m");
    assert_disarmed("\033]0;title\007", "?]0;title?");
    assert_disarmed("over\rwritten\b\x7f", "over?written??");
    assert_disarmed("\xc2\x9b"
                    "31m\xc2\x85",
                    "??31m??"); /* as characters of Unicode */
    assert_disarmed("\x9b"
                    "31m\x9d",
                    "?31m?"); /* as bytes */
    assert_disarmed("\xe2\x82", "??");
}

static void what_is_kept_stays(void **state) {
    assert_disarmed("a\nb\tc", "a\nb?c");
}

static void assert_json_printed(const char *json, const char *expected) {
    char printed[128] = "";
    FILE *file = fmemopen(printed, sizeof(printed), "w");
    json_print_disarmed(json, file);
    fclose(file);
    assert_string_equal(printed, expected);
}

static void json_of_any_language_is_printed_as_it_is(void **state) {
    assert_json_printed("", "");
    assert_json_printed("[\n\t\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xc2\xa0\\u001b\"\n]",
                        "[\n\t\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xc2\xa0\\u001b\"\n]");
}

static void control_characters_in_json_are_escaped(void **state) {
    assert_json_printed("\"\xc2\x80|\xc2\x9b"
                        "31m\xc2\x9f\"",
                        "\"\\u0080|\\u009b31m\\u009f\"");
    assert_json_printed("\"\x7f\"", "\"\\u007f\"");
}

static void bytes_in_json_that_are_no_characters_do_not_pass(void **state) {
    assert_json_printed("\"\x9b\xc1\x9b\xe2\x82\"", "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"");
    assert_json_printed("\xc2", "\\ufffd");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_any_language_stays),
        cmocka_unit_test(what_steers_a_terminal_goes),
        cmocka_unit_test(what_is_kept_stays),
        cmocka_unit_test(json_of_any_language_is_printed_as_it_is),
        cmocka_unit_test(control_characters_in_json_are_escaped),
        cmocka_unit_test(bytes_in_json_that_are_no_characters_do_not_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
