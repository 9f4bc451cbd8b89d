/* The etcd store against members that the test plays: what goes wrong, and who is asked then. */
#include "fleetd/base/strv.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/store/etcd-store.h"
#include "tests/fakes/event-run.h"
#include "tests/fakes/scripted-peer.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

/* Far more than an answer takes, however busy the machine is; and for tests that wait for its end.
 */
#define TIMEOUT (3 * USEC_PER_SEC)
#define SHORT_TIMEOUT (300 * USEC_PER_MSEC)
#define N_PEERS 2

typedef struct Member {
    ScriptedPeer *peer;
    PeerConnection *connection;                                   /* of the last request */
    void (*answer)(PeerConnection *connection, const char *text); /* NULL: never answers */
} Member;

typedef struct Fixture {
    sd_event *event;
    Loop *loop;
    Member members[N_PEERS];
    Store *store;
    unsigned n_done;
    int r;
    char *value; /* of the first entry of a range */
    bool succeeded;
    StoreOp *watch;
    unsigned n_created, n_closed, n_events;
    int closed_r;
    char order[64]; /* keys of the events, one after the other */
    void (*in_events)(struct Fixture *);
} Fixture;

static void on_request(PeerConnection *connection, const char *text, void *userdata) {
    Member *member = userdata;
    member->connection = connection;
    if (member->answer)
        member->answer(connection, text);
}

static void store_open(Fixture *f, size_t n_endpoints, usec_t timeout_usec) {
    char **urls = NULL;
    store_free(TAKE_PTR(f->store));
    for (size_t i = 0; i < n_endpoints; i++) {
        _cleanup_free_ char *url =
            str_printf("http://127.0.0.1:%u", scripted_peer_port(f->members[i].peer));
        assert_int_equal(strv_push(&urls, url), 0);
    }
    EtcdOptions options = {
        .endpoints = urls, .key_prefix = "/f/", .request_timeout_usec = timeout_usec};
    assert_int_equal(etcd_store_new(f->event, f->loop, &options, &f->store, NULL), 0);
    strv_free(urls);
}

static void setup_peers(Fixture *f) {
    assert_true(sd_event_default(&f->event) >= 0);
    assert_int_equal(event_loop_new(f->event, &f->loop), 0);
    for (size_t i = 0; i < N_PEERS; i++) {
        f->members[i].peer = scripted_peer_new(f->event, NULL, on_request, &f->members[i]);
        assert_non_null(f->members[i].peer);
    }
}

static int setup(void **state) {
    Fixture *f = *state = calloc(1, sizeof(*f));
    setup_peers(f);
    store_open(f, N_PEERS, TIMEOUT);
    return 0;
}

static int setup_single(void **state) {
    Fixture *f = *state = calloc(1, sizeof(*f));
    setup_peers(f);
    store_open(f, 1, TIMEOUT);
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    store_free(f->store);
    for (size_t i = 0; i < N_PEERS; i++)
        scripted_peer_free(f->members[i].peer);
    event_loop_free(f->loop);
    sd_event_unref(f->event);
    free(f->value);
    free(f);
    return 0;
}

static unsigned n_requests(Fixture *f, size_t member) {
    return scripted_peer_n_requests(f->members[member].peer);
}

/* What members say */

#define HEADER "\"header\":{\"revision\":\"9\"}"

static void say_range(PeerConnection *connection, const char *text) {
    peer_connection_answer(connection, 200,
                           "{" HEADER ",\"kvs\":[{\"key\":\"L2YvYQ==\",\"value\":\"aGVsbG8=\","
                           "\"create_revision\":\"4\",\"mod_revision\":\"7\"}]}");
}

static void say_succeeded(PeerConnection *connection, const char *text) {
    peer_connection_answer(connection, 200, "{" HEADER ",\"succeeded\":true}");
}

static void say_lease(PeerConnection *connection, const char *text) {
    peer_connection_answer(connection, 200, "{\"result\":{\"ID\":\"17\",\"TTL\":\"10\"}}\n");
}

static void say_lease_not_found(PeerConnection *connection, const char *text) {
    peer_connection_answer(connection, 404,
                           "{\"error\":\"etcdserver: requested lease not found\",\"code\":5}");
}

