#include "fleetd/net/h2-request.h"
#include "fleetd/store/etcd-answer.h"
#include "fleetd/store/etcd-error.h"
#include "tests/fakes/etcd-messages.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define HISTORY 10144879847569953045u
#define LEASE 1418812006971993103

/* Messages as etcd 3.4 sends them, some with a part taken away or made wrong. */
typedef struct Message {
    ProtobufWriter writer;
} Message;

static int setup(void **state) {
    *state = calloc(1, sizeof(Message));
    return 0;
}

static int teardown(void **state) {
    Message *message = *state;
    protobuf_writer_done(&message->writer);
    free(message);
    return 0;
}

static ProtobufBytes bytes(const Message *message) {
    return (ProtobufBytes){message->writer.buffer.data, message->writer.buffer.size};
}

static ProtobufWriter *begin(Message *message) {
    protobuf_writer_done(&message->writer);
    message->writer = (ProtobufWriter){};
    return &message->writer;
}

static ProtobufWriter *begin_with_header(Message *message) {
    ProtobufWriter *writer = begin(message);
    etcd_add_header(writer, HISTORY, 9);
    return writer;
}

/* All fields that an entry has. */
static void add_full_entry(ProtobufWriter *writer, const char *key, size_t key_size,
                           const char *value, size_t value_size) {
    size_t entry = protobuf_open(writer, 2);
    protobuf_add_bytes(writer, 1, key, key_size);
    protobuf_add_integer(writer, 2, 4);
    protobuf_add_integer(writer, 3, 7);
    protobuf_add_integer(writer, 4, 2);
    protobuf_add_bytes(writer, 5, value, value_size);
    protobuf_add_integer(writer, 6, LEASE);
    protobuf_close(writer, entry);
}

static void range_has_entries_with_all_their_numbers(void **state) {
    ProtobufWriter *writer = begin_with_header(*state);
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    add_full_entry(writer, "/f/a", 4, "hello", 5);
    add_full_entry(writer, "/f/b", 4, "a\0b", 3);
    protobuf_add_integer(writer, ETCD_RANGE_MORE, 1);
    protobuf_add_integer(writer, 4, 5);
    assert_int_equal(etcd_range_parse(bytes(*state), "/f/", &answer, NULL), 0);
    assert_int_equal(answer.result.revision, 9);
    assert_true(answer.result.history == HISTORY);
    assert_true(answer.result.has_more);
    assert_int_equal(answer.result.n_entries, 2);
    const StoreEntry *a = &answer.result.entries[0], *b = &answer.result.entries[1];
    assert_string_equal(a->key, "a");
    assert_string_equal(a->value, "hello");
    assert_int_equal(a->value_size, 5);
    assert_int_equal(a->create_revision, 4);
    assert_int_equal(a->mod_revision, 7);
    assert_int_equal(a->lease, LEASE);
    assert_string_equal(b->key, "b");
    assert_memory_equal(b->value, "a\0b", 4);
    assert_int_equal(b->value_size, 3);
}

static void empty_range_is_no_error(void **state) {
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    begin_with_header(*state);
    assert_int_equal(etcd_range_parse(bytes(*state), "/f/", &answer, NULL), 0);
    assert_int_equal(answer.result.n_entries, 0);
    assert_false(answer.result.has_more);
}

static void absent_fields_are_zero(void **state) {
    ProtobufWriter *writer = begin_with_header(*state);
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    protobuf_add_bytes(writer, 2, "\012\004/f/a", 6);
    assert_int_equal(etcd_range_parse(bytes(*state), "/f/", &answer, NULL), 0);
    assert_string_equal(answer.result.entries[0].key, "a");
    assert_int_equal(answer.result.entries[0].lease, 0);
    assert_string_equal(answer.result.entries[0].value, "");
    assert_int_equal(answer.result.entries[0].value_size, 0);
}

/* Of later versions of etcd. */
static void unknown_fields_are_passed_over(void **state) {
    ProtobufWriter *writer = begin_with_header(*state);
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    protobuf_add_integer(writer, 100, 1);
    protobuf_add_bytes(writer, 1000, "text", 4);
    protobuf_add_raw(writer,
                     "\x49"
                     "12345678"
                     "\x4d"
                     "1234",
                     14); /* of a fixed size */
    add_full_entry(writer, "/f/a", 4, "hello", 5);
    assert_int_equal(etcd_range_parse(bytes(*state), "/f/", &answer, NULL), 0);
    assert_int_equal(answer.result.n_entries, 1);
}

