#include "fleetd/model/unit-file.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

typedef struct OptionCase {
    const char *text;
    const char *expected; /* `section.name='value'@line `... of all options */
} OptionCase;

static char *options_describe(const UnitFile *file) {
    char *text = NULL;
    size_t size, n;
    FILE *stream = open_memstream(&text, &size);
    const UnitOption *options = unit_file_options(file, &n);
    for (size_t i = 0; i < n; i++)
        fprintf(stream, "%s.%s='%s'@%u ", options[i].section, options[i].name, options[i].value,
                options[i].line);
    fclose(stream);
    return text;
}

static UnitFile *file_of(const char *text) {
    UnitFile *file = NULL;
    _cleanup_error_ Error error = {};
    if (unit_file_parse(text, strlen(text), &file, &error) < 0)
        fail_msg("%s: %s", text, error.message);
    return file;
}

static void options_are_read_in_order(void **state) {
    static const OptionCase cases[] = {
        {"", ""},
        {"\n\n  \n\t\n", ""},
        {"# only\n; comments", ""},
        {"[Unit]", ""},
        {"[A]\nx=1\n", "A.x='1'@2 "},
        {"[A]\nx=1", "A.x='1'@2 "},
        {"[A]\nx=1\nx=2\n[B]\n[C]\ny=3\n[A]\nx=4\n", "A.x='1'@2 A.x='2'@3 C.y='3'@6 A.x='4'@8 "},
        {"  [A]  \n \t x \t = \t 1 2 \t \n", "A.x='1 2'@2 "},
        {"[A]\nx=\n", "A.x=''@2 "},
        {"[A]\nx=   \n", "A.x=''@2 "},
        {"[A]\nx=a=b=c\n", "A.x='a=b=c'@2 "},
        {"[A]\nx=1 # no comment ; here\n", "A.x='1 # no comment ; here'@2 "},
        {"[A]\n  # indented\n\t; too\nx=1\n", "A.x='1'@4 "},
        {"[A]\r\nx=1\r\n\r\ny=2\r\n", "A.x='1'@2 A.y='2'@4 "},
        {"\xef\xbb\xbf[A]\nx=1\n", "A.x='1'@2 "},
        {"[A]\nx=\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80\n",
         "A.x='\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80'@2 "},
        {"[A]\nx=[B]\n", "A.x='[B]'@2 "},
        {"[Section A]\nKey One=1\n", "Section A.Key One='1'@2 "},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(unit_file_unrefp) UnitFile *file = file_of(cases[i].text);
        _cleanup_free_ char *options = options_describe(file);
        assert_string_equal(options, cases[i].expected);
    }
}

static void continued_lines_are_joined_as_systemd_does(void **state) {
    static const OptionCase cases[] = {
        {"[A]\nx=1\\\n2\ny=3\n", "A.x='1 2'@2 A.y='3'@4 "},
        {"[A]\nx=1 \\\n  2\n", "A.x='1    2'@2 "},
        {"[A]\r\nx=1\\\r\n2\r\n", "A.x='1 2'@2 "},
        {"[A]\nx=1\\\n2\\\n3\n", "A.x='1 2 3'@2 "},
        {"[A]\nx=1\\\n# c\n  ; c\\\n#\n2\ny=3\n", "A.x='1 2'@2 A.y='3'@7 "},
        {"[A]\nx=1\\\n\ny=2\n", "A.x='1'@2 A.y='2'@4 "},
        {"[A]\nx=1\\", "A.x='1'@2 "},
        {"[A]\nx=1\\\n", "A.x='1'@2 "},
        {"[A]\nx=1\\\n# c", "A.x='1'@2 "},
        {"[A]\nx=\\\\\ny=2\n", "A.x='\\\\'@2 A.y='2'@3 "},
        {"[A]\nx=\\\\\\\ny=2\n", "A.x='\\\\ y=2'@2 "},
        {"[A]\nx\\\n=1\n", "A.x='1'@2 "},
        {"[A]\n# comment \\\nx=1\n", "A.x='1'@3 "},
        {"[A]\n\\\nx=1\n", "A.x='1'@2 "},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_(unit_file_unrefp) UnitFile *file = file_of(cases[i].text);
        _cleanup_free_ char *options = options_describe(file);
        assert_string_equal(options, cases[i].expected);
    }
}

