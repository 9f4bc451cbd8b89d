#include "fleetd/systemd/guard-directory.h"

#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"
#include "tests/unit/temporary-directory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "once.service"

typedef struct Fixture {
    char *top;
    char *run;
    GuardDirectory *directory;
} Fixture;

static int setup(void **state) {
    Fixture *f = calloc(1, sizeof(Fixture));
    f->top = temporary_directory_new();
    f->run = str_printf("%s/run", f->top);
    assert_int_equal(guard_directory_open(f->run, &f->directory, NULL), 0);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    guard_directory_free(f->directory);
    temporary_directory_free(f->top);
    free(f->run);
    free(f);
    return 0;
}

static int put(Fixture *f, const char *name, usec_t at_usec) {
    GuardRecord record = {
        .stop_after_usec = USEC_PER_MINUTE, .stop_timeout_usec = 7, .at_usec = at_usec};
    return guard_directory_put(f->directory, name, &record);
}

static int see(const char *name, const GuardRecord *record, void *userdata) {
    _cleanup_free_ char *line =
        str_printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64, name, record->stop_after_usec,
                   record->stop_timeout_usec, record->at_usec);
    return strv_push(userdata, line);
}

static void assert_seen(Fixture *f, const char *expected) {
    _cleanup_(strv_freep) char **lines = NULL;
    assert_int_equal(guard_directory_walk(f->directory, see, &lines), 0);
    _cleanup_free_ char *text = strv_join(lines, ";");
    assert_string_equal(str_or(text, ""), expected);
}

static char *path_in(Fixture *f, const char *name) {
    return str_printf("%s/guard/%s", f->run, name);
}

static bool exists(Fixture *f, const char *name) {
    _cleanup_free_ char *path = path_in(f, name);
    return access(path, F_OK) == 0;
}

static void write_text(Fixture *f, const char *name, const char *text) {
    _cleanup_free_ char *path = path_in(f, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void record_comes_back(void **state) {
    Fixture *f = *state;
    assert_true(guard_directory_is_empty(f->directory));
    assert_int_equal(put(f, NAME, 5), 0);
    assert_seen(f, "once.service 60000000 7 5");
    assert_false(guard_directory_is_empty(f->directory));
    assert_int_equal(guard_directory_remove(f->directory, NAME), 0);
    assert_int_equal(guard_directory_remove(f->directory, NAME), 0);
    assert_true(guard_directory_is_empty(f->directory));
}

/* Whoever wrote it: it vouches for nothing. */
static void what_is_no_record_vouches_for_nothing(void **state) {
    static const char *const texts[] = {"", "x", "1 2", "99999999999999999999 1 1\n",
                                        ("18446744073709551615 18446744073709551615 "
                                         "18446744073709551615\n")};
    Fixture *f = *state;
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        write_text(f, "units/" NAME, texts[i]);
        _cleanup_(strv_freep) char **lines = NULL;
        assert_int_equal(guard_directory_walk(f->directory, see, &lines), 0);
        assert_int_equal(strv_length(lines), 1);
        assert_int_equal(guard_directory_permit(f->directory, NAME), -ESTALE);
    }
    write_text(f, "units/no unit", "1 1 1\n");
    write_text(f, "units/.new", "1 1 1\n");
    _cleanup_(strv_freep) char **lines = NULL;
    assert_int_equal(guard_directory_walk(f->directory, see, &lines), 0);
    assert_int_equal(strv_length(lines), 1);
}

static void link_is_no_record(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *path = path_in(f, "units/" NAME), *target = path_in(f, "record");
    write_text(f, "record", "1000000000 1 1000000000000\n");
    assert_int_equal(symlink(target, path), 0);
    assert_seen(f, "once.service 0 0 0");
    assert_int_equal(put(f, NAME, 5), 0);
    assert_seen(f, "once.service 60000000 7 5");
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
}

static void unit_is_permitted_before_its_deadline_only(void **state) {
    Fixture *f = *state;
    assert_int_equal(guard_directory_permit(f->directory, NAME), -ENOENT);
    assert_int_equal(put(f, NAME, guard_clock() - USEC_PER_MINUTE), 0);
    assert_int_equal(guard_directory_permit(f->directory, NAME), -ESTALE);
    assert_false(exists(f, "permits/" NAME));
    assert_int_equal(put(f, NAME, guard_clock()), 0);
    assert_int_equal(guard_directory_permit(f->directory, NAME), 0);
    assert_true(exists(f, "permits/" NAME));
    assert_true(guard_directory_is_permitted(f->directory, NAME));
    assert_int_equal(guard_directory_permit(f->directory, NAME), 0);
}

/* Of a fleetd that was stopped between asking and getting it. */
static void permit_in_the_making_is_taken_away_as_well(void **state) {
    Fixture *f = *state;
    assert_int_equal(put(f, NAME, guard_clock()), 0);
    assert_int_equal(guard_directory_permit(f->directory, NAME), 0);
    write_text(f, "asking/0123456789abcdef", "");
    assert_int_equal(guard_directory_forbid(f->directory, NAME), 0);
    assert_false(exists(f, "asking/0123456789abcdef"));
    assert_false(exists(f, "permits/" NAME));
    assert_int_equal(guard_directory_forbid(f->directory, NAME), 0);
}

static void nothing_is_left_of_one_that_was_refused(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *path = path_in(f, "asking");
    assert_int_equal(put(f, NAME, 0), 0);
    assert_int_equal(guard_directory_permit(f->directory, NAME), -ESTALE);
    assert_int_equal(rmdir(path), 0); /* it is empty */
}

static void successor_vouches_for_nothing_later_than_now(void **state) {
    Fixture *f = *state;
    assert_int_equal(put(f, "a.service", 100), 0);
    assert_int_equal(guard_directory_limit(f->directory, 50), 0);
    assert_seen(f, "a.service 60000000 7 50");
    assert_int_equal(guard_directory_limit(f->directory, 70), 0);
    assert_seen(f, "a.service 60000000 7 50");
}

static void name_cannot_lead_out_of_the_directory(void **state) {
    Fixture *f = *state;
    assert_int_equal(put(f, "../x.service", 1), -EINVAL);
    assert_int_equal(guard_directory_permit(f->directory, "../x.service"), -EINVAL);
    assert_int_equal(guard_directory_forbid(f->directory, "../x.service"), -EINVAL);
    assert_false(guard_directory_is_permitted(f->directory, "../units"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(record_comes_back),
        TEST(what_is_no_record_vouches_for_nothing),
        TEST(link_is_no_record),
        TEST(unit_is_permitted_before_its_deadline_only),
        TEST(permit_in_the_making_is_taken_away_as_well),
        TEST(nothing_is_left_of_one_that_was_refused),
        TEST(successor_vouches_for_nothing_later_than_now),
        TEST(name_cannot_lead_out_of_the_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