static void keys_outside_of_the_prefix_are_left_out(void **state) {
    ProtobufWriter *writer = begin_with_header(*state);
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    add_full_entry(writer, "/g", 2, "", 0);
    add_full_entry(writer, "/f/b", 4, "", 0);
    protobuf_add_bytes(writer, 2, "", 0);
    assert_int_equal(etcd_range_parse(bytes(*state), "/f/", &answer, NULL), 0);
    assert_int_equal(answer.result.n_entries, 1);
    assert_string_equal(answer.result.entries[0].key, "b");
}

/* A page of nothing else must still lead to the next one. */
static void key_with_a_nul_is_another_key(void **state) {
    ProtobufWriter *writer = begin_with_header(*state);
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    add_full_entry(writer, "/f/a\0", 5, "", 0);
    protobuf_add_integer(writer, ETCD_RANGE_MORE, 1);
    assert_int_equal(etcd_range_parse(bytes(*state), "/f/", &answer, NULL), 0);
    assert_int_equal(answer.result.n_entries, 1);
    assert_string_equal(answer.result.entries[0].key, "a\1");
}

typedef struct Text {
    const char *data;
    size_t size;
} Text;
#define TEXT(literal) \
    { (literal), sizeof(literal) - 1 }

/* Behind a good header, unless that is what is wrong. */
static void wrong_range_breaks_the_protocol(void **state) {
    static const Text headless[] = {
        TEXT(""),
        TEXT("\012\000"),                                             /* no revision */
        TEXT("\012\002\030\000"),                                     /* revision 0 */
        TEXT("\012\013\030\377\377\377\377\377\377\377\377\377\001"), /* -1 */
        TEXT("\012\003\032\001x"),                                    /* a text */
        TEXT("\010\001"),                                             /* no message */
        TEXT("nonsense"),
        TEXT("{}"),
    };
    static const Text texts[] = {
        TEXT("\022"), /* cut short */
        TEXT("\022\005"),
        TEXT("\022\005abc"),
        TEXT("\022\377\377\377\377\377\377\377\377\377\001"), /* longer than all memory */
        TEXT("\020\001"),                                     /* entries are no numbers */
        TEXT("\022\001\012"),                                 /* an entry cut short */
        TEXT("\022\002\010\021"),                             /* its key a number */
        TEXT("\022\003\032\001x"),                            /* its revision a text */
        TEXT("\032\001x"),                                    /* more: a text */
        TEXT("\030\377\377\377\377\377\377\377\377\377\002"), /* a number of 65 bits */
        TEXT("\030\200"),
        TEXT("\0\001"),                     /* field 0 */
        TEXT("\013\014"),                   /* a group */
        TEXT("\016\001"),                   /* a type that is none */
        TEXT("\111\1\2\3"),                 /* a fixed size cut short */
        TEXT("\022\004\012\002/g\030\001"), /* more, and no key of fleet's */
    };
    for (size_t i = 0; i < ELEMENTSOF(headless) + ELEMENTSOF(texts); i++) {
        bool has_header = i >= ELEMENTSOF(headless);
        const Text *text = has_header ? &texts[i - ELEMENTSOF(headless)] : &headless[i];
        ProtobufWriter *writer = has_header ? begin_with_header(*state) : begin(*state);
        EtcdRangeAnswer answer = {};
        _cleanup_error_ Error error = {};
        protobuf_add_raw(writer, text->data, text->size);
        int r = etcd_range_parse(bytes(*state), "/f/", &answer, &error);
        if (r != -EPROTO)
            fail_msg("%zu: %d", i, r);
        assert_non_null(error.message);
        assert_null(answer.entries);
    }
}

static void transaction_changes_something_or_not(void **state) {
    static const struct {
        Text responses;
        bool has_changed;
    } cases[] = {
        {TEXT("\032\004\032\002\020\002"), true}, /* two keys deleted */
        {TEXT("\032\002\032\000"), false},        /* none */
        {TEXT("\032\002\032\000\032\004\032\002\020\001"), true},
        {TEXT("\032\002\022\000"), true}, /* a put */
        {TEXT("\032\000"), false},
        {TEXT(""), false},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        EtcdTxnAnswer answer = {};
        ProtobufWriter *writer = begin_with_header(*state);
        protobuf_add_integer(writer, ETCD_TXN_SUCCEEDED, 1);
        protobuf_add_raw(writer, cases[i].responses.data, cases[i].responses.size);
        assert_int_equal(etcd_txn_parse(bytes(*state), &answer, NULL), 0);
        assert_int_equal(answer.result.has_changed, cases[i].has_changed);
    }
}

