#include "fleetd/systemd/guarded-text.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-file.h"
#include "tests/unit/cmocka-test.h"

#define RUN "/run/fleet"
#define NAME "once.service"
#define GUARDED "[Service]\nExecStart=/bin/x\n[X-Fleet]\nStopAfterDisconnect=30s\n"

static char *made(const char *text) {
    char *guarded = NULL;
    int r = guarded_text_make(RUN, NAME, text, strlen(text), &guarded);
    assert_int_equal(r, guarded != NULL);
    return guarded ? guarded : strdup(text);
}

static char *stripped(const char *text) {
    return strndup(text, guarded_text_strip(RUN, NAME, text, strlen(text)));
}

static void asserts_its_permit(void **state) {
    _cleanup_free_ char *text = made(GUARDED);
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    assert_int_equal(unit_file_parse(text, strlen(text), &file, NULL), 0);
    assert_string_equal(unit_file_find(file, "Unit", "AssertPathExists"),
                        "/run/fleet/guard/permits/once.service");
    assert_true(strncmp(text, GUARDED, strlen(GUARDED)) == 0);
    assert_true(strlen(text) - strlen(GUARDED) <= GUARDED_TEXT_EXTRA_MAX);
}

/* However the user's last line ends, it stays a line of its own. */
static void last_line_of_the_user_is_left_alone(void **state) {
    static const char *const ends[][2] = {
        {"[Service]\nExecStart=/bin/y", "/bin/y"},
        {"[Service]\nExecStart=/bin/y \\", "/bin/y "},
        {"[Service]\nExecStart=/bin/y \\\n", "/bin/y "},
        {"[Service]\nExecStart=/bin/y \\\n# a comment\n", "/bin/y "},
        {"[Service]\nExecStart=/bin/y\n# a comment \\", "/bin/y"},
        {"[Service]\nExecStart=/bin/y\r\n", "/bin/y"},
    };
    for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
        _cleanup_free_ char *text = str_printf("%s%s", GUARDED, ends[i][0]);
        _cleanup_free_ char *guarded = made(text), *back = stripped(guarded);
        _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
        assert_int_equal(unit_file_parse(guarded, strlen(guarded), &file, NULL), 0);
        assert_non_null(unit_file_find(file, "Unit", "AssertPathExists"));
        const char *value = unit_file_find(file, "Service", "ExecStart");
        assert_int_equal(strncmp(value, ends[i][1], strlen("/bin/y")), 0);
        assert_string_equal(back, text);
    }
}

static void other_units_are_written_as_they_are(void **state) {
    static const char *const texts[] = {"", "[Service]\nExecStart=/bin/x",
                                        "[X-Fleet]\nGlobal=yes\n",
                                        "[X-Fleet]\nStopAfterDisconnect=never\n", "no unit file"};
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_free_ char *text = made(texts[i]);
        assert_string_equal(text, texts[i]);
    }
}

/* Whatever users write, also what fleet would, comes back as it was. */
static void text_comes_back(void **state) {
    _cleanup_free_ char *once = made(GUARDED), *twice = made(once);
    const char *trailer = once + strlen(GUARDED);
    _cleanup_free_ char *plain = str_printf("[Service]\nExecStart=/bin/x\n%s", trailer);
    const char *const texts[] = {GUARDED, once, twice, plain, trailer, ""};
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_free_ char *written = made(texts[i]), *back = stripped(written);
        assert_string_equal(back, texts[i]);
    }
}

static void trailer_of_another_unit_is_no_trailer(void **state) {
    _cleanup_free_ char *text = NULL;
    assert_int_equal(guarded_text_make(RUN, "other.service", GUARDED, strlen(GUARDED), &text), 1);
    assert_int_equal(guarded_text_strip(RUN, NAME, text, strlen(text)), strlen(text));
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(asserts_its_permit),
        cmocka_unit_test(last_line_of_the_user_is_left_alone),
        cmocka_unit_test(other_units_are_written_as_they_are),
        cmocka_unit_test(text_comes_back),
        cmocka_unit_test(trailer_of_another_unit_is_no_trailer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