#define FIFTY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void malformed_text_is_refused_with_its_line(void **state) {
    static const char *const cases[][2] = {
        {"[A]\n\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9" FIFTY "12345\xc3\xa9z\n",
         "line 2: '\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9" FIFTY
         "12345' is neither a section nor of the form name=value"},
        {"x=1\n", "line 1: 'x=1' stands before any section"},
        {"[A]\nfoo\n", "line 2: 'foo' is neither a section nor of the form name=value"},
        {"[A]\nx=1\\\n2\n\nfoo", "line 5: 'foo' is neither a section nor of the form name=value"},
        {"[A]\n = 1\n", "line 2: nothing stands before the '='"},
        {"[A\nx=1\n", "line 1: section header '[A' has no ']'"},
        {"[", "line 1: section header '[' has no ']'"},
        {"[A] x\n", "line 1: section header '[A] x' has no ']'"},
        {"\n[]\n", "line 2: '' is no name for a section"},
        {"[ A]\n", "line 1: ' A' is no name for a section"},
        {"[A ]\n", "line 1: 'A ' is no name for a section"},
        {"[A]]\n", "line 1: 'A]' is no name for a section"},
        {"[[A]\n", "line 1: '[A' is no name for a section"},
        {"[A\"]\n", "line 1: 'A\"' is no name for a section"},
        {"[A]\nx=\x01\n", "line 2: a control character, or a byte that is not UTF-8 (0x01)"},
        {"[A]\n#\x7f\n", "line 2: a control character, or a byte that is not UTF-8 (0x7f)"},
        {"[A]\nx=1\ry=2\n", "line 2: a control character, or a byte that is not UTF-8 (0x0d)"},
        {"[A]\n\nx=\xff\n", "line 3: a control character, or a byte that is not UTF-8 (0xff)"},
        {"[A]\nx=\xc0\xaf\n", "line 2: a control character, or a byte that is not UTF-8 (0xc0)"},
        {"[A]\nx=\xed\xa0\x80\n",
         "line 2: a control character, or a byte that is not UTF-8 (0xed)"},
        {"[A]\nx=\xf4\x90\x80\x80\n",
         "line 2: a control character, or a byte that is not UTF-8 (0xf4)"},
        {"[A]\nx=\xc3", "line 2: a control character, or a byte that is not UTF-8 (0xc3)"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        UnitFile *file = NULL;
        _cleanup_error_ Error error = {};
        assert_int_equal(unit_file_parse(cases[i][0], strlen(cases[i][0]), &file, &error), -EINVAL);
        assert_null(file);
        assert_string_equal(error.message, cases[i][1]);
    }
}

static void nul_in_the_text_is_refused(void **state) {
    static const char text[] = "[A]\nx=1\0\n";
    UnitFile *file = NULL;
    _cleanup_error_ Error error = {};
    assert_int_equal(unit_file_parse(text, sizeof(text) - 1, &file, &error), -EINVAL);
    assert_string_equal(error.message,
                        "line 2: a control character, or a byte that is not UTF-8 (0x00)");
}

/* The file with one value that fills it up to size. */
static char *text_of_size(size_t size) {
    char *text = malloc(size + 1);
    memset(text, 'a', size);
    memcpy(text, "[A]\nx=", 6);
    text[size] = 0;
    return text;
}

static void text_is_limited_in_size(void **state) {
    _cleanup_free_ char *text = text_of_size(UNIT_FILE_SIZE_MAX + 1);
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    UnitFile *none = NULL;
    assert_int_equal(unit_file_parse(text, UNIT_FILE_SIZE_MAX, &file, NULL), 0);
    assert_int_equal(strlen(unit_file_find(file, "A", "x")), UNIT_FILE_SIZE_MAX - 6);
    assert_int_equal(unit_file_parse(text, UNIT_FILE_SIZE_MAX + 1, &none, NULL), -EINVAL);
    assert_null(none);
}

/* Each fills the largest file with a short pattern; work that grew with the square of it would take
 * minutes. */