static void transaction_succeeds_or_not(void **state) {
    EtcdTxnAnswer answer = {};
    ProtobufWriter *writer = begin_with_header(*state);
    protobuf_add_integer(writer, ETCD_TXN_SUCCEEDED, 1);
    assert_int_equal(etcd_txn_parse(bytes(*state), &answer, NULL), 0);
    assert_true(answer.result.succeeded);
    assert_int_equal(answer.result.revision, 9);
    assert_true(answer.history == HISTORY);
    begin_with_header(*state);
    assert_int_equal(etcd_txn_parse(bytes(*state), &answer, NULL), 0);
    assert_false(answer.result.succeeded);
    assert_false(answer.result.has_changed);
    begin(*state);
    assert_int_equal(etcd_txn_parse(bytes(*state), &answer, NULL), -EPROTO);
    writer = begin_with_header(*state);
    etcd_add_text(writer, ETCD_TXN_RESPONSES, "x");
    assert_int_equal(etcd_txn_parse(bytes(*state), &answer, NULL), -EPROTO);
}

static int lease_parse(void **state, int64_t lease, int64_t seconds, EtcdLeaseAnswer *ret) {
    ProtobufWriter *writer = begin_with_header(*state);
    protobuf_add_integer(writer, ETCD_LEASE_ID, lease);
    if (seconds != 0)
        protobuf_add_integer(writer, ETCD_LEASE_TTL, seconds);
    return etcd_lease_parse(bytes(*state), ret, NULL);
}

static void grant_and_renewal_have_lease_and_time(void **state) {
    EtcdLeaseAnswer answer = {};
    assert_int_equal(lease_parse(state, LEASE, 2, &answer), 0);
    assert_int_equal(answer.lease, LEASE);
    assert_true(answer.history == HISTORY);
    assert_int_equal(answer.ttl_usec, 2 * USEC_PER_SEC);
}

static void renewal_without_time_is_of_no_lease(void **state) {
    EtcdLeaseAnswer answer = {};
    assert_int_equal(lease_parse(state, 18, 0, &answer), -ENOKEY);
}

static void wrong_lease_breaks_the_protocol(void **state) {
    EtcdLeaseAnswer answer = {};
    assert_int_equal(lease_parse(state, 0, 10, &answer), -EPROTO);
    assert_int_equal(lease_parse(state, 17, -1, &answer), -EPROTO);
    assert_int_equal(lease_parse(state, 17, INT64_MAX, &answer), -EPROTO);
    etcd_add_text(begin(*state), ETCD_LEASE_ID, "17");
    assert_int_equal(etcd_lease_parse(bytes(*state), &answer, NULL), -EPROTO);
}

/* --- the status --- */

typedef struct Status {
    unsigned http;
    const char *code, *message, *body;
} Status;

static int status_check(const Status *status, Error *reterr) {
    H2Request request = {};
    if (status->code)
        h2_request_take_field(&request, "grpc-status", 11, status->code, strlen(status->code));
    if (status->message)
        h2_request_take_field(&request, "grpc-message", 12, status->message,
                              strlen(status->message));
    H2Answer answer = {.status = status->http,
                       .body = (char *) str_or(status->body, ""),
                       .body_size = strlen(str_or(status->body, "")),
                       .request = &request};
    int r = etcd_error_check(&answer, reterr);
    byte_buffer_done(&request.answer_fields.bytes);
    return r;
}

