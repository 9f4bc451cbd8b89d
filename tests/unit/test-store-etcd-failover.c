/* The etcd store's requests to members that the test plays: what goes wrong, who is asked then. */
#include "tests/unit/etcd-peers-test.h"

#include <errno.h>

/* What members say */

static void say_succeeded(PeerCall *call) {
    ProtobufWriter message = {};
    etcd_add_header(&message, 1, 9);
    protobuf_add_integer(&message, ETCD_TXN_SUCCEEDED, 1);
    peer_call_answer(call, &message);
}

static void say_lease(PeerCall *call) {
    ProtobufWriter message = {};
    protobuf_add_integer(&message, ETCD_LEASE_ID, 17);
    protobuf_add_integer(&message, ETCD_LEASE_TTL, 10);
    peer_call_answer(call, &message);
}

static void say_lease_not_found(PeerCall *call) {
    peer_call_end(call, 5, "etcdserver: requested lease not found");
}

static void say_half(PeerCall *call) {
    peer_call_send(call, "\0\0\0\0\x64{", 6);
    peer_call_hang_up(call);
}

static void say_nonsense(PeerCall *call) {
    peer_call_answer_http(call, 200, "<html>It works!</html>");
}

static void say_no_message(PeerCall *call) {
    peer_call_end(call, 0, "");
}

static void say_not_found(PeerCall *call) {
    peer_call_answer_http(call, 404, "Not Found");
}

static void say_timed_out(PeerCall *call) {
    peer_call_end(call, 14, "etcdserver: request timed out");
}

static void say_reset(PeerCall *call) {
    peer_call_reset(call, 2); /* INTERNAL_ERROR */
}

static void say_refused_stream(PeerCall *call) {
    peer_call_reset(call, 7);
}

/* Requests */

static void on_txn(int r, const StoreTxnResult *result, void *userdata) {
    Fixture *f = userdata;
    f->n_done++;
    f->r = r;
    f->succeeded = result && result->succeeded;
}

static void txn_start(Fixture *f) {
    StoreWrite write = {.kind = STORE_PUT, .key = "a", .value = "b"};
    StoreTxn txn = {.writes = &write, .n_writes = 1};
    assert_int_equal(store_txn(f->store, &txn, on_txn, f, NULL), 0);
}

static void on_lease(int r, int64_t lease, usec_t ttl_usec, void *userdata) {
    Fixture *f = userdata;
    f->n_done++;
    f->r = r;
    assert_int_equal(lease, 17);
}

static void read_is_asked_again_at_the_next_member(void **state) {
    Fixture *f = *state;
    static void (*const failures[])(PeerCall *) = {
        say_nothing_and_hang_up, say_half,      say_nonsense,  say_no_message,
        say_not_found,           say_no_leader, say_timed_out, say_reset,
        say_refused_stream,      NULL /* silence */};
    for (size_t i = 0; i < ELEMENTSOF(failures); i++) {
        peers_test_store_open(f, N_PEERS, failures[i] ? TIMEOUT : TIMEOUT / 3);
        f->n_done = 0;
        f->members[0].answer = failures[i];
        f->members[1].answer = say_range;
        peers_test_range_start(f);
        EVENT_RUN_UNTIL(f->loop, f->n_done);
        assert_int_equal(f->r, 0);
        assert_string_equal(f->value, "hello");
        assert_int_equal(peers_test_n_requests(f, 1), i + 1);
    }
}

static void later_requests_go_to_the_member_that_answered(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_nothing_and_hang_up;
    f->members[1].answer = say_range;
    peers_test_range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 1);
    unsigned n = peers_test_n_requests(f, 0);
    peers_test_range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 2);
    assert_int_equal(peers_test_n_requests(f, 0), n);
}

static void read_that_nobody_answers_ends_within_twice_its_time(void **state) {
    Fixture *f = *state;
    peers_test_store_open(f, N_PEERS, SHORT_TIMEOUT);
    usec_t begin = loop_now(f->loop);
    peers_test_range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    assert_int_equal(f->r, -ETIMEDOUT);
    assert_true(loop_now(f->loop) - begin >= 2 * SHORT_TIMEOUT - 5 * USEC_PER_MSEC);
    assert_int_equal(peers_test_n_requests(f, 0), 1);
    assert_int_equal(peers_test_n_requests(f, 1), 1);
}

static void write_is_not_repeated_once_it_was_sent(void **state) {
    Fixture *f = *state;
    static const struct {
        void (*answer)(PeerCall *);
        int r;
    } cases[] = {
        {say_nothing_and_hang_up, -ECONNRESET},
        {say_half, -ECONNRESET},
        {say_reset, -ECONNRESET},
        {say_timed_out, -ETIMEDOUT},
        {say_nonsense, -EPROTO},
        {NULL, -ETIMEDOUT},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        peers_test_store_open(f, N_PEERS, cases[i].answer ? TIMEOUT : SHORT_TIMEOUT);
        f->n_done = 0;
        f->members[0].answer = cases[i].answer;
        txn_start(f);
        EVENT_RUN_UNTIL(f->loop, f->n_done);
        assert_int_equal(f->r, cases[i].r);
    }
    event_run_for(f->loop, 20 * USEC_PER_MSEC);
    assert_int_equal(peers_test_n_requests(f, 0), ELEMENTSOF(cases));
    assert_int_equal(peers_test_n_requests(f, 1), 0);
}