static void say_nothing_and_close(PeerConnection *connection, const char *text) {
    peer_connection_close(connection);
}

static void say_half(PeerConnection *connection, const char *text) {
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{";
    peer_connection_send(connection, half, sizeof(half) - 1);
    peer_connection_close(connection);
}

static void say_nonsense(PeerConnection *connection, const char *text) {
    peer_connection_answer(connection, 200, "<html>It works!</html>");
}

static void say_not_found(PeerConnection *connection, const char *text) {
    peer_connection_answer(connection, 404, "Not Found");
}

static void say_no_leader(PeerConnection *connection, const char *text) {
    peer_connection_answer(connection, 503, "{\"error\":\"etcdserver: no leader\",\"code\":14}");
}

static void say_timed_out(PeerConnection *connection, const char *text) {
    peer_connection_answer(connection, 503,
                           "{\"error\":\"etcdserver: request timed out\",\"code\":14}");
}

static void say_stream(PeerConnection *connection, const char *text) {
    peer_connection_send(connection, PEER_CHUNKED_HEADERS, strlen(PEER_CHUNKED_HEADERS));
}

#define CREATED "{\"result\":{" HEADER ",\"created\":true}}\n"

static void say_created(PeerConnection *connection, const char *text) {
    say_stream(connection, text);
    peer_connection_send_chunk(connection, CREATED, strlen(CREATED));
}

/* Requests */

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    Fixture *f = userdata;
    f->n_done++;
    f->r = r;
    assert_int_equal(
        str_replace(&f->value, result && result->n_entries > 0 ? result->entries[0].value : NULL),
        0);
}

static void range_start(Fixture *f) {
    assert_int_equal(store_range(f->store, &(StoreRange){.key = "a"}, on_range, f, NULL), 0);
}

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
    static void (*const failures[])(PeerConnection *, const char *) = {
        say_nothing_and_close, say_half,      say_nonsense, say_not_found,
        say_no_leader,         say_timed_out, NULL /* silence */};
    for (size_t i = 0; i < ELEMENTSOF(failures); i++) {
        store_open(f, N_PEERS, failures[i] ? TIMEOUT : TIMEOUT / 3);
        f->n_done = 0;
        f->members[0].answer = failures[i];
        f->members[1].answer = say_range;
        range_start(f);
        EVENT_RUN_UNTIL(f->loop, f->n_done);
        assert_int_equal(f->r, 0);
        assert_string_equal(f->value, "hello");
        assert_int_equal(n_requests(f, 1), i + 1);
    }
}

static void later_requests_go_to_the_member_that_answered(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_nothing_and_close;
    f->members[1].answer = say_range;
    range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 1);
    unsigned n = n_requests(f, 0);
    range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 2);
    assert_int_equal(n_requests(f, 0), n);
}

static void read_that_nobody_answers_ends_within_twice_its_time(void **state) {
    Fixture *f = *state;
    store_open(f, N_PEERS, SHORT_TIMEOUT);
    usec_t begin = loop_now(f->loop);
    range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    assert_int_equal(f->r, -ETIMEDOUT);
    assert_true(loop_now(f->loop) - begin >= 2 * SHORT_TIMEOUT - 5 * USEC_PER_MSEC);
    assert_int_equal(n_requests(f, 0), 1);
    assert_int_equal(n_requests(f, 1), 1);
}

static void write_is_not_repeated_once_it_was_sent(void **state) {
    Fixture *f = *state;
    static const struct {
        void (*answer)(PeerConnection *, const char *);
        int r;
    } cases[] = {
        {say_nothing_and_close, -ECONNRESET},
        {say_half, -ECONNRESET},
        {say_timed_out, -ETIMEDOUT},
        {say_nonsense, -EPROTO},
        {NULL, -ETIMEDOUT},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        store_open(f, N_PEERS, cases[i].answer ? TIMEOUT : SHORT_TIMEOUT);
        f->n_done = 0;
        f->members[0].answer = cases[i].answer;
        txn_start(f);
        EVENT_RUN_UNTIL(f->loop, f->n_done);
        assert_int_equal(f->r, cases[i].r);
    }
    event_run_for(f->loop, 20 * USEC_PER_MSEC);
    assert_int_equal(n_requests(f, 0), ELEMENTSOF(cases));
    assert_int_equal(n_requests(f, 1), 0);
}

