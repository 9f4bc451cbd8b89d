#include "fleetd/base/strv.h"
#include "fleetd/boot-id.h"
#include "tests/unit/cmocka-test.h"
#include "tests/unit/temporary-directory.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char *load(const char *directory) {
    _cleanup_error_ Error error = {};
    char *id = NULL;
    int r = boot_id_load(directory, &id, &error);
    if (r < 0)
        fail_msg("%s", error_text(&error, r));
    assert_int_equal(strspn(id, "0123456789abcdef"), 32);
    assert_int_equal(strlen(id), 32);
    return id;
}

static void put(const char *directory, const char *text) {
    _cleanup_free_ char *path = str_printf("%s/boot-id", directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void id_is_made_once_and_kept(void **state) {
    _cleanup_free_ char *directory = str_printf("%s/fleet", (char *) *state);
    _cleanup_free_ char *first = load(directory), *second = load(directory);
    assert_string_equal(first, second);
}

static void two_boots_have_two_ids(void **state) {
    _cleanup_free_ char *a = str_printf("%s/a", (char *) *state),
                        *b = str_printf("%s/b", (char *) *state);
    _cleanup_free_ char *first = load(a), *second = load(b);
    assert_string_not_equal(first, second);
}

static void what_is_no_id_is_replaced(void **state) {
    static const char *const texts[] = {"", "0123", "not an id at all, and longer than one is",
                                        "0123456789abcdef0123456789abcdeg"};
    const char *directory = *state;
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        put(directory, texts[i]);
        _cleanup_free_ char *first = load(directory), *second = load(directory);
        assert_string_equal(first, second);
    }
}

static void link_is_replaced_and_not_followed(void **state) {
    const char *directory = *state;
    _cleanup_free_ char *elsewhere = str_printf("%s/elsewhere", directory),
                        *path = str_printf("%s/boot-id", directory);
    assert_int_equal(symlink(elsewhere, path), 0);
    _cleanup_free_ char *first = load(directory), *second = load(directory);
    assert_string_equal(first, second);
    assert_int_equal(access(elsewhere, F_OK), -1);
}

static void both_are_for_all_to_read_whatever_the_umask(void **state) {
    _cleanup_free_ char *directory = str_printf("%s/fleet", (char *) *state);
    _cleanup_free_ char *path = str_printf("%s/boot-id", directory);
    struct stat st;
    mode_t mask = umask(077);
    free(load(directory));
    umask(mask);
    assert_int_equal(stat(directory, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
}

static void directory_that_cannot_be_made_is_named(void **state) {
    _cleanup_error_ Error error = {};
    char *id = NULL;
    assert_int_equal(boot_id_load("/proc/no/such", &id, &error), -ENOENT);
    assert_non_null(strstr(error.message, "'/proc/no/such/boot-id'"));
}

static int setup(void **state) {
    *state = temporary_directory_new();
    return 0;
}

static int teardown(void **state) {
    temporary_directory_free(*state);
    return 0;
}

int main(void) {
#define BOOT_ID_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        BOOT_ID_TEST(id_is_made_once_and_kept),
        BOOT_ID_TEST(two_boots_have_two_ids),
        BOOT_ID_TEST(what_is_no_id_is_replaced),
        BOOT_ID_TEST(link_is_replaced_and_not_followed),
        BOOT_ID_TEST(both_are_for_all_to_read_whatever_the_umask),
        BOOT_ID_TEST(directory_that_cannot_be_made_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
