#include "fleetd/base/strv.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit.h"
#include "fleetd/systemd/unit-directory.h"
#include "tests/unit/cmocka-test.h"
#include "tests/unit/temporary-directory.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Fixture {
    char *top;
    char *run;
    UnitDirectory *directory;
} Fixture;

static int setup(void **state) {
    Fixture *f = calloc(1, sizeof(Fixture));
    f->top = temporary_directory_new();
    f->run = str_printf("%s/run", f->top);
    assert_int_equal(unit_directory_open(f->run, &f->directory, NULL), 0);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    unit_directory_free(f->directory);
    temporary_directory_free(f->top);
    free(f->run);
    free(f);
    return 0;
}

static int put(Fixture *f, const char *name, const char *text) {
    return unit_directory_write(f->directory, name, text, strlen(text), NULL);
}

static int see(const char *name, const char *text, size_t size, void *userdata) {
    _cleanup_free_ char *line = str_printf("%s %zu %s", name, size, text);
    return strv_push(userdata, line);
}

/* The one file that is seen; a copy. */
static char *seen(Fixture *f) {
    _cleanup_(strv_freep) char **files = NULL;
    assert_int_equal(unit_directory_walk(f->directory, see, &files), 0);
    return strv_join(files, ";");
}

static void assert_seen(Fixture *f, const char *expected) {
    _cleanup_free_ char *text = seen(f);
    assert_string_equal(text, expected);
}

static char *path_in(Fixture *f, const char *name) {
    return str_printf("%s/%s", f->run, name);
}

