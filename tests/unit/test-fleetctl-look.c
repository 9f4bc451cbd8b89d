#include "fleetctl/print/look.h"
#include "fleetctl/print/unit-tone.h"
#include "tests/unit/cmocka-test.h"

static void terminal_gets_marks_and_colours(void **state) {
    Look look = look_choose(&(LookFacts){.is_terminal = true, .term = "xterm"});
    assert_true(look.is_for_people);
    assert_true(look.has_color);
}

static void pipe_gets_neither(void **state) {
    Look look = look_choose(&(LookFacts){.term = "xterm"});
    assert_false(look.is_for_people);
    assert_false(look.has_color);
}

static void no_color_and_dumb_terminals_are_respected(void **state) {
    const LookFacts cases[] = {
        {.is_terminal = true, .term = "xterm", .no_color = "1"},
        {.is_terminal = true, .term = "dumb"},
        {.is_terminal = true},
        {.is_terminal = true, .term = "xterm", .is_forbidden = true},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        Look look = look_choose(&cases[i]);
        assert_true(look.is_for_people);
        assert_false(look.has_color);
    }
}

/* https://no-color.org: "when present and not an empty string" */
static void empty_no_color_means_nothing(void **state) {
    LookFacts facts = {.is_terminal = true, .term = "xterm", .no_color = ""};
    assert_true(look_choose(&facts).has_color);
}

static void forced_colours_go_anywhere(void **state) {
    Look look = look_choose(&(LookFacts){.is_forced = true, .no_color = "1", .term = "dumb"});
    assert_true(look.is_for_people);
    assert_true(look.has_color);
}

static void marks_differ_also_without_colours(void **state) {
    const Look looks[] = {{.is_for_people = true}, {.is_for_people = true, .has_utf8 = true}};
    for (size_t i = 0; i < ELEMENTSOF(looks); i++) {
        assert_string_not_equal(look_mark(&looks[i], TONE_GOOD), look_mark(&looks[i], TONE_BAD));
        assert_string_not_equal(look_mark(&looks[i], TONE_GOOD), look_mark(&looks[i], TONE_IDLE));
        assert_string_equal(look_color(&looks[i], TONE_BAD), "");
        assert_string_equal(look_color_end(&looks[i], TONE_BAD), "");
    }
}

static void tone_of_a_unit_is_that_of_its_active_state(void **state) {
    assert_int_equal(unit_tone("active"), TONE_GOOD);
    assert_int_equal(unit_tone("failed"), TONE_BAD);
    assert_int_equal(unit_tone("activating"), TONE_BUSY);
    assert_int_equal(unit_tone("inactive"), TONE_IDLE);
    assert_int_equal(unit_tone(""), TONE_IDLE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terminal_gets_marks_and_colours),
        cmocka_unit_test(pipe_gets_neither),
        cmocka_unit_test(no_color_and_dumb_terminals_are_respected),
        cmocka_unit_test(empty_no_color_means_nothing),
        cmocka_unit_test(forced_colours_go_anywhere),
        cmocka_unit_test(marks_differ_also_without_colours),
        cmocka_unit_test(tone_of_a_unit_is_that_of_its_active_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