static void write_that_was_not_sent_goes_to_the_next_member(void **state) {
    Fixture *f = *state;
    scripted_peer_free(TAKE_PTR(f->members[0].peer));
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
    range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 2);
    assert_int_equal(n_requests(f, 1), 0);
}

static void read_survives_the_restart_of_a_single_member(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_range;
    range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 1);
    /* The kept connection breaks under the next request, a new one is fine. */
    f->members[0].answer = say_nothing_and_close;
    range_start(f);
    EVENT_RUN_UNTIL(f->loop, n_requests(f, 0) == 2);
    f->members[0].answer = say_range;
    EVENT_RUN_UNTIL(f->loop, f->n_done == 2);
    assert_int_equal(f->r, 0);
}

static void refused_single_member_is_told_at_once(void **state) {
    Fixture *f = *state;
    scripted_peer_free(TAKE_PTR(f->members[0].peer));
    range_start(f);
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
    f->members[0].answer = say_nothing_and_close;
    f->members[1].answer = say_lease_not_found;
    assert_int_equal(store_lease_revoke(f->store, 17, on_lease, f, NULL), 0);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 1);
    assert_int_equal(f->r, 0);
    assert_int_equal(store_lease_revoke(f->store, 17, on_lease, f, NULL), 0);
    EVENT_RUN_UNTIL(f->loop, f->n_done == 2);
    assert_int_equal(f->r, -ENOKEY);
}

static void say_lease_only(PeerConnection *connection, const char *text) {
    if (strstr(text, "/v3/lease/"))
        say_lease(connection, text);
}

static void renewal_does_not_wait_behind_other_work(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_lease_only;
    for (int i = 0; i < 100; i++)
        range_start(f);
    assert_int_equal(store_lease_renew(f->store, 17, on_lease, f, NULL), 0);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    assert_int_equal(f->n_done, 1);
    assert_int_equal(f->r, 0);
}

static void cancelled_operation_is_silent(void **state) {
    Fixture *f = *state;
    StoreOp *op;
    store_open(f, N_PEERS, SHORT_TIMEOUT);
    assert_int_equal(store_range(f->store, &(StoreRange){.key = "a"}, on_range, f, &op), 0);
    EVENT_RUN_UNTIL(f->loop, n_requests(f, 0) == 1);
    store_op_cancel(op);
    event_run_for(f->loop, 2 * SHORT_TIMEOUT + 50 * USEC_PER_MSEC);
    assert_int_equal(f->n_done, 0);
    assert_int_equal(n_requests(f, 1), 0);
}

static void on_range_free_store(int r, const StoreRangeResult *result, void *userdata) {
    Fixture *f = userdata;
    f->n_done++;
    store_free(TAKE_PTR(f->store));
}

static void store_may_be_freed_in_a_callback(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_range;
    assert_int_equal(store_range(f->store, &(StoreRange){.key = "a"}, on_range_free_store, f, NULL),
                     0);
    for (int i = 0; i < 10; i++)
        txn_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    event_run_for(f->loop, 20 * USEC_PER_MSEC);
    assert_null(f->store);
}

/* Watches */

static void on_created(int64_t revision, void *userdata) {
    Fixture *f = userdata;
    assert_int_equal(revision, 9);
    f->n_created++;
}

static void on_events(const StoreEvent *events, size_t n_events, int64_t revision, void *userdata) {
    Fixture *f = userdata;
    f->n_events++;
    for (size_t i = 0; i < n_events; i++)
        strncat(f->order, events[i].entry.key, sizeof(f->order) - strlen(f->order) - 1);
    if (f->in_events)
        f->in_events(f);
}

static void on_closed(int r, void *userdata) {
    Fixture *f = userdata;
    assert_int_equal(f->n_closed++, 0);
    f->closed_r = r;
    f->watch = NULL;
}

static void watch_start(Fixture *f) {
    static const StoreWatchCallbacks callbacks = {on_created, on_events, on_closed};
    StoreWatch watch = {.key = "", .is_prefix = true, .start_revision = 10};
    assert_int_equal(store_watch(f->store, &watch, &callbacks, f, &f->watch), 0);
}