static void errors_have_their_numbers_and_words(void **state) {
    static const struct {
        Status status;
        int r;
        const char *words;
    } cases[] = {
        {{200, "0", "", NULL}, 0, NULL},
        {{200, "0", NULL, NULL}, 0, NULL},
        {{200, "5", "etcdserver: requested lease not found", NULL},
         -ENOKEY,
         "etcdserver: requested lease not found"},
        {{200, "11", "etcdserver: mvcc: required revision has been compacted", NULL},
         -ESTALE,
         "etcdserver: mvcc: required revision has been compacted"},
        {{200, "11", "etcdserver: mvcc: required revision is a future revision", NULL},
         -ESTALE,
         NULL},
        {{200, "3", "etcdserver: too many operations in txn request", NULL}, -E2BIG, NULL},
        {{200, "3", "etcdserver: duplicate key given in txn request", NULL}, -EINVAL, NULL},
        {{200, "14", "etcdserver: request timed out", NULL}, -ETIMEDOUT, NULL},
        {{200, "14", "etcdserver: leader changed", NULL}, -EHOSTUNREACH, NULL},
        {{200, "14", "the member stops", NULL}, -EHOSTUNREACH, NULL},
        {{200, "7", "etcdserver: permission denied", NULL}, -EACCES, NULL},
        {{200, "3", "etcdserver: user name is empty", NULL}, -EKEYEXPIRED, NULL},
        {{200, "8", "etcdserver: mvcc: database space exceeded", NULL}, -ENOSPC, NULL},
        {{200, "2", "something else", NULL}, -EPROTO, "something else"},
        {{200, "2", "something%0a%1B[2Jelse 100% %4 %zz", NULL},
         -EPROTO,
         "something??[2Jelse 100% %4 %zz"},
        {{200, "2", "caf%c3%a9", NULL}, -EPROTO, "caf\xc3\xa9"},
        {{200, "99999", "something else", NULL}, -EPROTO, NULL},
        {{200, "-1", "something else", NULL}, -EPROTO, "the answer is none of gRPC's"},
        {{200, "", NULL, NULL}, -EPROTO, "the answer is none of gRPC's"},
        {{200, "0x", NULL, NULL}, -EPROTO, "the answer is none of gRPC's"},
        {{200, "99999999999999999999", NULL, NULL}, -EPROTO, "the answer is none of gRPC's"},
        {{200, NULL, NULL, "<html>It works!</html>"}, -EPROTO, "the answer is none of gRPC's"},
        {{404, NULL, NULL, "Not Found\n"}, -EPROTO, "HTTP status 404: Not Found"},
        {{502, NULL, NULL, "<html>"}, -EHOSTUNREACH, "HTTP status 502"},
        {{400, NULL, NULL, "a\x01"}, -EPROTO, "HTTP status 400: a"},
        {{401, NULL, NULL, ""}, -EACCES, NULL},
        {{302, NULL, NULL, "{}"}, -EPROTO, NULL},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_error_ Error error = {};
        int r = status_check(&cases[i].status, &error);
        if (r != cases[i].r)
            fail_msg("%zu: %d", i, r);
        if (cases[i].words)
            assert_string_equal(error.message, cases[i].words);
    }
}

static void answer_is_exactly_one_message(void **state) {
    static const struct {
        Text body;
        int r;
    } cases[] = {
        {TEXT("\0\0\0\0\002hi"), 0},
        {TEXT("\0\0\0\0\0"), 0},
        {TEXT(""), -EPROTO},
        {TEXT("\0\0\0\0"), -EPROTO},
        {TEXT("\0\0\0\0\003hi"), -EPROTO},
        {TEXT("\0\0\0\0\001hi"), -EPROTO},
        {TEXT("\1\0\0\0\002hi"), -EPROTO},
        {TEXT("\0\377\377\377\377hi"), -EPROTO},
    };
    H2Request request = {};
    assert_int_equal(h2_request_take_field(&request, "grpc-status", 11, "0", 1), 0);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        ProtobufBytes message = {};
        H2Answer answer = {.status = 200,
                           .body = (char *) cases[i].body.data,
                           .body_size = cases[i].body.size,
                           .request = &request};
        assert_int_equal(etcd_answer_open(&answer, &message, NULL), cases[i].r);
    }
    byte_buffer_done(&request.answer_fields.bytes);
}

/* --- watches --- */

static void watch_is_created_at_a_revision(void **state) {
    _cleanup_(etcd_watch_answer_done) EtcdWatchAnswer answer = {};
    protobuf_add_integer(begin_with_header(*state), ETCD_WATCH_CREATED, 1);
    assert_int_equal(etcd_watch_parse(bytes(*state), "/f/", &answer, NULL), 0);
    assert_true(answer.is_created);
    assert_int_equal(answer.revision, 9);
    assert_true(answer.history == HISTORY);
    assert_int_equal(answer.error, 0);
    assert_int_equal(answer.n_events, 0);
}

