#include "tests/unit/etcd-peers-test.h"

#include "fleetd/net/event-loop.h"

static void on_request(PeerCall *call, void *userdata) {
    Member *member = userdata;
    member->call = call;
    if (member->answer)
        member->answer(call);
}

void peers_test_store_open(Fixture *f, size_t n_endpoints, usec_t timeout_usec) {
    char **urls = NULL;
    store_free(TAKE_PTR(f->store));
    for (size_t i = 0; i < n_endpoints; i++) {
        _cleanup_free_ char *url =
            str_printf("http://127.0.0.1:%u", grpc_peer_port(f->members[i].peer));
        assert_int_equal(strv_push(&urls, url), 0);
    }
    EtcdOptions options = {
        .endpoints = urls, .key_prefix = "/f/", .request_timeout_usec = timeout_usec};
    assert_int_equal(etcd_store_new(f->event, f->loop, &options, &f->store, NULL), 0);
    strv_free(urls);
}

void peers_test_store_free(Fixture *f) {
    store_free(TAKE_PTR(f->store));
}

static void setup_peers(Fixture *f) {
    assert_true(sd_event_default(&f->event) >= 0);
    assert_int_equal(event_loop_new(f->event, &f->loop), 0);
    for (size_t i = 0; i < N_PEERS; i++) {
        f->members[i].peer = grpc_peer_new(f->event, on_request, &f->members[i]);
        assert_non_null(f->members[i].peer);
    }
}

int peers_test_setup(void **state) {
    Fixture *f = *state = calloc(1, sizeof(*f));
    setup_peers(f);
    peers_test_store_open(f, N_PEERS, TIMEOUT);
    return 0;
}

int peers_test_setup_single(void **state) {
    Fixture *f = *state = calloc(1, sizeof(*f));
    setup_peers(f);
    peers_test_store_open(f, 1, TIMEOUT);
    return 0;
}

int peers_test_teardown(void **state) {
    Fixture *f = *state;
    store_free(f->store);
    for (size_t i = 0; i < N_PEERS; i++)
        grpc_peer_free(f->members[i].peer);
    event_loop_free(f->loop);
    sd_event_unref(f->event);
    free(f->value);
    free(f);
    return 0;
}

void peers_test_on_range(int r, const StoreRangeResult *result, void *userdata) {
    Fixture *f = userdata;
    f->n_done++;
    f->r = r;
    assert_int_equal(
        str_replace(&f->value, result && result->n_entries > 0 ? result->entries[0].value : NULL),
        0);
    if (f->in_done)
        f->in_done(f);
}

void peers_test_range_start(Fixture *f) {
    assert_int_equal(store_range(f->store, &(StoreRange){.key = "a"}, peers_test_on_range, f, NULL),
                     0);
}

unsigned peers_test_n_requests(const Fixture *f, size_t member) {
    return grpc_peer_n_requests(f->members[member].peer);
}

void say_range(PeerCall *call) {
    ProtobufWriter message = {};
    etcd_add_header(&message, 1, 9);
    etcd_add_entry(&message, "/f/a", "hello", 7);
    peer_call_answer(call, &message);
}

void say_no_leader(PeerCall *call) {
    peer_call_end(call, 14, "etcdserver: no leader");
}

void say_nothing_and_hang_up(PeerCall *call) {
    peer_call_hang_up(call);
}