static void watch_created(Fixture *f) {
    f->members[0].answer = say_created;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_created == 1);
}

#define EVENT(key, revision) \
    "{\"kv\":{\"key\":\"" key "\",\"mod_revision\":\"" revision "\",\"value\":\"aGVsbG8=\"}}"
/* Keys a, b and c. */
#define LINES \
    "{\"result\":{" HEADER ",\"events\":[" EVENT("L2YvYQ==", "10") "," EVENT( \
        "L2YvYg==", "10") "]}}\n{\"result\":{" HEADER \
                          ",\"events\":[" EVENT("L2YvYw==", "11") "]}}\n"

static void send_chunk(Fixture *f, const char *text, size_t size) {
    peer_connection_send_chunk(f->members[0].connection, text, size);
}

static void lines_of_one_chunk_are_told_one_by_one(void **state) {
    Fixture *f = *state;
    watch_created(f);
    send_chunk(f, LINES, strlen(LINES));
    EVENT_RUN_UNTIL(f->loop, f->n_events == 2);
    assert_string_equal(f->order, "abc");
}

static void line_is_assembled_from_single_bytes(void **state) {
    Fixture *f = *state;
    watch_created(f);
    for (size_t i = 0; i < strlen(LINES); i++) {
        send_chunk(f, &LINES[i], 1);
        event_run_once(f->loop);
    }
    EVENT_RUN_UNTIL(f->loop, f->n_events == 2);
    assert_string_equal(f->order, "abc");
}

static void line_of_megabytes_is_told(void **state) {
    Fixture *f = *state;
    const size_t size = 8 * 1024 * 1024;
    watch_created(f);
    _cleanup_free_ char *text = malloc(size + 200);
    int head = sprintf(text, "{\"result\":{\"events\":[{\"kv\":{\"key\":\"L2YvYQ==\","
                             "\"mod_revision\":\"10\",\"value\":\"");
    memset(text + head, 'A', size);
    int tail = sprintf(text + head + size, "\"}}]}}\n");
    size_t total = (size_t) head + size + (size_t) tail, step = 16 * 1024;
    for (size_t i = 0; i < total; i += step) {
        send_chunk(f, text + i, MIN(step, total - i));
        event_run_once(f->loop);
    }
    EVENT_RUN_UNTIL(f->loop, f->n_events == 1);
}

static void watch_that_the_member_ends_is_closed(void **state) {
    Fixture *f = *state;
    watch_created(f);
    send_chunk(f, "", 0);
    EVENT_RUN_UNTIL(f->loop, f->n_closed);
    assert_int_equal(f->closed_r, -ECONNRESET);
}

static void watch_whose_connection_breaks_is_closed(void **state) {
    Fixture *f = *state;
    watch_created(f);
    peer_connection_close(f->members[0].connection);
    EVENT_RUN_UNTIL(f->loop, f->n_closed);
    assert_int_equal(f->closed_r, -ECONNRESET);
}

static void watch_that_tells_nonsense_is_closed(void **state) {
    Fixture *f = *state;
    watch_created(f);
    send_chunk(f, "nonsense\n" LINES, strlen("nonsense\n" LINES));
    EVENT_RUN_UNTIL(f->loop, f->n_closed);
    assert_int_equal(f->closed_r, -EPROTO);
    assert_int_equal(f->n_events, 0);
}

static void watch_that_is_not_created_in_time_is_closed(void **state) {
    Fixture *f = *state;
    store_open(f, N_PEERS, SHORT_TIMEOUT);
    f->members[0].answer = say_stream;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_closed);
    assert_int_equal(f->closed_r, -ETIMEDOUT);
    assert_int_equal(f->n_created, 0);
    f->n_closed = 0;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, n_requests(f, 1) == 1); /* at the next one */
}

static void refused_watch_is_closed(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_no_leader;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_closed);
    assert_int_equal(f->closed_r, -EHOSTUNREACH);
}

