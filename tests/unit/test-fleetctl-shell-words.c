#include "fleetctl/remote/shell-words.h"
#include "tests/unit/cmocka-test.h"

static void assert_joined(const char *const *words, const char *expected) {
    _cleanup_free_ char *line = shell_words_join((char *const *) words);
    assert_string_equal(line, expected);
}

static void plain_words_stay_readable(void **state) {
    assert_joined((const char *[]){"journalctl", "--unit", "web@1.service", NULL},
                  "journalctl --unit web@1.service");
}

static void words_for_which_a_shell_has_other_plans_are_quoted(void **state) {
    assert_joined((const char *[]){"a b", "$(x)", "a\\x2db", "*", "~", "", "#", NULL},
                  "'a b' '$(x)' 'a\\x2db' '*' '~' '' '#'");
    assert_joined((const char *[]){"it's", NULL}, "'it'\\''s'");
}

static void assert_option(const char *path, const char *expected) {
    _cleanup_free_ char *option = ssh_file_option("File", path);
    assert_string_equal(option, expected);
}

static void file_is_read_by_ssh_as_it_is(void **state) {
    assert_option("/a/b", "File=/a/b");
    assert_option("~/b", "File=~/b"); /* ssh knows that, too */
    assert_option("a b", "File=\"a b\"");
    assert_option("50%", "File=50%%");
    assert_option("a\"b\\c", "File=\"a\\\"b\\\\c\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_words_stay_readable),
        cmocka_unit_test(words_for_which_a_shell_has_other_plans_are_quoted),
        cmocka_unit_test(file_is_read_by_ssh_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
