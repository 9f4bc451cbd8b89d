#include "fleetd/base/strv.h"
#include "fleetd/store/embedded-store.h"
#include "fleetd/store/local-store.h"
#include "tests/fakes/faulty-disk.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/fakes/watch-recorder.h"
#include "tests/unit/store-conformance.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Place {
    char folder[sizeof("/tmp/fleet-store-XXXXXX")];
    char path[64];
} Place;

static void compact(StoreFixture *fixture, int64_t revision) {
    local_store_compact(fixture->sync.store, revision);
}

static const char *fixture_path(const StoreFixture *fixture) {
    return ((Place *) fixture->userdata)->path;
}

static int open_store(StoreFixture *fixture, Error *reterr) {
    return embedded_store_open(fixture->sync.loop, fixture_path(fixture), &fixture->sync.store,
                               reterr);
}

/* Without a store. */
static int setup_place(void **state) {
    StoreFixture *fixture = calloc(1, sizeof(StoreFixture));
    Place *place = calloc(1, sizeof(Place));
    if (!fixture || !place)
        return -1;
    *fixture = (StoreFixture){
        .sync = {.loop = virtual_loop_new(1), .run_until = virtual_loop_run_until},
        .compact = compact,
        .userdata = place,
    };
    strcpy(place->folder, "/tmp/fleet-store-XXXXXX");
    if (!mkdtemp(place->folder))
        return -1;
    snprintf(place->path, sizeof(place->path), "%s/fleet.db", place->folder);
    *state = fixture;
    return 0;
}

static int setup(void **state) {
    int r = setup_place(state);
    return r < 0 ? r : open_store(*state, NULL);
}

static int teardown(void **state) {
    StoreFixture *fixture = *state;
    Place *place = fixture->userdata;
    faulty_disk_set(DISK_WORKS);
    store_free(fixture->sync.store);
    virtual_loop_free(fixture->sync.loop);
    static const char *const suffixes[] = {"", "-wal", "-journal"};
    for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
        _cleanup_free_ char *file = str_printf("%s%s", place->path, suffixes[i]);
        unlink(file);
    }
    int r = rmdir(place->folder); /* nothing else was left there */
    free(place);
    free(fixture);
    return r;
}

static void reopen(StoreFixture *fixture) {
    _cleanup_error_ Error error = {};
    store_free(TAKE_PTR(fixture->sync.store));
    int r = open_store(fixture, &error);
    if (r < 0)
        print_error("%s\n", error_text(&error, r));
    assert_int_equal(r, 0);
}

/* Writes a file of that content in the store's place. */
static void write_file(StoreFixture *fixture, const void *content, size_t size) {
    int fd = open(fixture_path(fixture), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, size), size);
    close(fd);
}

static void sql(StoreFixture *fixture, const char *text) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(fixture_path(fixture), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void assert_open_fails(StoreFixture *fixture, int expected, const char *reason) {
    _cleanup_error_ Error error = {};
    assert_int_equal(open_store(fixture, &error), expected);
    assert_null(fixture->sync.store);
    assert_non_null(strstr(error_text(&error, 0), reason));
    assert_non_null(strstr(error_text(&error, 0), "fleet.db"));
}

static void entries_outlive_the_store(void **state) {
    StoreFixture *fixture = *state;
    char value[300];
    for (size_t i = 0; i < sizeof(value); i++)
        value[i] = (char) i;
    StoreWrite write = {
        .kind = STORE_PUT, .key = "\xff/\x01", .value = value, .value_size = sizeof(value)};
    int64_t created = fixture_put(fixture, "a", "1"), modified = fixture_put(fixture, "a", "2");
    fixture_put(fixture, "empty", "");
    fixture_put(fixture, "gone", "1");
    fixture_delete(fixture, "gone");
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.writes = &write, .n_writes = 1}, NULL), 0);
    int64_t last = store_sync_revision(&fixture->sync);

    for (int i = 0; i < 2; i++) {
        _cleanup_range_ StoreRangeResult range = {};
        reopen(fixture);
        assert_int_equal(
            store_sync_range(&fixture->sync, &(StoreRange){.key = "", .is_prefix = true}, &range),
            0);
        assert_true(range.revision > last);
        assert_int_equal(range.n_entries, 3);
        assert_string_equal(range.entries[0].value, "2");
        assert_int_equal(range.entries[0].create_revision, created);
        assert_int_equal(range.entries[0].mod_revision, modified);
        assert_string_equal(range.entries[1].key, "empty");
        assert_string_equal(range.entries[1].value, "");
        assert_string_equal(range.entries[2].key, "\xff/\x01");
        assert_int_equal(range.entries[2].value_size, sizeof(value));
        assert_memory_equal(range.entries[2].value, value, sizeof(value));
    }
}

