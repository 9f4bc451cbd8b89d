#include "fleetd/engine/version-files.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/unit-version.h"
#include "fleetd/store/memory-store.h"
#include "tests/fakes/faulty-store.h"
#include "tests/fakes/store-sync.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define N_UNITS 700 /* some pages */

typedef struct Fixture {
    Loop *loop;
    Store *behind, *store;
    StoreSync sync;
    Map *hashes;
    VersionFiles *files;
    size_t n_done;
    int result;
} Fixture;

static int setup(void **state) {
    Fixture *f = calloc(1, sizeof(Fixture));
    f->loop = virtual_loop_new(1);
    assert_int_equal(memory_store_new(f->loop, &f->behind), 0);
    assert_int_equal(faulty_store_new(f->loop, f->behind, &f->store), 0);
    f->sync = (StoreSync){f->behind, f->loop, virtual_loop_run_until};
    f->hashes = map_new(NULL);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    version_files_free(f->files);
    store_free(f->store);
    store_free(f->behind);
    map_free(f->hashes);
    virtual_loop_free(f->loop);
    free(f);
    return 0;
}

static char *make_hash(int number) {
    return str_printf("%040x", number);
}

static void put_version(Fixture *f, int unit, int number, const char *value) {
    _cleanup_free_ char *name = str_printf("web@%d.service", unit);
    _cleanup_free_ char *key = key_version(name, number);
    assert_int_equal(store_sync_put(&f->sync, key, value, 0), 0);
}

static void put_version_of(Fixture *f, int unit, int number, int hash) {
    _cleanup_free_ char *text = make_hash(hash);
    _cleanup_free_ char *value = unit_version_format(&(UnitVersion){.hash = text});
    put_version(f, unit, number, value);
}

static void ask_for(Fixture *f, int hash) {
    _cleanup_free_ char *text = make_hash(hash);
    assert_true(map_put(f->hashes, text, NULL) >= 0);
}

static bool is_left(const Fixture *f, int hash) {
    _cleanup_free_ char *text = make_hash(hash);
    return map_has(f->hashes, text);
}

static void on_done(int r, void *userdata) {
    Fixture *f = userdata;
    f->n_done++;
    f->result = r;
}

static void find(Fixture *f) {
    assert_int_equal(version_files_new(f->store, f->hashes, on_done, f, &f->files), 0);
    virtual_loop_advance(f->loop, USEC_PER_MINUTE);
    assert_int_equal(f->n_done, 1);
}

static void what_no_version_has_is_left(void **state) {
    Fixture *f = *state;
    for (int unit = 0; unit < N_UNITS; unit++) {
        put_version_of(f, unit, 1, unit);
        put_version_of(f, unit, 2, N_UNITS + unit);
    }
    for (int hash = 0; hash < 2 * N_UNITS + 3; hash++)
        ask_for(f, hash);
    find(f);
    assert_int_equal(f->result, 0);
    assert_int_equal(map_size(f->hashes), 3);
    assert_true(is_left(f, 2 * N_UNITS) && is_left(f, 2 * N_UNITS + 2));
}

static void without_versions_all_is_left(void **state) {
    Fixture *f = *state;
    ask_for(f, 1);
    find(f);
    assert_int_equal(f->result, 0);
    assert_true(is_left(f, 1));
}

static void version_that_cannot_be_read_has_no_file(void **state) {
    Fixture *f = *state;
    put_version(f, 1, 1, "garbage");
    put_version_of(f, 1, 2, 2);
    ask_for(f, 1);
    ask_for(f, 2);
    find(f);
    assert_int_equal(f->result, 0);
    assert_true(is_left(f, 1) && !is_left(f, 2));
}

static void store_that_does_not_answer_is_told(void **state) {
    Fixture *f = *state;
    ask_for(f, 1);
    faulty_store_cut(f->store, -ECONNREFUSED);
    find(f);
    assert_int_equal(f->result, -ECONNREFUSED);
}

static void freed_one_tells_nothing(void **state) {
    Fixture *f = *state;
    ask_for(f, 1);
    assert_int_equal(version_files_new(f->store, f->hashes, on_done, f, &f->files), 0);
    version_files_free(TAKE_PTR(f->files));
    virtual_loop_advance(f->loop, USEC_PER_MINUTE);
    assert_int_equal(f->n_done, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_no_version_has_is_left),
        TEST(without_versions_all_is_left),
        TEST(version_that_cannot_be_read_has_no_file),
        TEST(store_that_does_not_answer_is_told),
        TEST(freed_one_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