/* A member that hangs keeps its connections: only the failure of a request shows it. */
static void watch_ends_when_its_member_is_given_up(void **state) {
    Fixture *f = *state;
    store_open(f, N_PEERS, TIMEOUT / 3);
    watch_created(f);
    f->members[0].answer = NULL;
    f->members[1].answer = say_range;
    range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_closed && f->n_done);
    assert_int_equal(f->closed_r, -ETIMEDOUT);
    assert_int_equal(f->r, 0);
}

/* There is nowhere else to go, and when the member goes on, so does the watch. */
static void watch_stays_with_a_single_member_that_hangs(void **state) {
    Fixture *f = *state;
    store_open(f, 1, TIMEOUT / 3);
    watch_created(f);
    PeerConnection *stream = f->members[0].connection;
    f->members[0].answer = NULL;
    range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    assert_int_equal(f->r, -ETIMEDOUT);
    peer_connection_send_chunk(stream, LINES, strlen(LINES));
    EVENT_RUN_UNTIL(f->loop, f->n_events == 2);
    assert_int_equal(f->n_closed, 0);
}

static void cancel_watch(Fixture *f) {
    store_op_cancel(TAKE_PTR(f->watch));
}

static void watch_may_be_cancelled_in_on_events(void **state) {
    Fixture *f = *state;
    f->in_events = cancel_watch;
    watch_created(f);
    send_chunk(f, LINES, strlen(LINES));
    EVENT_RUN_UNTIL(f->loop, f->n_events);
    event_run_for(f->loop, 20 * USEC_PER_MSEC);
    assert_int_equal(f->n_events, 1);
    assert_int_equal(f->n_closed, 0);
}

static void free_store(Fixture *f) {
    store_free(TAKE_PTR(f->store));
}

static void store_may_be_freed_in_on_events(void **state) {
    Fixture *f = *state;
    f->in_events = free_store;
    watch_created(f);
    range_start(f);
    send_chunk(f, LINES, strlen(LINES));
    EVENT_RUN_UNTIL(f->loop, f->n_events);
    event_run_for(f->loop, 20 * USEC_PER_MSEC);
    assert_int_equal(f->n_events, 1);
    assert_int_equal(f->n_closed, 0);
}

static void given_up_watch_may_be_cancelled_before_it_is_told(void **state) {
    Fixture *f = *state;
    watch_created(f);
    f->members[0].answer = say_no_leader;
    f->members[1].answer = say_range;
    assert_int_equal(store_range(f->store, &(StoreRange){.key = "a"}, on_range_free_store, f, NULL),
                     0);
    EVENT_RUN_UNTIL(f->loop, f->n_done || f->n_closed);
    free_store(f);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TEST_SINGLE(f) cmocka_unit_test_setup_teardown(f, setup_single, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(read_is_asked_again_at_the_next_member),
        TEST(later_requests_go_to_the_member_that_answered),
        TEST(read_that_nobody_answers_ends_within_twice_its_time),
        TEST(write_is_not_repeated_once_it_was_sent),
        TEST(write_that_was_not_sent_goes_to_the_next_member),
        TEST(refusal_is_an_answer_and_no_failure),
        TEST_SINGLE(read_survives_the_restart_of_a_single_member),
        TEST_SINGLE(refused_single_member_is_told_at_once),
        TEST(renewal_goes_to_the_next_member_too),
        TEST(repeated_revocation_finds_its_lease_gone),
        TEST(renewal_does_not_wait_behind_other_work),
        TEST(cancelled_operation_is_silent),
        TEST(store_may_be_freed_in_a_callback),
        TEST(lines_of_one_chunk_are_told_one_by_one),
        TEST(line_is_assembled_from_single_bytes),
        TEST(line_of_megabytes_is_told),
        TEST(watch_that_the_member_ends_is_closed),
        TEST(watch_whose_connection_breaks_is_closed),
        TEST(watch_that_tells_nonsense_is_closed),
        TEST(watch_that_is_not_created_in_time_is_closed),
        TEST(refused_watch_is_closed),
        TEST(watch_ends_when_its_member_is_given_up),
        TEST_SINGLE(watch_stays_with_a_single_member_that_hangs),
        TEST(watch_may_be_cancelled_in_on_events),
        TEST(store_may_be_freed_in_on_events),
        TEST(given_up_watch_may_be_cancelled_before_it_is_told),
        TEST(options_without_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
