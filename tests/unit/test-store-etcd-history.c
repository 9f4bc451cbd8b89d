/* The etcd store against members that are another cluster than before, as after the restore of a
 * snapshot. */
#include "fleetd/base/strv.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/store/etcd-store.h"
#include "fleetd/store/mirror.h"
#include "tests/fakes/etcd-messages.h"
#include "tests/fakes/event-run.h"
#include "tests/fakes/grpc-peer.h"
#include "tests/fakes/watch-recorder.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define TIMEOUT (3 * USEC_PER_SEC)
#define N_PEERS 2

typedef struct Member {
    GrpcPeer *peer;
    unsigned ranges_of, watches_of; /* the cluster that it is, as it says in its answers */
    bool drops_ranges;
} Member;

typedef struct Fixture {
    sd_event *event;
    StoreSync sync;
    Member members[N_PEERS];
    WatchRecorder recorder;
    Mirror *mirror;
    unsigned n_restored;
} Fixture;

static void say_created(PeerCall *call, unsigned cluster) {
    ProtobufWriter message = {};
    etcd_add_header(&message, cluster, 9);
    protobuf_add_integer(&message, ETCD_WATCH_CREATED, 1);
    peer_call_send_message(call, &message);
}

static void say_range(PeerCall *call, unsigned cluster) {
    ProtobufWriter message = {};
    etcd_add_header(&message, cluster, 9);
    peer_call_answer(call, &message);
}

static void on_request(PeerCall *call, void *userdata) {
    Member *member = userdata;
    if (peer_call_is(call, "Watch"))
        say_created(call, member->watches_of);
    else if (member->drops_ranges)
        peer_call_hang_up(call);
    else
        say_range(call, member->ranges_of);
}

static int setup(void **state) {
    Fixture *f = *state = calloc(1, sizeof(*f));
    char **urls = NULL;
    assert_true(sd_event_default(&f->event) >= 0);
    assert_int_equal(event_loop_new(f->event, &f->sync.loop), 0);
    for (size_t i = 0; i < N_PEERS; i++) {
        f->members[i] = (Member){.ranges_of = 1, .watches_of = 1};
        f->members[i].peer = grpc_peer_new(f->event, on_request, &f->members[i]);
        assert_non_null(f->members[i].peer);
        _cleanup_free_ char *url =
            str_printf("http://127.0.0.1:%u", grpc_peer_port(f->members[i].peer));
        assert_int_equal(strv_push(&urls, url), 0);
    }
    EtcdOptions options = {.endpoints = urls, .key_prefix = "/f/", .request_timeout_usec = TIMEOUT};
    f->sync.run_until = event_run_until;
    assert_int_equal(etcd_store_new(f->event, f->sync.loop, &options, &f->sync.store, NULL), 0);
    strv_free(urls);
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    watch_recorder_done(&f->recorder);
    mirror_free(f->mirror);
    store_free(f->sync.store);
    for (size_t i = 0; i < N_PEERS; i++)
        grpc_peer_free(f->members[i].peer);
    event_loop_free(f->sync.loop);
    sd_event_unref(f->event);
    free(f);
    return 0;
}

static void watch_start(Fixture *f, int64_t start_revision, uint64_t history) {
    StoreWatch watch = {
        .key = "", .is_prefix = true, .start_revision = start_revision, .history = history};
    assert_int_equal(watch_recorder_start(&f->recorder, &f->sync, &watch), 0);
}

static uint64_t range_history(Fixture *f) {
    _cleanup_range_ StoreRangeResult result = {};
    assert_int_equal(store_sync_range(&f->sync, &(StoreRange){.key = "a"}, &result), 0);
    return result.history;
}

static void range_is_of_the_history_that_its_member_tells(void **state) {
    Fixture *f = *state;
    assert_int_equal(range_history(f), 1);
    f->members[0].ranges_of = 2;
    assert_int_equal(range_history(f), 2);
}

static void watch_stands_in_its_history_or_in_any(void **state) {
    Fixture *f = *state;
    watch_start(f, 10, 1);
    assert_true(watch_recorder_wait_created(&f->recorder));
    watch_recorder_done(&f->recorder);
    f->recorder = (WatchRecorder){};
    f->members[0].watches_of = 2;
    watch_start(f, 10, 0);
    assert_true(watch_recorder_wait_created(&f->recorder));
}

