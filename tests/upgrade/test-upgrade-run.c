/* Today's fleetd and guard on a machine where an earlier version was at work: what it left below
 * /run/fleet outlives it, as the units do that it is about. */
#include "fleetd/boot-id.h"
#include "fleetd/systemd/guard-directory.h"
#include "fleetd/systemd/guarded-text.h"
#include "fleetd/systemd/unit-directory.h"
#include "tests/unit/cmocka-test.h"
#include "tests/unit/temporary-directory.h"
#include "tests/upgrade/stored.h"

#include "fleetd/base/strv.h"

#include <sys/stat.h>

#define RUN_DIRECTORY "/run/fleet" /* where it was when that version wrote it */

typedef struct Run {
    const char *folder; /* the version's */
    char *top, *path;   /* path: where a copy of all that it left is */
    UnitDirectory *units;
    GuardDirectory *guard;
    size_t n_units, n_launched, n_claimed, n_guarded, n_permitted;
} Run;

static Run *run; /* of the test that runs; nftw() has no place for it */

static int entry_copy(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    const char *name = path + strlen(run->folder) + 1;
    _cleanup_free_ char *to = str_printf("%s/%s", run->top, name);
    if (type == FTW_D)
        assert_int_equal(mkdir(to, 0755), 0);
    else
        stored_copy(run->folder, name, to);
    return 0;
}

static void run_open(Run *it, const char *folder) {
    *it = (Run){.folder = folder, .top = temporary_directory_new()};
    run = it;
    _cleanup_free_ char *stored = stored_path(folder, "run");
    assert_int_equal(nftw(stored, entry_copy, 16, FTW_PHYS), 0);
    it->path = str_printf("%s/run", it->top);
    assert_int_equal(unit_directory_open(it->path, &it->units, NULL), 0);
    assert_int_equal(guard_directory_open(it->path, &it->guard, NULL), 0);
}

static void run_done(Run *it) {
    guard_directory_free(it->guard);
    unit_directory_free(it->units);
    temporary_directory_free(it->top);
    free(it->path);
}

static bool was_marked(const Run *it, const char *kind, const char *name) {
    _cleanup_free_ char *mark = str_printf("run/%s/%s", kind, name);
    return stored_has(it->folder, mark);
}

static char *run_read(const Run *it, const char *kind, const char *name) {
    _cleanup_free_ char *file = str_printf("run/%s/%s", kind, name);
    return stored_read(it->folder, file);
}

static void boot_is_the_same(const char *folder) {
    Run it;
    _cleanup_free_ char *expected = stored_read(folder, "run/boot-id"), *boot_id = NULL;
    run_open(&it, folder);
    assert_int_equal(boot_id_load(it.path, &boot_id, NULL), 0);
    assert_string_equal(boot_id, expected);
    run_done(&it);
}

static void machine_is_known_to_be_on_the_same_boot(void **state) {
    stored_for_each_version(boot_is_the_same);
}

static void claim_is_as_it_was(Run *it, const char *name) {
    _cleanup_free_ char *cluster = NULL, *expected = NULL;
    if (was_marked(it, "clusters", name))
        expected = run_read(it, "clusters", name);
    assert_int_equal(unit_directory_get_cluster(it->units, name, &cluster), 0);
    assert_string_equal(str_or(cluster, ""), str_or(expected, ""));
    it->n_claimed += expected != NULL;
}

static void health_is_as_it_was(Run *it, const char *name) {
    _cleanup_free_ char *health = NULL, *expected = NULL;
    if (was_marked(it, "health", name))
        expected = run_read(it, "health", name);
    assert_int_equal(unit_directory_get_health(it->units, name, &health), 0);
    assert_string_equal(str_or(health, ""), str_or(expected, ""));
}

static int unit_is_as_it_was(const char *name, const char *text, size_t size, void *userdata) {
    Run *it = userdata;
    _cleanup_free_ char *expected = run_read(it, "units", name);
    bool was_launched = was_marked(it, "launched", name);
    assert_string_equal(text, expected);
    assert_int_equal(unit_directory_is_launched(it->units, name), was_launched);
    assert_int_equal(unit_directory_get_restart(it->units, name), -1); /* it knew of none */
    claim_is_as_it_was(it, name);
    health_is_as_it_was(it, name);
    it->n_units++;
    it->n_launched += was_launched;
    return 0;
}