static void revisions_never_come_again(void **state) {
    StoreFixture *fixture = *state;
    int64_t last = 0;
    for (int i = 0; i < 5; i++) {
        int64_t lease = 0, revision = store_sync_revision(&fixture->sync);
        assert_true(revision > last || i == 0);
        assert_int_equal(store_sync_grant(&fixture->sync, USEC_PER_MINUTE, &lease, NULL), 0);
        for (int j = 0; j < 700; j++) /* more than a step in two rounds, and none of it lasts */
            assert_int_equal(store_sync_put(&fixture->sync, "leased", "x", lease), 0);
        last = store_sync_revision(&fixture->sync);
        assert_true(last >= revision + 700);
        reopen(fixture);
        assert_true(store_sync_revision(&fixture->sync) > last);
        assert_value(fixture, "leased", NULL);
    }
}

static void lease_ends_with_the_store_and_takes_its_keys(void **state) {
    StoreFixture *fixture = *state;
    int64_t lease = 0;
    assert_int_equal(store_sync_grant(&fixture->sync, USEC_PER_MINUTE, &lease, NULL), 0);
    fixture_put(fixture, "leased-later", "1");
    static const char *const keys[] = {"leased", "leased-later", "freed"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        assert_int_equal(store_sync_put(&fixture->sync, keys[i], "2", lease), 0);
    fixture_put(fixture, "freed", "3");
    reopen(fixture);
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true}, "freed");
    assert_int_equal(store_sync_renew(&fixture->sync, lease), -ENOKEY);
    assert_int_equal(store_sync_put(&fixture->sync, "a", "1", lease), -ENOKEY);
}

static void watch_from_before_the_restart_is_stale(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    fixture_put(fixture, "a", "1");
    int64_t next = store_sync_revision(&fixture->sync) + 1;
    reopen(fixture);
    StoreWatch watch = {.key = "", .is_prefix = true, .start_revision = next};
    assert_int_equal(watch_recorder_start(&recorder, &fixture->sync, &watch), 0);
    assert_true(watch_recorder_wait_closed(&recorder));
    assert_int_equal(recorder.closed_r, -ESTALE);
}