static void watch_events_are_puts_unless_they_say_delete(void **state) {
    _cleanup_(etcd_watch_answer_done) EtcdWatchAnswer answer = {};
    ProtobufWriter *writer = begin_with_header(*state);
    etcd_add_event(writer, "/f/a", "hello", 7);
    etcd_add_event(writer, "/f/b", NULL, 8);
    etcd_add_event(writer, "/g", "x", 8);
    assert_int_equal(etcd_watch_parse(bytes(*state), "/f/", &answer, NULL), 0);
    assert_false(answer.is_created);
    assert_int_equal(answer.n_events, 2);
    assert_int_equal(answer.revision, 8);
    assert_int_equal(answer.events[0].kind, STORE_EVENT_PUT);
    assert_string_equal(answer.events[0].entry.key, "a");
    assert_string_equal(answer.events[0].entry.value, "hello");
    assert_int_equal(answer.events[1].kind, STORE_EVENT_DELETE);
    assert_string_equal(answer.events[1].entry.key, "b");
    assert_int_equal(answer.events[1].entry.mod_revision, 8);
}

static void compacted_watch_is_stale(void **state) {
    _cleanup_(etcd_watch_answer_done) EtcdWatchAnswer answer = {};
    ProtobufWriter *writer = begin(*state);
    protobuf_add_integer(writer, ETCD_WATCH_CANCELED, 1);
    protobuf_add_integer(writer, ETCD_WATCH_COMPACT_REVISION, 3);
    assert_int_equal(etcd_watch_parse(bytes(*state), "/f/", &answer, NULL), 0);
    assert_int_equal(answer.error, -ESTALE);
}

static void cancelled_watch_has_the_reason_of_etcd(void **state) {
    _cleanup_(etcd_watch_answer_done) EtcdWatchAnswer answer = {};
    _cleanup_error_ Error error = {};
    ProtobufWriter *writer = begin(*state);
    protobuf_add_integer(writer, ETCD_WATCH_CANCELED, 1);
    etcd_add_text(writer, ETCD_WATCH_CANCEL_REASON, "etcdserver: no leader");
    assert_int_equal(etcd_watch_parse(bytes(*state), "/f/", &answer, &error), 0);
    assert_int_equal(answer.error, -EHOSTUNREACH);
    assert_string_equal(error.message, "etcdserver: no leader");
}

static void wrong_watch_answer_breaks_the_protocol(void **state) {
    static const Text texts[] = {
        TEXT("nonsense"),
        TEXT("\010\001"),                     /* a header that is a number */
        TEXT("\032\001x"),                    /* created: a text */
        TEXT("\030\001"),                     /* created at no revision */
        TEXT("\130\001"),                     /* events that are a number */
        TEXT("\132\000"),                     /* an event without a key */
        TEXT("\132\010\022\006\012\004/f/a"), /* without a revision */
        TEXT("\132\003\012\001x"),            /* a type that is a text */
        TEXT("\040\001\052\001x"),            /* compacted: a text */
        TEXT("\040\001\060\001"),             /* a reason that is a number */
    };
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        EtcdWatchAnswer answer = {};
        protobuf_add_raw(begin(*state), texts[i].data, texts[i].size);
        int r = etcd_watch_parse(bytes(*state), "/f/", &answer, NULL);
        if (r != -EPROTO)
            fail_msg("%zu: %d", i, r);
        assert_null(answer.events);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(range_has_entries_with_all_their_numbers),
        TEST(empty_range_is_no_error),
        TEST(absent_fields_are_zero),
        TEST(unknown_fields_are_passed_over),
        TEST(keys_outside_of_the_prefix_are_left_out),
        TEST(key_with_a_nul_is_another_key),
        TEST(wrong_range_breaks_the_protocol),
        TEST(transaction_changes_something_or_not),
        TEST(transaction_succeeds_or_not),
        TEST(grant_and_renewal_have_lease_and_time),
        TEST(renewal_without_time_is_of_no_lease),
        TEST(wrong_lease_breaks_the_protocol),
        TEST(errors_have_their_numbers_and_words),
        TEST(answer_is_exactly_one_message),
        TEST(watch_is_created_at_a_revision),
        TEST(watch_events_are_puts_unless_they_say_delete),
        TEST(compacted_watch_is_stale),
        TEST(cancelled_watch_has_the_reason_of_etcd),
        TEST(wrong_watch_answer_breaks_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