static void largest_file_of_anything_takes_no_time(void **state) {
    static const char *const patterns[] = {"x=\\\n", "a\\\n#\n", "\\", "[A]\n", "x=1\n",
                                           "#\\\n",  "[",        "=",  "\n"};
    for (size_t i = 0; i < ELEMENTSOF(patterns); i++) {
        _cleanup_free_ char *text = text_of_size(UNIT_FILE_SIZE_MAX);
        size_t n = strlen(patterns[i]);
        for (size_t at = 6; at < UNIT_FILE_SIZE_MAX; at++)
            text[at] = patterns[i][(at - 6) % n];
        _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
        int r = unit_file_parse(text, UNIT_FILE_SIZE_MAX, &file, NULL);
        assert_true(r == 0 || r == -EINVAL);
    }
}

static void text_comes_back_byte_for_byte(void **state) {
    static const char text[] = "\xef\xbb\xbf# c\r\n[A]\n x = 1 \\\n# c\n 2\t\n\n[B]\n;";
    _cleanup_(unit_file_unrefp) UnitFile *file = file_of(text);
    size_t size;
    assert_string_equal(unit_file_text(file, &size), text);
    assert_int_equal(size, strlen(text));
    assert_string_equal(unit_file_text(file, NULL), text);
}

static void hash_is_the_sha1_of_the_text(void **state) {
    _cleanup_(unit_file_unrefp) UnitFile *empty = file_of("");
    _cleanup_(unit_file_unrefp) UnitFile *file = file_of("[A]\nx=1\n");
    assert_string_equal(unit_file_hash(empty), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text("[A]\nx=1\n", 8, hash), 0);
    assert_string_equal(unit_file_hash(file), hash);
    assert_int_equal(unit_file_hash_text("abc", 3, hash), 0);
    assert_string_equal(hash, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void last_value_of_an_option_is_found(void **state) {
    _cleanup_(unit_file_unrefp) UnitFile *file = file_of("[A]\nx=1\n[B]\nx=2\n[A]\nx=3\n[C]\n");
    assert_string_equal(unit_file_find(file, "A", "x"), "3");
    assert_string_equal(unit_file_find(file, "B", "x"), "2");
    assert_null(unit_file_find(file, "B", "X"));
    assert_null(unit_file_find(file, "a", "x"));
    assert_true(unit_file_has_section(file, "B"));
    assert_false(unit_file_has_section(file, "C"));
}

static void file_lives_as_long_as_its_last_reference(void **state) {
    UnitFile *file = file_of("[A]\nx=1\n");
    UnitFile *second = unit_file_ref(file);
    unit_file_unref(file);
    assert_string_equal(unit_file_find(second, "A", "x"), "1");
    unit_file_unref(second);
    unit_file_unref(NULL);
}

static void file_is_written_from_options(void **state) {
    static const UnitOption options[] = {
        {"Unit", "Description", "Hello  world"},
        {"Service", "ExecStart", "/bin/sh -c \"a \\\\\""},
        {"Service", "ExecStart", ""},
        {"Unit", "After", "b.service"},
    };
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    assert_int_equal(unit_file_from_options(options, ELEMENTSOF(options), &file, NULL), 0);
    assert_string_equal(unit_file_text(file, NULL), "[Unit]\n"
                                                    "Description=Hello  world\n"
                                                    "\n"
                                                    "[Service]\n"
                                                    "ExecStart=/bin/sh -c \"a \\\\\"\n"
                                                    "ExecStart=\n"
                                                    "\n"
                                                    "[Unit]\n"
                                                    "After=b.service\n");
    size_t n;
    assert_int_equal(unit_file_options(file, &n)[0].line, 0);
    assert_int_equal(n, ELEMENTSOF(options));
}

static void no_options_make_an_empty_file(void **state) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    assert_int_equal(unit_file_from_options(NULL, 0, &file, NULL), 0);
    assert_string_equal(unit_file_text(file, NULL), "");
}

static void continued_value_of_an_old_client_is_written_as_it_is(void **state) {
    static const UnitOption option = {"A", "x", "1 \\\n  2\\\n3"};
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    assert_int_equal(unit_file_from_options(&option, 1, &file, NULL), 0);
    assert_string_equal(unit_file_text(file, NULL), "[A]\nx=1 \\\n  2\\\n3\n");
    assert_string_equal(unit_file_find(file, "A", "x"), "1    2 3");
}

static void value_may_end_in_a_backslash(void **state) {
    static const UnitOption options[] = {{"A", "x", "1\\"}, {"A", "y", "\\\\"}, {"A", "z", "2"}};
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    assert_int_equal(unit_file_from_options(options, 3, &file, NULL), 0);
    assert_string_equal(unit_file_text(file, NULL), "[A]\nx=1\\ \ny=\\\\ \nz=2\n");
    assert_string_equal(unit_file_find(file, "A", "x"), "1\\");
    assert_string_equal(unit_file_find(file, "A", "z"), "2");
}

static void option_that_no_file_can_express_is_refused(void **state) {
    static const UnitOption cases[][2] = {
        {{"A", "x", "1\ny=2"}, {"A", "z", ""}},     {{"A", "x", "\n"}, {"A", "z", ""}},
        {{"A", "x", "1\\\\\ny=2"}, {"A", "z", ""}}, {{"A", "x", " 1"}, {"A", "z", ""}},
        {{"A", "x", "1 "}, {"A", "z", ""}},         {{"A", "x", "\r"}, {"A", "z", ""}},
        {{"A", "x", "1\\\n#2"}, {"A", "z", ""}},    {{"A", "", "1"}, {"A", "z", ""}},
        {{"A", "x=y", "1"}, {"A", "z", ""}},        {{"A", "#x", "1"}, {"A", "z", ""}},
        {{"A", ";x", "1"}, {"A", "z", ""}},         {{"A", "[x]", "1"}, {"A", "z", ""}},
        {{"A", "#x\ny", "1"}, {"A", "z", ""}},      {{"A", " x", "1"}, {"A", "z", ""}},
        {{"A", "x=1\ny", "1"}, {"A", "z", ""}},     {{"", "x", "1"}, {"A", "z", ""}},
        {{"A]\n[B", "x", "1"}, {"A", "z", ""}},     {{"A]\ny=1\n[A", "x", "1"}, {"A", "z", ""}},
        {{"A\\", "x", "1"}, {"A", "z", ""}},        {{"A", "x", "\x01"}, {"A", "z", ""}},
        {{"A", "x", "\xff"}, {"A", "z", ""}},       {{"A", "z", ""}, {"A", "x", "1\\\\\ny=2"}},
        {{"A", "z", ""}, {"B", "x", "1\\\\\n[C]"}},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        UnitFile *file = NULL;
        _cleanup_error_ Error error = {};
        assert_int_equal(unit_file_from_options(cases[i], 2, &file, &error), -EINVAL);
        assert_null(file);
        assert_non_null(error.message);
    }
}

static void refused_option_is_named(void **state) {
    static const UnitOption option = {"A", "x", "1\n2"};
    UnitFile *file = NULL;
    _cleanup_error_ Error error = {};
    assert_int_equal(unit_file_from_options(&option, 1, &file, &error), -EINVAL);
    assert_string_equal(error.message, "no unit file can express [A] x with its value");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_read_in_order),
        cmocka_unit_test(continued_lines_are_joined_as_systemd_does),
        cmocka_unit_test(malformed_text_is_refused_with_its_line),
        cmocka_unit_test(nul_in_the_text_is_refused),
        cmocka_unit_test(text_is_limited_in_size),
        cmocka_unit_test(largest_file_of_anything_takes_no_time),
        cmocka_unit_test(text_comes_back_byte_for_byte),
        cmocka_unit_test(hash_is_the_sha1_of_the_text),
        cmocka_unit_test(last_value_of_an_option_is_found),
        cmocka_unit_test(file_lives_as_long_as_its_last_reference),
        cmocka_unit_test(file_is_written_from_options),
        cmocka_unit_test(no_options_make_an_empty_file),
        cmocka_unit_test(continued_value_of_an_old_client_is_written_as_it_is),
        cmocka_unit_test(value_may_end_in_a_backslash),
        cmocka_unit_test(option_that_no_file_can_express_is_refused),
        cmocka_unit_test(refused_option_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