/* Runs a child that opens the store, puts "a" and never closes it; it is killed when told so. */
static pid_t start_other_process(StoreFixture *fixture) {
    int ready[2];
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* also if the test fails */
        if (open_store(fixture, NULL) < 0 ||
            store_sync_put(&fixture->sync, "a", "acknowledged", 0) < 0 ||
            write(ready[1], "", 1) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    char byte;
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void kill_other_process(pid_t pid) {
    int status;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void what_was_acknowledged_survives_a_kill(void **state) {
    StoreFixture *fixture = *state;
    kill_other_process(start_other_process(fixture));
    assert_int_equal(open_store(fixture, NULL), 0);
    assert_value(fixture, "a", "acknowledged");
}

static void file_in_use_is_refused(void **state) {
    StoreFixture *fixture = *state;
    pid_t pid = start_other_process(fixture);
    assert_open_fails(fixture, -EBUSY, "in use by another process");
    kill_other_process(pid);
    assert_int_equal(open_store(fixture, NULL), 0);
    Store *second = NULL;
    assert_int_equal(embedded_store_open(fixture->sync.loop, fixture_path(fixture), &second, NULL),
                     -EBUSY);
}

static void garbage_is_refused_and_left_alone(void **state) {
    StoreFixture *fixture = *state;
    char garbage[5000];
    memset(garbage, 'x', sizeof(garbage));
    write_file(fixture, garbage, sizeof(garbage));
    assert_open_fails(fixture, -EUCLEAN, "not a database");
    struct stat st;
    assert_int_equal(stat(fixture_path(fixture), &st), 0);
    assert_int_equal(st.st_size, sizeof(garbage));
}

static void damaged_file_is_refused(void **state) {
    StoreFixture *fixture = *state;
    assert_int_equal(open_store(fixture, NULL), 0);
    for (int i = 0; i < 200; i++) {
        char key[16];
        snprintf(key, sizeof(key), "key-%d", i);
        fixture_put(fixture, key, "a value that takes some room, so that pages fill up");
    }
    store_free(TAKE_PTR(fixture->sync.store));
    int fd = open(fixture_path(fixture), O_WRONLY | O_CLOEXEC);
    char junk[4096];
    memset(junk, 0x5a, sizeof(junk));
    for (off_t page = 2; page < 5; page++)
        assert_int_equal(pwrite(fd, junk, sizeof(junk), page * 4096), sizeof(junk));
    close(fd);
    assert_open_fails(fixture, -EUCLEAN, "malformed");
}

static void later_schema_is_refused(void **state) {
    StoreFixture *fixture = *state;
    assert_int_equal(open_store(fixture, NULL), 0);
    store_free(TAKE_PTR(fixture->sync.store));
    sql(fixture, "PRAGMA user_version = 2");
    assert_open_fails(fixture, -ENOTSUP, "later version");
}

static void database_of_somebody_else_is_refused(void **state) {
    StoreFixture *fixture = *state;
    sql(fixture, "CREATE TABLE entry (mine TEXT)");
    assert_open_fails(fixture, -EMEDIUMTYPE, "not a store of fleet");
    sql(fixture, "INSERT INTO entry (mine) VALUES ('still here')");
}

static void missing_folder_is_named(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_error_ Error error = {};
    assert_int_equal(embedded_store_open(fixture->sync.loop, "/nonexistent/fleet.db",
                                         &fixture->sync.store, &error),
                     -ENOENT);
    assert_string_equal(error_text(&error, 0), "failed to open the store '/nonexistent/fleet.db': "
                                               "No such file or directory");
}

static mode_t file_mode(const StoreFixture *fixture, const char *suffix) {
    _cleanup_free_ char *path = str_printf("%s%s", fixture_path(fixture), suffix);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void files_are_for_the_owner_only(void **state) {
    StoreFixture *fixture = *state;
    write_file(fixture, "", 0); /* readable by all, as from a backup */
    assert_int_equal(open_store(fixture, NULL), 0);
    fixture_put(fixture, "a", "1");
    assert_int_equal(file_mode(fixture, ""), 0600);
    assert_int_equal(file_mode(fixture, "-wal"), 0600);
}

static void assert_write_fails_and_changes_nothing(StoreFixture *fixture, DiskFault fault,
                                                   int expected) {
    int64_t before = store_sync_revision(&fixture->sync);
    const StoreWrite writes[] = {
        {.kind = STORE_PUT, .key = "a", .value = "lost"},
        {.kind = STORE_PUT, .key = "new", .value = "lost"},
        {.kind = STORE_DELETE, .key = "b"},
    };
    faulty_disk_set(fault);
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            store_sync_txn(&fixture->sync, &(StoreTxn){.writes = writes, .n_writes = 3}, NULL),
            expected);
    assert_value(fixture, "a", "1");
    assert_keys(fixture, &(StoreRange){.key = "", .is_prefix = true}, "a b");
    assert_int_equal(store_sync_revision(&fixture->sync), before);
    faulty_disk_set(DISK_WORKS);
}

static void failing_disk_fails_the_write_and_nothing_else(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_recorder_ WatchRecorder recorder = {};
    fixture_put(fixture, "a", "1");
    fixture_put(fixture, "b", "1");
    assert_int_equal(watch_recorder_start(&recorder, &fixture->sync,
                                          &(StoreWatch){.key = "", .is_prefix = true}),
                     0);
    assert_true(watch_recorder_wait_created(&recorder));
    assert_write_fails_and_changes_nothing(fixture, DISK_IS_FULL, -ENOSPC);
    assert_write_fails_and_changes_nothing(fixture, DISK_CANNOT_SYNC, -EIO);
    fixture_put(fixture, "b", "2");
    assert_true(watch_recorder_wait_events(&recorder, 1));
    assert_string_equal(recorder.log, "+b=2");
    watch_recorder_done(&recorder);
    reopen(fixture);
    assert_value(fixture, "a", "1");
    assert_value(fixture, "b", "2");
    assert_value(fixture, "new", NULL);
}

static void lease_ends_in_memory_even_if_the_disk_is_full(void **state) {
    StoreFixture *fixture = *state;
    int64_t lease = 0;
    fixture_put(fixture, "a", "1"); /* after it, revisions are in stock */
    assert_int_equal(store_sync_grant(&fixture->sync, 2 * USEC_PER_SEC, &lease, NULL), 0);
    faulty_disk_set(DISK_IS_FULL);
    assert_int_equal(store_sync_put(&fixture->sync, "leased", "1", lease), 0);
    virtual_loop_advance(fixture->sync.loop, 3 * USEC_PER_SEC);
    assert_value(fixture, "leased", NULL);
}

static void end_of_a_lease_is_tried_until_the_disk_has_room(void **state) {
    StoreFixture *fixture = *state;
    int64_t lease = 0;
    assert_int_equal(store_sync_grant(&fixture->sync, 2 * USEC_PER_SEC, &lease, NULL), 0);
    assert_int_equal(store_sync_put(&fixture->sync, "leased", "1", lease), 0);
    faulty_disk_set(DISK_IS_FULL);
    int r = 0;
    for (int i = 0; i < 2000 && r == 0; i++) /* until no revision is left in stock */
        r = store_sync_put(&fixture->sync, "leased", "1", lease);
    assert_int_equal(r, -ENOSPC);
    virtual_loop_advance(fixture->sync.loop, 10 * USEC_PER_SEC);
    assert_value(fixture, "leased", "1");
    faulty_disk_set(DISK_WORKS);
    virtual_loop_advance(fixture->sync.loop, 2 * USEC_PER_SEC);
    assert_value(fixture, "leased", NULL);
    assert_int_equal(store_sync_renew(&fixture->sync, lease), -ENOKEY);
}

static void link_is_refused_and_not_followed(void **state) {
    StoreFixture *fixture = *state;
    _cleanup_free_ char *elsewhere = str_printf("%s-elsewhere", fixture_path(fixture));
    assert_int_equal(symlink(elsewhere, fixture_path(fixture)), 0);
    assert_open_fails(fixture, -ELOOP, "it is a symbolic link");
    assert_int_equal(access(elsewhere, F_OK), -1);
}

static void what_is_no_file_is_refused(void **state) {
    StoreFixture *fixture = *state;
    assert_int_equal(mkfifo(fixture_path(fixture), 0600), 0);
    assert_open_fails(fixture, -EINVAL, "it is no regular file");
}

#define PLACE_TEST(test) cmocka_unit_test_setup_teardown(test, setup_place, teardown)
#define EMBEDDED_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest own_tests[] = {
        EMBEDDED_TEST(entries_outlive_the_store),
        EMBEDDED_TEST(revisions_never_come_again),
        EMBEDDED_TEST(lease_ends_with_the_store_and_takes_its_keys),
        EMBEDDED_TEST(watch_from_before_the_restart_is_stale),
        PLACE_TEST(what_was_acknowledged_survives_a_kill),
        PLACE_TEST(file_in_use_is_refused),
        PLACE_TEST(garbage_is_refused_and_left_alone),
        PLACE_TEST(damaged_file_is_refused),
        PLACE_TEST(later_schema_is_refused),
        PLACE_TEST(database_of_somebody_else_is_refused),
        PLACE_TEST(missing_folder_is_named),
        PLACE_TEST(files_are_for_the_owner_only),
        PLACE_TEST(link_is_refused_and_not_followed),
        PLACE_TEST(what_is_no_file_is_refused),
        EMBEDDED_TEST(failing_disk_fails_the_write_and_nothing_else),
        EMBEDDED_TEST(lease_ends_in_memory_even_if_the_disk_is_full),
        EMBEDDED_TEST(end_of_a_lease_is_tried_until_the_disk_has_room),
    };
    if (faulty_disk_install() != 0)
        return EXIT_FAILURE;
    return store_conformance_run(setup, teardown, NULL, NULL, own_tests, ELEMENTSOF(own_tests));
}