static void units_are_recognised(const char *folder) {
    Run it;
    run_open(&it, folder);
    assert_int_equal(unit_directory_walk(it.units, unit_is_as_it_was, &it), 0);
    assert_true(it.n_launched > 0 && it.n_launched < it.n_units);
    assert_true(it.n_claimed > 0);
    assert_int_equal(unit_directory_is_unfinished(it.units), stored_has(folder, "run/unfinished"));
    run_done(&it);
}

static void units_are_recognised_with_their_marks(void **state) {
    stored_for_each_version(units_are_recognised);
}

/* Written anew it is what it was: nothing of it was misread. */
static void record_is_whole(Run *it, const char *name, const GuardRecord *record) {
    _cleanup_free_ char *before = run_read(it, "guard/units", name), *after = NULL;
    _cleanup_free_ char *file = str_printf("guard/units/%s", name);
    assert_int_equal(guard_directory_put(it->guard, name, record), 0);
    after = stored_read(it->path, file);
    assert_string_equal(after, before);
}

/* The text of its file is the user's, behind which the permit is asserted, and says what the record
 * says. */
static void file_is_guarded(Run *it, const char *name, const GuardRecord *record) {
    _cleanup_free_ char *text = run_read(it, "units", name);
    usec_t stop_after, stop_timeout;
    size_t size = guarded_text_strip(RUN_DIRECTORY, name, text, strlen(text));
    assert_true(size < strlen(text));
    assert_int_equal(guarded_text_times(name, text, size, &stop_after, &stop_timeout), 0);
    assert_int_equal(record->stop_after_usec, stop_after);
    assert_int_equal(record->stop_timeout_usec, stop_timeout);
}

static int guarded_unit_is_as_it_was(const char *name, const GuardRecord *record, void *userdata) {
    Run *it = userdata;
    bool was_permitted = was_marked(it, "guard/permits", name);
    assert_true(record->at_usec > 0);
    assert_int_equal(guard_directory_is_permitted(it->guard, name), was_permitted);
    record_is_whole(it, name, record);
    file_is_guarded(it, name, record);
    it->n_guarded++;
    it->n_permitted += was_permitted;
    return 0;
}

static void guarded_units_are_recognised(const char *folder) {
    Run it;
    run_open(&it, folder);
    assert_int_equal(guard_directory_walk(it.guard, guarded_unit_is_as_it_was, &it), 0);
    assert_true(it.n_guarded > 0 && it.n_permitted > 0);
    run_done(&it);
}

static void guard_goes_on_where_it_was(void **state) {
    stored_for_each_version(guarded_units_are_recognised);
}

/* --- what today's code keeps there --- */

static const char *wanted; /* a file, or a folder with files */
static bool is_there;

static void wanted_is_looked_for(const char *folder) {
    is_there |= stored_has(folder, wanted);
}

static void assert_was_stored(const char *name) {
    wanted = name;
    is_there = false;
    stored_for_each_version(wanted_is_looked_for);
    if (!is_there)
        fail_msg("no version has left %s", name);
}

/* A permit in the making is there for a moment only. */
static int folder_was_stored(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    const char *name = path + strlen(run->top) + 1;
    if (type == FTW_D && !streq(name, "run/guard/asking"))
        assert_was_stored(name);
    return 0;
}

static void every_kind_of_file_was_stored(void **state) {
    Run it = {.top = temporary_directory_new()};
    run = &it;
    it.path = str_printf("%s/run", it.top);
    assert_int_equal(unit_directory_open(it.path, &it.units, NULL), 0);
    assert_int_equal(guard_directory_open(it.path, &it.guard, NULL), 0);
    assert_int_equal(nftw(it.path, folder_was_stored, 16, FTW_PHYS), 0);
    assert_was_stored("run/boot-id");
    assert_was_stored("run/unfinished");
    run_done(&it);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machine_is_known_to_be_on_the_same_boot),
        cmocka_unit_test(units_are_recognised_with_their_marks),
        cmocka_unit_test(guard_goes_on_where_it_was),
        cmocka_unit_test(every_kind_of_file_was_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