static void assert_mode(Fixture *f, const char *name, mode_t mode) {
    _cleanup_free_ char *path = path_in(f, name);
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void file_is_replaced_and_readable_by_all(void **state) {
    Fixture *f = *state;
    mode_t mask = umask(077);
    assert_int_equal(put(f, "a.service", "one"), 0);
    assert_int_equal(put(f, "a.service", "second"), 0);
    umask(mask);
    assert_seen(f, "a.service 6 second");
    assert_mode(f, "units/a.service", 0644);
    _cleanup_free_ char *expected = path_in(f, "units/a.service");
    _cleanup_free_ char *path = unit_directory_file_path(f->directory, "a.service");
    assert_string_equal(path, expected);
}

static void directories_are_made_once_and_found_again(void **state) {
    Fixture *f = *state;
    assert_mode(f, "units", 0755);
    assert_int_equal(put(f, "a.service", "x"), 0);
    assert_int_equal(unit_directory_set_launched(f->directory, "a.service", true), 0);
    unit_directory_free(TAKE_PTR(f->directory));
    assert_int_equal(unit_directory_open(f->run, &f->directory, NULL), 0);
    assert_seen(f, "a.service 1 x");
    assert_true(unit_directory_is_launched(f->directory, "a.service"));
}

static void directories_are_for_all_to_read_whatever_the_umask(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *path = path_in(f, "inner");
    UnitDirectory *directory = NULL;
    mode_t mask = umask(077);
    assert_int_equal(unit_directory_open(path, &directory, NULL), 0);
    umask(mask);
    unit_directory_free(directory);
    assert_mode(f, "inner", 0755);
    assert_mode(f, "inner/units", 0755);
    assert_mode(f, "inner/launched", 0755);
}

/* A mark that is a link somewhere else is replaced, and is none until then. */
static void links_in_the_place_of_marks_are_not_followed(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *outside = str_printf("%s/outside", f->top);
    _cleanup_free_ char *launched = path_in(f, "launched/a.service");
    _cleanup_free_ char *unfinished = path_in(f, "unfinished");
    assert_int_equal(symlink(outside, launched), 0);
    assert_int_equal(symlink(outside, unfinished), 0);
    assert_false(unit_directory_is_launched(f->directory, "a.service"));
    assert_false(unit_directory_is_unfinished(f->directory));
    assert_int_equal(unit_directory_set_launched(f->directory, "a.service", true), 0);
    assert_int_equal(unit_directory_set_unfinished(f->directory, true), 0);
    assert_true(unit_directory_is_launched(f->directory, "a.service"));
    assert_true(unit_directory_is_unfinished(f->directory));
    assert_int_equal(access(outside, F_OK), -1);
}

static void put_text(const char *path, const char *text) {
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* What a fleetd of an earlier version, or anybody, put there says nothing. */
static void mark_holds_the_restart_that_it_was_for(void **state) {
    static const char *const others[] = {
        "", "-1", "7 ", "x", "99999999999999999999", "9223372036854775807"};
    Fixture *f = *state;
    assert_int_equal(unit_directory_get_restart(f->directory, "a.service"), -1);
    assert_int_equal(unit_directory_note_launched(f->directory, "a.service", 0), 0);
    assert_int_equal(unit_directory_get_restart(f->directory, "a.service"), 0);
    assert_int_equal(unit_directory_note_launched(f->directory, "a.service", UNIT_RESTART_MAX), 0);
    assert_int_equal(unit_directory_get_restart(f->directory, "a.service"), UNIT_RESTART_MAX);
    assert_true(unit_directory_is_launched(f->directory, "a.service"));
    assert_int_equal(unit_directory_set_launched(f->directory, "a.service", false), 0);
    assert_int_equal(unit_directory_get_restart(f->directory, "a.service"), -1);
    for (size_t i = 0; i < ELEMENTSOF(others); i++) {
        _cleanup_free_ char *path = path_in(f, "launched/a.service");
        put_text(path, others[i]);
        assert_true(unit_directory_is_launched(f->directory, "a.service"));
        assert_int_equal(unit_directory_get_restart(f->directory, "a.service"), -1);
    }
}

static void names_that_lead_elsewhere_are_refused(void **state) {
    static const char *const names[] = {"../x.service", "a/b.service", "..", ".new", "", "a", "x"};
    Fixture *f = *state;
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        assert_int_equal(put(f, names[i], "x"), -EINVAL);
        assert_int_equal(unit_directory_remove(f->directory, names[i], NULL), -EINVAL);
        assert_int_equal(unit_directory_set_launched(f->directory, names[i], true), -EINVAL);
        assert_int_equal(unit_directory_note_launched(f->directory, names[i], 1), -EINVAL);
        assert_int_equal(unit_directory_get_restart(f->directory, names[i]), -1);
        assert_false(unit_directory_is_launched(f->directory, names[i]));
    }
    assert_seen(f, "");
}

static void cluster_is_kept_as_long_as_the_file(void **state) {
    static const char id[] = "0123456789abcdef0123456789abcdef";
    Fixture *f = *state;
    char *found;
    assert_int_equal(put(f, "a.service", "one"), 0);
    assert_int_equal(unit_directory_get_cluster(f->directory, "a.service", &found), 0);
    assert_null(found);
    assert_int_equal(unit_directory_set_cluster(f->directory, "a.service", "no id"), -EINVAL);
    assert_int_equal(unit_directory_set_cluster(f->directory, "../a.service", id), -EINVAL);
    assert_int_equal(unit_directory_set_cluster(f->directory, "a.service", id), 0);
    assert_int_equal(put(f, "a.service", "second"), 0);
    assert_int_equal(unit_directory_get_cluster(f->directory, "a.service", &found), 0);
    assert_string_equal(found, id);
    free(found);
    assert_int_equal(unit_directory_remove(f->directory, "a.service", NULL), 0);
    assert_int_equal(unit_directory_get_cluster(f->directory, "a.service", &found), 0);
    assert_null(found);
}

static void health_is_kept_as_long_as_the_file(void **state) {
    Fixture *f = *state;
    char *found = NULL;
    assert_int_equal(put(f, "a.service", "one"), 0);
    assert_int_equal(unit_directory_get_health(f->directory, "a.service", &found), 0);
    assert_null(found);
    assert_int_equal(unit_directory_set_health(f->directory, "../a.service", "well"), -EINVAL);
    assert_int_equal(unit_directory_set_health(f->directory, "a.service", "well 1"), 0);
    assert_int_equal(unit_directory_get_health(f->directory, "a.service", &found), 0);
    assert_string_equal(found, "well 1");
    free(found);
    assert_int_equal(unit_directory_set_health(f->directory, "a.service", NULL), 0);
    assert_int_equal(unit_directory_get_health(f->directory, "a.service", &found), 0);
    assert_null(found);
    assert_int_equal(unit_directory_set_health(f->directory, "a.service", "well\n"), 0);
    assert_int_equal(unit_directory_get_health(f->directory, "a.service", &found), 0);
    assert_null(found);
    assert_int_equal(unit_directory_remove(f->directory, "a.service", NULL), 0);
    _cleanup_free_ char *path = path_in(f, "health/a.service");
    assert_int_equal(access(path, F_OK), -1);
}

static void units_have_a_cluster_in_common_or_not(void **state) {
    Fixture *f = *state;
    static const char one[] = "0123456789abcdef0123456789abcdef",
                      other[] = "fedcba9876543210fedcba9876543210";
    char *found = (char *) one;
    assert_int_equal(unit_directory_common_cluster(f->directory, &found), 0);
    assert_null(found);
    assert_int_equal(put(f, "a.service", "text"), 0);
    assert_int_equal(put(f, "b.service", "text"), 0);
    assert_int_equal(put(f, "nobodys.service", "text"), 0);
    assert_int_equal(unit_directory_set_cluster(f->directory, "a.service", one), 0);
    assert_int_equal(unit_directory_set_cluster(f->directory, "b.service", one), 0);
    assert_int_equal(unit_directory_set_cluster(f->directory, "left-over.service", other), 0);
    assert_int_equal(unit_directory_common_cluster(f->directory, &found), 0);
    assert_string_equal(found, one);
    free(found);
    assert_int_equal(unit_directory_set_cluster(f->directory, "b.service", other), 0);
    assert_int_equal(unit_directory_common_cluster(f->directory, &found), -EXDEV);
}

static void what_is_no_cluster_id_counts_as_none(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *path = path_in(f, "clusters/a.service");
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fputs("0123456789abcdef", stream);
    fclose(stream);
    char *found;
    assert_int_equal(unit_directory_get_cluster(f->directory, "a.service", &found), 0);
    assert_null(found);
}

static void text_of_a_file_is_had_by_name(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *text = NULL;
    size_t size;
    assert_int_equal(put(f, "a.service", "one"), 0);
    assert_int_equal(unit_directory_read(f->directory, "a.service", &text, &size), 0);
    assert_string_equal(text, "one");
    assert_int_equal(size, 3);
    assert_int_equal(unit_directory_read(f->directory, "b.service", &text, &size), -ENOENT);
    assert_int_equal(unit_directory_read(f->directory, "../boot-id", &text, &size), -EINVAL);
}

static void links_are_not_followed(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *outside = str_printf("%s/outside", f->top);
    _cleanup_free_ char *link = path_in(f, "units/l.service");
    _cleanup_free_ char *new_link = path_in(f, "units/.new");
    FILE *stream = fopen(outside, "w");
    assert_non_null(stream);
    fputs("precious", stream);
    fclose(stream);
    assert_int_equal(symlink(outside, link), 0);
    assert_int_equal(symlink(outside, new_link), 0);
    assert_seen(f, "");
    assert_int_equal(put(f, "l.service", "mine"), 0);
    assert_seen(f, "l.service 4 mine");
    struct stat st;
    assert_int_equal(stat(outside, &st), 0);
    assert_int_equal(st.st_size, 8);
}

static void what_is_no_unit_file_is_left_out(void **state) {
    Fixture *f = *state;
    _cleanup_free_ char *fifo = path_in(f, "units/f.service");
    _cleanup_free_ char *folder = path_in(f, "units/d.service");
    _cleanup_free_ char *other = path_in(f, "units/README");
    _cleanup_free_ char *large = path_in(f, "units/large.service");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    fclose(fopen(other, "w"));
    fclose(fopen(large, "w"));
    assert_int_equal(truncate(large, UNIT_FILE_SIZE_MAX + 1), 0);
    assert_int_equal(put(f, "a.service", ""), 0);
    assert_seen(f, "a.service 0 ");
}

static void run_directory_that_is_a_link_is_refused(void **state) {
    Fixture *f = *state;
    UnitDirectory *directory = NULL;
    _cleanup_error_ Error error = {0};
    _cleanup_free_ char *link = str_printf("%s/link", f->top);
    assert_int_equal(symlink(f->run, link), 0);
    assert_true(unit_directory_open(link, &directory, &error) < 0);
    assert_non_null(error.message);
    assert_null(directory);
}

static void mark_goes_with_a_new_text_and_with_removal(void **state) {
    Fixture *f = *state;
    assert_int_equal(put(f, "a.service", "x"), 0);
    assert_false(unit_directory_is_launched(f->directory, "a.service"));
    assert_int_equal(unit_directory_set_launched(f->directory, "a.service", true), 0);
    assert_int_equal(unit_directory_set_launched(f->directory, "a.service", true), 0);
    assert_true(unit_directory_is_launched(f->directory, "a.service"));
    assert_int_equal(put(f, "a.service", "y"), 0);
    assert_false(unit_directory_is_launched(f->directory, "a.service"));

    assert_int_equal(unit_directory_set_launched(f->directory, "a.service", true), 0);
    assert_int_equal(unit_directory_remove(f->directory, "a.service", NULL), 0);
    assert_int_equal(unit_directory_remove(f->directory, "a.service", NULL), 0);
    assert_false(unit_directory_is_launched(f->directory, "a.service"));
    assert_seen(f, "");
}

static void failed_write_says_which_file_and_leaves_the_old_one(void **state) {
    Fixture *f = *state;
    _cleanup_error_ Error error = {0};
    _cleanup_free_ char *obstacle = path_in(f, "units/.new");
    assert_int_equal(put(f, "a.service", "old"), 0);
    assert_int_equal(mkdir(obstacle, 0700), 0);
    assert_true(unit_directory_write(f->directory, "a.service", "new", 3, &error) < 0);
    assert_non_null(strstr(error.message, "units/a.service'"));
    assert_seen(f, "a.service 3 old");
}

static void unfinished_is_remembered(void **state) {
    Fixture *f = *state;
    assert_false(unit_directory_is_unfinished(f->directory));
    assert_int_equal(unit_directory_set_unfinished(f->directory, true), 0);
    unit_directory_free(TAKE_PTR(f->directory));
    assert_int_equal(unit_directory_open(f->run, &f->directory, NULL), 0);
    assert_true(unit_directory_is_unfinished(f->directory));
    assert_int_equal(unit_directory_set_unfinished(f->directory, false), 0);
    assert_false(unit_directory_is_unfinished(f->directory));
}

#define directory_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        directory_test(file_is_replaced_and_readable_by_all),
        directory_test(directories_are_made_once_and_found_again),
        directory_test(mark_holds_the_restart_that_it_was_for),
        directory_test(names_that_lead_elsewhere_are_refused),
        directory_test(cluster_is_kept_as_long_as_the_file),
        directory_test(health_is_kept_as_long_as_the_file),
        directory_test(units_have_a_cluster_in_common_or_not),
        directory_test(what_is_no_cluster_id_counts_as_none),
        directory_test(text_of_a_file_is_had_by_name),
        directory_test(links_are_not_followed),
        directory_test(directories_are_for_all_to_read_whatever_the_umask),
        directory_test(links_in_the_place_of_marks_are_not_followed),
        directory_test(what_is_no_unit_file_is_left_out),
        directory_test(run_directory_that_is_a_link_is_refused),
        directory_test(mark_goes_with_a_new_text_and_with_removal),
        directory_test(failed_write_says_which_file_and_leaves_the_old_one),
        directory_test(unfinished_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