/* Also if the store has met the other history already, and nobody told this caller. */
static void watch_from_another_history_is_stale(void **state) {
    Fixture *f = *state;
    f->members[0].ranges_of = f->members[0].watches_of = 2;
    assert_int_equal(range_history(f), 2);
    watch_start(f, 10, 1);
    assert_true(watch_recorder_wait_closed(&f->recorder));
    assert_int_equal(f->recorder.closed_r, -ESTALE);
    assert_int_equal(f->recorder.n_created, 0);
}

static void watch_is_stale_when_any_answer_is_of_another_history(void **state) {
    Fixture *f = *state;
    watch_start(f, 10, 1);
    assert_true(watch_recorder_wait_created(&f->recorder));
    f->members[0].ranges_of = 2;
    assert_int_equal(range_history(f), 2);
    assert_true(watch_recorder_wait_closed(&f->recorder));
    assert_int_equal(f->recorder.closed_r, -ESTALE);
}

/* The answer that shows it is the one that the watch itself waits for. */
static void watch_is_stale_when_the_check_of_its_start_is_of_another_history(void **state) {
    Fixture *f = *state;
    f->members[0].ranges_of = 2;
    watch_start(f, 5, 1);
    assert_true(watch_recorder_wait_closed(&f->recorder));
    assert_int_equal(f->recorder.closed_r, -ESTALE);
    assert_int_equal(f->recorder.n_created, 0);
}

static void watch_ends_with_its_member_when_the_check_of_its_start_breaks(void **state) {
    Fixture *f = *state;
    f->members[0].drops_ranges = true;
    watch_start(f, 5, 1);
    assert_true(watch_recorder_wait_closed(&f->recorder));
    assert_int_equal(f->recorder.closed_r, -ECONNRESET);
}

static void on_put(const StoreEntry *entry, void *userdata) {
}

static void on_delete(const char *key, int64_t revision, void *userdata) {
}

static void on_synced(int64_t revision, void *userdata) {
}

static void on_restored(void *userdata) {
    ((Fixture *) userdata)->n_restored++;
}

static void mirror_start(Fixture *f) {
    static const MirrorCallbacks callbacks = {.on_put = on_put,
                                              .on_delete = on_delete,
                                              .on_synced = on_synced,
                                              .on_restored = on_restored};
    assert_int_equal(mirror_new(f->sync.store, f->sync.loop, &(MirrorKeys){.prefix = ""},
                                &callbacks, f, &f->mirror),
                     0);
}

static void mirror_tells_that_the_store_was_restored(void **state) {
    Fixture *f = *state;
    mirror_start(f);
    EVENT_RUN_UNTIL(f->sync.loop, mirror_is_synced(f->mirror));
    f->members[0].ranges_of = f->members[0].watches_of = 2;
    assert_int_equal(range_history(f), 2);
    EVENT_RUN_UNTIL(f->sync.loop, f->n_restored == 1 && mirror_is_synced(f->mirror));
}

/* As behind a balancer: a list from the one, a watch from the other. Each round is two requests and
 * a delay of at least 0.1 s. */
static void members_of_two_clusters_are_not_asked_without_end(void **state) {
    Fixture *f = *state;
    f->members[0].watches_of = 2;
    mirror_start(f);
    event_run_for(f->sync.loop, USEC_PER_SEC);
    assert_true(grpc_peer_n_requests(f->members[0].peer) >= 4);
    assert_true(grpc_peer_n_requests(f->members[0].peer) <= 24);
    assert_false(mirror_is_synced(f->mirror));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(range_is_of_the_history_that_its_member_tells),
        TEST(watch_stands_in_its_history_or_in_any),
        TEST(watch_from_another_history_is_stale),
        TEST(watch_is_stale_when_any_answer_is_of_another_history),
        TEST(watch_is_stale_when_the_check_of_its_start_is_of_another_history),
        TEST(watch_ends_with_its_member_when_the_check_of_its_start_breaks),
        TEST(mirror_tells_that_the_store_was_restored),
        TEST(members_of_two_clusters_are_not_asked_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
