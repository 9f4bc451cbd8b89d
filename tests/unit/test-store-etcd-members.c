/* The etcd store and a mirror on it, on real members that fail. */
#include "fleetd/base/strv.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/store/etcd-store.h"
#include "fleetd/store/mirror.h"
#include "tests/fakes/etcd-process.h"
#include "tests/fakes/event-run.h"
#include "tests/fakes/store-sync.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define N_MEMBERS 3
#define TIMEOUT (1500 * USEC_PER_MSEC)
/* Longer than any election. */
#define PATIENCE (20 * USEC_PER_SEC)

typedef struct Fixture {
    EtcdProcess *etcd;
    sd_event *event;
    StoreSync sync;
    Mirror *mirror;
    char *value; /* of the key "a", as the mirror tells it */
    unsigned n_lost, n_deleted, n_restored;
} Fixture;

static int setup_members(void **state, size_t n) {
    Fixture *f = *state = calloc(1, sizeof(*f));
    f->etcd = etcd_process_start(n);
    assert_non_null(f->etcd);
    assert_true(sd_event_default(&f->event) >= 0);
    f->sync.run_until = event_run_until;
    assert_int_equal(event_loop_new(f->event, &f->sync.loop), 0);
    EtcdOptions options = {.endpoints = etcd_process_urls(f->etcd),
                           .key_prefix = "/f/",
                           .request_timeout_usec = TIMEOUT};
    assert_int_equal(etcd_store_new(f->event, f->sync.loop, &options, &f->sync.store, NULL), 0);
    return 0;
}

static int setup(void **state) {
    return setup_members(state, N_MEMBERS);
}

static int setup_single(void **state) {
    return setup_members(state, 1);
}

static int teardown(void **state) {
    Fixture *f = *state;
    mirror_free(f->mirror);
    store_free(f->sync.store);
    event_loop_free(f->sync.loop);
    sd_event_unref(f->event);
    etcd_process_free(f->etcd);
    free(f->value);
    free(f);
    return 0;
}

static void on_put(const StoreEntry *entry, void *userdata) {
    Fixture *f = userdata;
    if (streq(entry->key, "a"))
        assert_int_equal(str_replace(&f->value, entry->value), 0);
}

static void on_delete(const char *key, int64_t revision, void *userdata) {
    ((Fixture *) userdata)->n_deleted++;
}

static void on_synced(int64_t revision, void *userdata) {
}

static void on_lost(int r, void *userdata) {
    ((Fixture *) userdata)->n_lost++;
}

static void on_restored(void *userdata) {
    ((Fixture *) userdata)->n_restored++;
}

static void mirror_start(Fixture *f) {
    static const MirrorCallbacks callbacks = {on_put, on_delete, on_synced, on_lost, on_restored};
    assert_int_equal(mirror_new(f->sync.store, f->sync.loop, &(MirrorKeys){.prefix = ""},
                                &callbacks, f, &f->mirror),
                     0);
    EVENT_RUN_UNTIL(f->sync.loop, mirror_is_synced(f->mirror));
}

static void put_in_the_end(Fixture *f, const char *key, const char *value) {
    usec_t deadline = loop_now(f->sync.loop) + PATIENCE;
    while (store_sync_put(&f->sync, key, value, 0) < 0)
        assert_true(loop_now(f->sync.loop) < deadline);
}

static bool value_is(const Fixture *f, const char *value) {
    return f->value && streq(f->value, value);
}

static void mirror_and_lease_move_on_when_their_member_is_killed(void **state) {
    Fixture *f = *state;
    int64_t lease = 0;
    put_in_the_end(f, "a", "1");
    mirror_start(f);
    assert_int_equal(store_sync_grant(&f->sync, 30 * USEC_PER_SEC, &lease, NULL), 0);
    etcd_process_kill(f->etcd, 0);
    put_in_the_end(f, "a", "2");
    EVENT_RUN_UNTIL(f->sync.loop, value_is(f, "2"));
    assert_int_equal(store_sync_renew(&f->sync, lease), 0);
    assert_int_equal(f->n_deleted, 0);
}

