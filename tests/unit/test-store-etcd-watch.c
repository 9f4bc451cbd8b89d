/* The etcd store's watches on members that the test plays: what they tell, and what ends them. */
#include "fleetd/store/grpc.h"
#include "tests/unit/etcd-peers-test.h"

#include <errno.h>

static void say_stream(PeerCall *call) {
    peer_call_begin(call);
}

static void say_created(PeerCall *call) {
    ProtobufWriter message = {};
    etcd_add_header(&message, 1, 9);
    protobuf_add_integer(&message, ETCD_WATCH_CREATED, 1);
    peer_call_send_message(call, &message);
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

static void message_close(ProtobufWriter *message, ByteBuffer *stream) {
    _cleanup_(byte_buffer_done) ByteBuffer framed = {};
    assert_int_equal(grpc_message_close(message, &framed), 0);
    assert_int_equal(byte_buffer_append(stream, framed.data, framed.size), 0);
}

/* Keys a and b in one message, c in the next. */
static ByteBuffer two_messages(void) {
    ByteBuffer stream = {};
    ProtobufWriter first = {}, second = {};
    grpc_message_open(&first);
    etcd_add_header(&first, 1, 10);
    etcd_add_event(&first, "/f/a", "hello", 10);
    etcd_add_event(&first, "/f/b", "hello", 10);
    message_close(&first, &stream);
    grpc_message_open(&second);
    etcd_add_header(&second, 1, 11);
    etcd_add_event(&second, "/f/c", "hello", 11);
    message_close(&second, &stream);
    return stream;
}

static void say_two_messages(PeerCall *call) {
    _cleanup_(byte_buffer_done) ByteBuffer stream = two_messages();
    peer_call_send(call, stream.data, stream.size);
}

static void messages_of_one_piece_are_told_one_by_one(void **state) {
    Fixture *f = *state;
    watch_created(f);
    say_two_messages(f->members[0].call);
    EVENT_RUN_UNTIL(f->loop, f->n_events == 2);
    assert_string_equal(f->order, "abc");
}

static void message_is_assembled_from_single_bytes(void **state) {
    Fixture *f = *state;
    _cleanup_(byte_buffer_done) ByteBuffer stream = two_messages();
    watch_created(f);
    for (size_t i = 0; i < stream.size; i++) {
        peer_call_send(f->members[0].call, &stream.data[i], 1);
        event_run_once(f->loop);
    }
    EVENT_RUN_UNTIL(f->loop, f->n_events == 2);
    assert_string_equal(f->order, "abc");
}

static void message_of_megabytes_is_told(void **state) {
    Fixture *f = *state;
    const size_t size = 8 * 1024 * 1024;
    _cleanup_free_ char *value = malloc(size + 1);
    ProtobufWriter message = {};
    watch_created(f);
    memset(value, 'v', size);
    value[size] = '\0';
    etcd_add_event(&message, "/f/a", value, 10);
    peer_call_send_message(f->members[0].call, &message);
    EVENT_RUN_UNTIL(f->loop, f->n_events == 1);
}

/* It says in front of it how long it is. */
static void message_that_is_too_long_makes_the_watch_stale(void **state) {
    Fixture *f = *state;
    watch_created(f);
    peer_call_send(f->members[0].call, "\0\x7f\0\0\0", 5);
    EVENT_RUN_UNTIL(f->loop, f->n_closed);
    assert_int_equal(f->closed_r, -ESTALE);
}

static void watch_that_the_member_ends_is_closed(void **state) {
    Fixture *f = *state;
    watch_created(f);
    peer_call_end(f->members[0].call, 0, "");
    EVENT_RUN_UNTIL(f->loop, f->n_closed);
    assert_int_equal(f->closed_r, -ECONNRESET);
}

static void reset_watch_is_closed(void **state) {
    Fixture *f = *state;
    watch_created(f);
    peer_call_reset(f->members[0].call, 2); /* INTERNAL_ERROR */
    EVENT_RUN_UNTIL(f->loop, f->n_closed);
    assert_int_equal(f->closed_r, -ECONNRESET);
}

static void watch_whose_connection_breaks_is_closed(void **state) {
    Fixture *f = *state;
    watch_created(f);
    peer_call_hang_up(f->members[0].call);
    EVENT_RUN_UNTIL(f->loop, f->n_closed);
    assert_int_equal(f->closed_r, -ECONNRESET);
}

static void watch_that_tells_nonsense_is_closed(void **state) {
    Fixture *f = *state;
    watch_created(f);
    peer_call_send(f->members[0].call, "nonsense", 8);
    say_two_messages(f->members[0].call);
    EVENT_RUN_UNTIL(f->loop, f->n_closed);
    assert_int_equal(f->closed_r, -EPROTO);
    assert_int_equal(f->n_events, 0);
}

static void watch_that_tells_events_before_it_is_created_is_closed(void **state) {
    Fixture *f = *state;
    f->members[0].answer = say_two_messages;
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
    PeerCall *stream = f->members[0].call;
    f->members[0].answer = NULL;
    peers_test_range_start(f);
    EVENT_RUN_UNTIL(f->loop, f->n_done);
    assert_int_equal(f->r, -ETIMEDOUT);
    say_two_messages(stream);
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
    say_two_messages(f->members[0].call);
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
    say_two_messages(f->members[0].call);
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
        TEST(messages_of_one_piece_are_told_one_by_one),
        TEST(message_is_assembled_from_single_bytes),
        TEST(message_of_megabytes_is_told),
        TEST(message_that_is_too_long_makes_the_watch_stale),
        TEST(watch_that_the_member_ends_is_closed),
        TEST(reset_watch_is_closed),
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
