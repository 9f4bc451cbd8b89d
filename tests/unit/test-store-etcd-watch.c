/* The etcd store's watches on members that the test plays: what they tell, and what ends them. */
#include "tests/unit/etcd-peers-test.h"

#include <errno.h>

static void say_stream(PeerConnection *connection, const char *text) {
    peer_connection_send(connection, PEER_CHUNKED_HEADERS, strlen(PEER_CHUNKED_HEADERS));
}

#define CREATED "{\"result\":{" ETCD_HEADER ",\"created\":true}}\n"

static void say_created(PeerConnection *connection, const char *text) {
    say_stream(connection, text);
    peer_connection_send_chunk(connection, CREATED, strlen(CREATED));
}

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
    "{\"result\":{" ETCD_HEADER ",\"events\":[" EVENT("L2YvYQ==", "10") "," EVENT( \
        "L2YvYg==", "10") "]}}\n{\"result\":{" ETCD_HEADER \
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

static void say_events_first(PeerConnection *connection, const char *text) {
    say_stream(connection, text);
    peer_connection_send_chunk(connection, LINES, strlen(LINES));
}

static void watch_that_tells_events_before_it_is_created_is_closed(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_events_first;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_closed);
    assert_int_equal(f->closed_r, -EPROTO);
    assert_int_equal(f->n_created + f->n_events, 0);
}

static void watch_that_is_not_created_in_time_is_closed(void **state) {
    Fixture *f = *state;
    peers_test_store_open(f, N_PEERS, SHORT_TIMEOUT);
    f->members[0].answer = say_stream;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_closed);
    assert_int_equal(f->closed_r, -ETIMEDOUT);
    assert_int_equal(f->n_created, 0);
    f->n_closed = 0;
    watch_start(f);
    EVENT_RUN_UNTIL(f->loop, peers_test_n_requests(f, 1) == 1); /* at the next one */
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
    peers_test_store_open(f, N_PEERS, TIMEOUT / 3);
    watch_created(f);
    f->members[0].answer = NULL;
    f->members[1].answer = say_range;
    peers_test_range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_closed && f->n_done);
    assert_int_equal(f->closed_r, -ETIMEDOUT);
    assert_int_equal(f->r, 0);
}

/* There is nowhere else to go, and when the member goes on, so does the watch. */
static void watch_stays_with_a_single_member_that_hangs(void **state) {
    Fixture *f = *state;
    peers_test_store_open(f, 1, TIMEOUT / 3);
    watch_created(f);
    PeerConnection *stream = f->members[0].connection;
    f->members[0].answer = NULL;
    peers_test_range_start(f);
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

static void store_may_be_freed_in_on_events(void **state) {
    Fixture *f = *state;
    f->in_events = peers_test_store_free;
    watch_created(f);
    peers_test_range_start(f);
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
    f->in_done = peers_test_store_free;
    peers_test_range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done || f->n_closed);
    peers_test_store_free(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(lines_of_one_chunk_are_told_one_by_one),
        TEST(line_is_assembled_from_single_bytes),
        TEST(line_of_megabytes_is_told),
        TEST(watch_that_the_member_ends_is_closed),
        TEST(watch_whose_connection_breaks_is_closed),
        TEST(watch_that_tells_nonsense_is_closed),
        TEST(watch_that_tells_events_before_it_is_created_is_closed),
        TEST(watch_that_is_not_created_in_time_is_closed),
        TEST(refused_watch_is_closed),
        TEST(watch_ends_when_its_member_is_given_up),
        TEST_SINGLE(watch_stays_with_a_single_member_that_hangs),
        TEST(watch_may_be_cancelled_in_on_events),
        TEST(store_may_be_freed_in_on_events),
        TEST(given_up_watch_may_be_cancelled_before_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