/* It may have been the leader: then all wait for an election. */
static void mirror_moves_on_when_its_member_hangs(void **state) {
    Fixture *f = *state;
    put_in_the_end(f, "a", "1");
    mirror_start(f);
    etcd_process_pause(f->etcd, 0);
    put_in_the_end(f, "a", "2");
    EVENT_RUN_UNTIL(f->sync.loop, value_is(f, "2"));
    assert_true(f->n_lost > 0);
    assert_true(mirror_is_synced(f->mirror));
}

/* The member itself answers, but has no majority: nothing is asked of it, and still the mirror gets
 * to know. */
static void mirror_notices_that_its_member_is_cut_off(void **state) {
    Fixture *f = *state;
    put_in_the_end(f, "a", "1");
    mirror_start(f);
    etcd_process_pause(f->etcd, 1);
    etcd_process_pause(f->etcd, 2);
    EVENT_RUN_UNTIL(f->sync.loop, f->n_lost > 0);
    /* Another key: the write may yet take effect, even after later ones. */
    assert_true(store_sync_put(&f->sync, "b", "2", 0) < 0);
    etcd_process_resume(f->etcd, 1);
    etcd_process_resume(f->etcd, 2);
    put_in_the_end(f, "a", "3");
    EVENT_RUN_UNTIL(f->sync.loop, value_is(f, "3") && mirror_is_synced(f->mirror));
}

/* The revision that the mirror waits for is one of the far future now. */
static void mirror_lists_anew_when_etcd_has_lost_its_data(void **state) {
    Fixture *f = *state;
    for (int i = 0; i < 10; i++)
        put_in_the_end(f, "a", "old");
    put_in_the_end(f, "gone", "x");
    mirror_start(f);
    etcd_process_kill(f->etcd, 0);
    assert_int_equal(etcd_process_restart_empty(f->etcd), 0);
    put_in_the_end(f, "a", "new");
    EVENT_RUN_UNTIL(f->sync.loop, value_is(f, "new") && mirror_is_synced(f->mirror));
    assert_int_equal(f->n_deleted, 1);
}

/* Others have written so much meanwhile that a watch would just go on where it was. */
static void mirror_lists_anew_when_etcd_was_restored_and_has_come_further(void **state) {
    Fixture *f = *state;
    put_in_the_end(f, "a", "old");
    int r = etcd_process_save(f->etcd);
    if (r == -ENOENT)
        skip();
    assert_int_equal(r, 0);
    put_in_the_end(f, "late", "x");
    mirror_start(f);
    int64_t revision = mirror_revision(f->mirror);
    etcd_process_kill(f->etcd, 0);
    assert_int_equal(etcd_process_restart_restored(f->etcd), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(etcd_process_post(f->etcd, 0, "/v3/kv/put",
                                           "{\"key\":\"L2YvYQ==\",\"value\":\"bmV3\"}"),
                         200);
    EVENT_RUN_UNTIL(f->sync.loop, f->n_lost > 0 && mirror_is_synced(f->mirror));
    assert_true(mirror_revision(f->mirror) > revision);
    assert_int_equal(f->n_restored, 1);
    assert_int_equal(f->n_deleted, 1);
    assert_true(value_is(f, "new"));
}

#define TEST_SINGLE(f) cmocka_unit_test_setup_teardown(f, setup_single, teardown)
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(mirror_and_lease_move_on_when_their_member_is_killed),
        TEST(mirror_moves_on_when_its_member_hangs),
        TEST(mirror_notices_that_its_member_is_cut_off),
        TEST_SINGLE(mirror_lists_anew_when_etcd_has_lost_its_data),
        TEST_SINGLE(mirror_lists_anew_when_etcd_was_restored_and_has_come_further),
    };
    if (!etcd_process_is_available()) {
        puts("1..0 # SKIP there is no etcd to run");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
