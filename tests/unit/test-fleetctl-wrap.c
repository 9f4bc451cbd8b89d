#include "fleetctl/print/message.h"
#include "fleetctl/print/wrap.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#include <unistd.h>

/* What say_wrapped() prints goes to a file for a moment. */
static void assert_wrapped(size_t width, size_t hang, const char *text, const char *expected) {
    char path[] = "/tmp/test-wrap-XXXXXX", printed[512] = "";
    int file = mkstemp(path), out = dup(STDOUT_FILENO);
    assert_true(file >= 0 && out >= 0);
    fflush(stdout);
    dup2(file, STDOUT_FILENO);
    say_wrapped(width, hang, text);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    assert_true(pread(file, printed, sizeof(printed) - 1, 0) >= 0);
    close(file);
    close(out);
    unlink(path);
    assert_string_equal(printed, expected);
}

static void lines_are_broken_between_words(void **state) {
    assert_wrapped(12, 4, "  A one two three", "  A one two\n    three\n");
    assert_wrapped(11, 4, "  A one two three", "  A one two\n    three\n");
    assert_wrapped(10, 4, "  A one two three", "  A one\n    two\n    three\n");
}

static void what_has_room_stays_in_its_line(void **state) {
    assert_wrapped(40, 2, "  one two", "  one two\n");
    assert_wrapped(9, 2, "  one two", "  one two\n");
    assert_wrapped(40, 2, "  ", "  \n");
}

static void without_a_terminal_nothing_is_broken(void **state) {
    assert_wrapped(0, 4, "  A one two three four five six", "  A one two three four five six\n");
    assert_int_equal(wrap_width(&(Look){}), 0);
}

static void a_word_that_is_too_long_has_a_line_of_its_own(void **state) {
    assert_wrapped(10, 2, "  a incomprehensible b", "  a\n  incomprehensible\n  b\n");
}

static void characters_of_several_bytes_take_one_cell(void **state) {
    assert_wrapped(9, 2, "  öäü ßéñ", "  öäü ßéñ\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_broken_between_words),
        cmocka_unit_test(what_has_room_stays_in_its_line),
        cmocka_unit_test(without_a_terminal_nothing_is_broken),
        cmocka_unit_test(a_word_that_is_too_long_has_a_line_of_its_own),
        cmocka_unit_test(characters_of_several_bytes_take_one_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