static void write_that_was_not_sent_goes_to_the_next_member(void **state) {
    Fixture *f = *state;
    grpc_peer_free(TAKE_PTR(f->members[0].peer));
    f->members[1].answer = say_succeeded;
    txn_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    assert_int_equal(f->r, 0);
    assert_true(f->succeeded);
}

/* It says itself that it did nothing with it. */
static void write_that_was_not_looked_at_goes_to_the_next_member(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_refused_stream;
    f->members[1].answer = say_succeeded;
    txn_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    assert_int_equal(f->r, 0);
    assert_true(f->succeeded);
}

static void refusal_is_an_answer_and_no_failure(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_lease_not_found;
    txn_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 1);
    assert_int_equal(f->r, -ENOKEY);
    assert_false(f->succeeded);
    f->members[0].answer = say_range;
    peers_test_range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 2);
    assert_int_equal(peers_test_n_requests(f, 1), 0);
}

static void read_survives_the_restart_of_a_single_member(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_range;
    peers_test_range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 1);
    /* The kept connection breaks under the next request, a new one is fine. */
    f->members[0].answer = say_nothing_and_hang_up;
    peers_test_range_start(f);
    EVENT_RUN_UNTIL(f->loop, peers_test_n_requests(f, 0) == 2);
    f->members[0].answer = say_range;
    EVENT_RUN_UNTIL(f->loop, f->n_done == 2);
    assert_int_equal(f->r, 0);
}

static void refused_single_member_is_told_at_once(void **state) {
    Fixture *f = *state;
    grpc_peer_free(TAKE_PTR(f->members[0].peer));
    peers_test_range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    assert_int_equal(f->r, -ECONNREFUSED);
}

static void renewal_goes_to_the_next_member_too(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_no_leader;
    f->members[1].answer = say_lease;
    assert_int_equal(store_lease_renew(f->store, 17, on_lease, f, NULL), 0);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    assert_int_equal(f->r, 0);
}

/* The first member revoked the lease and died before it could say so. */
static void repeated_revocation_finds_its_lease_gone(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_nothing_and_hang_up;
    f->members[1].answer = say_lease_not_found;
    assert_int_equal(store_lease_revoke(f->store, 17, on_lease, f, NULL), 0);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 1);
    assert_int_equal(f->r, 0);
    assert_int_equal(store_lease_revoke(f->store, 17, on_lease, f, NULL), 0);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 2);
    assert_int_equal(f->r, -ENOKEY);
}

static void say_lease_only(PeerCall *call) {
    if (strstr(peer_call_path(call), "/etcdserverpb.Lease/"))
        say_lease(call);
}

static void renewal_does_not_wait_behind_other_work(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_lease_only;
    for (int i = 0; i < 100; i++)
        peers_test_range_start(f);
    assert_int_equal(store_lease_renew(f->store, 17, on_lease, f, NULL), 0);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    assert_int_equal(f->n_done, 1);
    assert_int_equal(f->r, 0);
}

static void cancelled_operation_is_silent(void **state) {
    Fixture *f = *state;
    StoreOp *op;
    peers_test_store_open(f, N_PEERS, SHORT_TIMEOUT);
    assert_int_equal(store_range(f->store, &(StoreRange){.key = "a"}, peers_test_on_range, f, &op),
                     0);
    EVENT_RUN_UNTIL(f->loop, peers_test_n_requests(f, 0) == 1);
    store_op_cancel(op);
    event_run_for(f->loop, 2 * SHORT_TIMEOUT + 50 * USEC_PER_MSEC);
    assert_int_equal(f->n_done, 0);
    assert_int_equal(peers_test_n_requests(f, 1), 0);
}

static void store_may_be_freed_in_a_callback(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_range;
    f->in_done = peers_test_store_free;
    peers_test_range_start(f);
    for (int i = 0; i < 10; i++)
        txn_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    event_run_for(f->loop, 20 * USEC_PER_MSEC);
    assert_null(f->store);
}

static void options_without_sense_are_refused(void **state) {
    Fixture *f = *state;
    char *const urls[] = {(char *) "http://127.0.0.1:1", NULL};
    char *const bad_urls[] = {(char *) "127.0.0.1", NULL};
    const EtcdOptions options[] = {
        {.key_prefix = "", .request_timeout_usec = TIMEOUT},
        {.endpoints = bad_urls, .key_prefix = "", .request_timeout_usec = TIMEOUT},
        {.endpoints = urls, .key_prefix = ""},
    };
    for (size_t i = 0; i < ELEMENTSOF(options); i++) {
        _cleanup_error_ Error error = {};
        Store *store = NULL;
        assert_int_equal(etcd_store_new(f->event, f->loop, &options[i], &store, &error), -EINVAL);
        assert_non_null(error.message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(read_is_asked_again_at_the_next_member),
        TEST(later_requests_go_to_the_member_that_answered),
        TEST(read_that_nobody_answers_ends_within_twice_its_time),
        TEST(write_is_not_repeated_once_it_was_sent),
        TEST(write_that_was_not_sent_goes_to_the_next_member),
        TEST(write_that_was_not_looked_at_goes_to_the_next_member),
        TEST(refusal_is_an_answer_and_no_failure),
        TEST_SINGLE(read_survives_the_restart_of_a_single_member),
        TEST_SINGLE(refused_single_member_is_told_at_once),
        TEST(renewal_goes_to_the_next_member_too),
        TEST(repeated_revocation_finds_its_lease_gone),
        TEST(renewal_does_not_wait_behind_other_work),
        TEST(cancelled_operation_is_silent),
        TEST(store_may_be_freed_in_a_callback),
        TEST(options_without_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
