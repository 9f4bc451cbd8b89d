#include "fleetd/store/etcd-answer.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

/* Answers of etcd 3.4, some with a part taken away or made wrong. "/f/a" is L2YvYQ==, "/f/b"
 * L2YvYg==, "/g" L2c=, "/f/a" with a NUL behind L2YvYQA=. */
#define HEADER \
    "\"header\":{\"cluster_id\":\"10144879847569953045\",\"member_id\":\"12428976124636271536\"," \
    "\"revision\":\"9\",\"raft_term\":\"2\"}"
#define HISTORY 10144879847569953045u
#define KV(key, value) \
    "{\"key\":\"" key "\",\"create_revision\":\"4\",\"mod_revision\":\"7\",\"version\":\"2\"," \
    "\"value\":\"" value "\",\"lease\":\"1418812006971993103\"}"

static void range_has_entries_with_all_their_numbers(void **state) {
    static const char text[] = "{" HEADER ",\"kvs\":[" KV("L2YvYQ==", "aGVsbG8=") "," KV(
        "L2YvYg==", "YQBi") "],\"more\":true,\"count\":\"5\"}";
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    assert_int_equal(etcd_range_parse(text, strlen(text), "/f/", &answer, NULL), 0);
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
    assert_int_equal(a->lease, 1418812006971993103);
    assert_string_equal(b->key, "b");
    assert_memory_equal(b->value, "a\0b", 4);
    assert_int_equal(b->value_size, 3);
}

static void empty_range_is_no_error(void **state) {
    static const char text[] = "{" HEADER "}";
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    assert_int_equal(etcd_range_parse(text, strlen(text), "/f/", &answer, NULL), 0);
    assert_int_equal(answer.result.n_entries, 0);
    assert_false(answer.result.has_more);
}

static void absent_fields_are_zero(void **state) {
    static const char text[] = "{" HEADER ",\"kvs\":[{\"key\":\"L2YvYQ==\"}]}";
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    assert_int_equal(etcd_range_parse(text, strlen(text), "/f/", &answer, NULL), 0);
    assert_int_equal(answer.result.entries[0].lease, 0);
    assert_string_equal(answer.result.entries[0].value, "");
    assert_int_equal(answer.result.entries[0].value_size, 0);
}

static void keys_outside_of_the_prefix_are_left_out(void **state) {
    static const char text[] =
        "{" HEADER ",\"kvs\":[" KV("L2c=", "") "," KV("L2YvYg==", "") ",{}]}";
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    assert_int_equal(etcd_range_parse(text, strlen(text), "/f/", &answer, NULL), 0);
    assert_int_equal(answer.result.n_entries, 1);
    assert_string_equal(answer.result.entries[0].key, "b");
}

/* A page of nothing else must still lead to the next one. */
static void key_with_a_nul_is_another_key(void **state) {
    static const char text[] = "{" HEADER ",\"kvs\":[" KV("L2YvYQA=", "") "],\"more\":true}";
    _cleanup_(etcd_range_answer_done) EtcdRangeAnswer answer = {};
    assert_int_equal(etcd_range_parse(text, strlen(text), "/f/", &answer, NULL), 0);
    assert_int_equal(answer.result.n_entries, 1);
    assert_string_equal(answer.result.entries[0].key, "a\1");
}

static void wrong_range_breaks_the_protocol(void **state) {
    static const char *const texts[] = {
        "{\"header\":{\"revision\":\"9\",\"cluster_id\":\"one\"}}",
        "{\"header\":{\"revision\":\"9\",\"cluster_id\":\"\"}}",
        "{\"header\":{\"revision\":\"9\",\"cluster_id\":\"-1\"}}",
        "{\"header\":{\"revision\":\"9\",\"cluster_id\":\"18446744073709551616\"}}",
        "{\"header\":{\"revision\":\"9\",\"cluster_id\":1}}",
        "",
        "null",
        "17",
        "[]",
        "{}",
        "{\"header\":{}}",
        "{\"header\":{\"revision\":\"x\"}}",
        "{\"header\":{\"revision\":\"-1\"}}",
        "{\"header\":[]}",
        "{" HEADER,
        "{" HEADER ",\"kvs\":{}}",
        "{" HEADER ",\"kvs\":[17]}",
        "{" HEADER ",\"kvs\":[null]}",
        "{" HEADER ",\"kvs\":[{\"key\":17}]}",
        "{" HEADER ",\"kvs\":[" KV("L2YvYQ=", "") "]}",
        "{" HEADER ",\"kvs\":[" KV("L2YvY$==", "") "]}",
        "{" HEADER ",\"kvs\":[" KV("L2YvYQ==", "    ") "]}",
        "{" HEADER ",\"kvs\":[" KV("L2YvYQ==", "\xff\xff\xff\xff") "]}",
        "{" HEADER ",\"kvs\":[{\"key\":\"L2YvYQ==\",\"lease\":{}}]}",
        "{" HEADER ",\"more\":\"yes\"}",
        "{" HEADER ",\"kvs\":[" KV("L2c=", "") "],\"more\":true}",
    };
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        EtcdRangeAnswer answer = {};
        _cleanup_error_ Error error = {};
        int r = etcd_range_parse(texts[i], strlen(texts[i]), "/f/", &answer, &error);
        if (r != -EPROTO)
            fail_msg("%s: %d", texts[i], r);
        assert_non_null(error.message);
        assert_null(answer.entries);
    }
}

static void transaction_changes_something_or_not(void **state) {
    static const struct {
        const char *response;
        bool has_changed;
    } cases[] = {
        {"{\"response_delete_range\":{\"deleted\":\"2\"}}", true},
        {"{\"response_delete_range\":{}}", false},
        {"{\"response_delete_range\":{}},{\"response_delete_range\":{\"deleted\":\"1\"}}", true},
        {"{\"response_put\":{}}", true},
        {"{}", false},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        char text[256];
        snprintf(text, sizeof(text), "{" HEADER ",\"succeeded\":true,\"responses\":[%s]}",
                 cases[i].response);
        EtcdTxnAnswer answer = {};
        assert_int_equal(etcd_txn_parse(text, strlen(text), &answer, NULL), 0);
        assert_int_equal(answer.result.has_changed, cases[i].has_changed);
    }
}

static void transaction_succeeds_or_not(void **state) {
    static const char yes[] = "{" HEADER ",\"succeeded\":true,\"responses\":[{\"response_put\":"
                              "{\"header\":{\"revision\":\"3\"}}}]}";
    static const char no[] = "{" HEADER "}";
    EtcdTxnAnswer answer = {};
    assert_int_equal(etcd_txn_parse(yes, strlen(yes), &answer, NULL), 0);
    assert_true(answer.result.succeeded);
    assert_int_equal(answer.result.revision, 9);
    assert_true(answer.history == HISTORY);
    assert_true(answer.result.has_changed);
    assert_int_equal(etcd_txn_parse(no, strlen(no), &answer, NULL), 0);
    assert_false(answer.result.succeeded);
    assert_false(answer.result.has_changed);
    assert_int_equal(etcd_txn_parse("{}", 2, &answer, NULL), -EPROTO);
    assert_int_equal(etcd_txn_parse("Not Found", 9, &answer, NULL), -EPROTO);
}

static int lease_parse(const char *text, EtcdLeaseAnswer *ret) {
    return etcd_lease_parse(text, strlen(text), ret, NULL);
}

static void grant_and_renewal_have_lease_and_time(void **state) {
    EtcdLeaseAnswer answer = {};
    assert_int_equal(lease_parse("{" HEADER ",\"ID\":\"17\",\"TTL\":\"2\"}", &answer), 0);
    assert_int_equal(answer.lease, 17);
    assert_true(answer.history == HISTORY);
    assert_int_equal(answer.ttl_usec, 2 * USEC_PER_SEC);
    assert_int_equal(
        lease_parse("{\"result\":{" HEADER ",\"ID\":\"18\",\"TTL\":\"10\"}}\n", &answer), 0);
    assert_int_equal(answer.lease, 18);
    assert_true(answer.history == HISTORY);
    assert_int_equal(answer.ttl_usec, 10 * USEC_PER_SEC);
}

static void renewal_without_time_is_of_no_lease(void **state) {
    EtcdLeaseAnswer answer = {};
    assert_int_equal(lease_parse("{\"result\":{" HEADER ",\"ID\":\"18\"}}\n", &answer), -ENOKEY);
}

static void wrong_lease_breaks_the_protocol(void **state) {
    static const char *const texts[] = {
        "{}",
        "{\"result\":17}",
        "{\"ID\":\"17\",\"TTL\":\"-1\"}",
        "{\"ID\":\"17\",\"TTL\":\"9223372036854775807\"}",
        "{\"ID\":\"17\",\"TTL\":\"99999999999999999999\"}",
        "{\"TTL\":\"10\"}",
    };
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        EtcdLeaseAnswer answer = {};
        assert_int_equal(lease_parse(texts[i], &answer), -EPROTO);
    }
}

static void error_of_a_stream_is_found_in_it(void **state) {
    EtcdLeaseAnswer answer = {};
    assert_int_equal(lease_parse("{\"error\":{\"grpc_code\":14,\"http_code\":503,"
                                 "\"message\":\"etcdserver: no leader\","
                                 "\"http_status\":\"Service Unavailable\"}}\n",
                                 &answer),
                     -EHOSTUNREACH);
}

static void errors_have_their_numbers_and_words(void **state) {
    static const struct {
        unsigned status;
        const char *text;
        int r;
        const char *words;
    } cases[] = {
        {404,
         "{\"error\":\"etcdserver: requested lease not found\","
         "\"message\":\"etcdserver: requested lease not found\",\"code\":5}",
         -ENOKEY, "etcdserver: requested lease not found"},
        {400, "{\"error\":\"etcdserver: mvcc: required revision has been compacted\",\"code\":11}",
         -ESTALE, "etcdserver: mvcc: required revision has been compacted"},
        {400, "{\"error\":\"etcdserver: mvcc: required revision is a future revision\"}", -ESTALE,
         NULL},
        {400, "{\"error\":\"etcdserver: too many operations in txn request\",\"code\":3}", -E2BIG,
         NULL},
        {400, "{\"error\":\"etcdserver: duplicate key given in txn request\",\"code\":3}", -EINVAL,
         NULL},
        {503, "{\"error\":\"etcdserver: request timed out\",\"code\":14}", -ETIMEDOUT, NULL},
        {503, "{\"error\":\"etcdserver: leader changed\",\"code\":14}", -EHOSTUNREACH, NULL},
        {503, "{\"error\":\"all SubConns are in TransientFailure\",\"code\":14}", -EHOSTUNREACH,
         NULL},
        {403, "{\"error\":\"etcdserver: permission denied\",\"code\":7}", -EACCES, NULL},
        {400, "{\"error\":\"etcdserver: user name is empty\",\"code\":3}", -EKEYEXPIRED, NULL},
        {429, "{\"error\":\"etcdserver: mvcc: database space exceeded\",\"code\":8}", -ENOSPC,
         NULL},
        {500, "{\"error\":\"something else\",\"code\":2}", -EPROTO, "something else"},
        {500, "{\"error\":\"something\\n\\u001b[2Jelse\",\"code\":2}", -EPROTO,
         "something??[2Jelse"},
        {500, "{\"error\":\"something else\",\"code\":99999}", -EPROTO, NULL},
        {500, "{\"error\":\"something else\",\"code\":-1}", -EPROTO, NULL},
        {404, "Not Found\n", -EPROTO, "HTTP status 404: Not Found"},
        {502, "<html>", -EHOSTUNREACH, "HTTP status 502"},
        {400, "a\x01", -EPROTO, "HTTP status 400: a"},
        {401, "", -EACCES, NULL},
        {302, "{}", -EPROTO, NULL},
        {500, "[]", -EPROTO, NULL},
        {500, "{\"error\":17}", -EPROTO, NULL},
        {500, "{\"error\":{}}", -EPROTO, NULL},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        _cleanup_error_ Error error = {};
        int r = etcd_error_parse(cases[i].status, cases[i].text, strlen(cases[i].text), &error);
        if (r != cases[i].r)
            fail_msg("%s: %d", cases[i].text, r);
        if (cases[i].words)
            assert_string_equal(error.message, cases[i].words);
    }
}

static int line_parse(const char *text, EtcdWatchLine *ret) {
    return etcd_watch_line_parse(text, strlen(text), "/f/", ret, NULL);
}

static void watch_is_created_at_a_revision(void **state) {
    _cleanup_(etcd_watch_line_done) EtcdWatchLine line = {};
    assert_int_equal(line_parse("{\"result\":{" HEADER ",\"created\":true}}", &line), 0);
    assert_true(line.is_created);
    assert_int_equal(line.revision, 9);
    assert_true(line.history == HISTORY);
    assert_int_equal(line.error, 0);
    assert_int_equal(line.n_events, 0);
}

static void watch_events_are_puts_unless_they_say_delete(void **state) {
    _cleanup_(etcd_watch_line_done) EtcdWatchLine line = {};
    assert_int_equal(
        line_parse("{\"result\":{" HEADER ",\"events\":[{\"kv\":" KV(
                       "L2YvYQ==", "aGVsbG8=") "},{\"type\":\"DELETE\",\"kv\":{\"key\":\"L2YvYg==\""
                                               ",\"mod_revision\":\"8\"}}]}}",
                   &line),
        0);
    assert_false(line.is_created);
    assert_int_equal(line.n_events, 2);
    assert_int_equal(line.revision, 8);
    assert_int_equal(line.events[0].kind, STORE_EVENT_PUT);
    assert_string_equal(line.events[0].entry.key, "a");
    assert_string_equal(line.events[0].entry.value, "hello");
    assert_int_equal(line.events[1].kind, STORE_EVENT_DELETE);
    assert_string_equal(line.events[1].entry.key, "b");
    assert_int_equal(line.events[1].entry.mod_revision, 8);
}

static void compacted_watch_is_stale(void **state) {
    _cleanup_(etcd_watch_line_done) EtcdWatchLine line = {};
    assert_int_equal(line_parse("{\"result\":{\"header\":{\"raft_term\":\"2\"},\"canceled\":true,"
                                "\"compact_revision\":\"3\"}}",
                                &line),
                     0);
    assert_int_equal(line.error, -ESTALE);
}

static void cancelled_watch_has_the_reason_of_etcd(void **state) {
    _cleanup_(etcd_watch_line_done) EtcdWatchLine line = {};
    assert_int_equal(line_parse("{\"result\":{\"canceled\":true,"
                                "\"cancel_reason\":\"etcdserver: no leader\"}}",
                                &line),
                     0);
    assert_int_equal(line.error, -EHOSTUNREACH);
}

static void wrong_line_breaks_the_protocol(void **state) {
    static const char *const texts[] = {
        "{}",
        "nonsense",
        "{\"result\":[]}",
        "{\"result\":{\"created\":\"yes\"}}",
        "{\"result\":{\"events\":{}}}",
        "{\"result\":{\"events\":[{}]}}",
        "{\"result\":{\"events\":[{\"kv\":17}]}}",
        "{\"result\":{\"events\":[{\"kv\":{\"key\":\"L2YvYQ==\"}}]}}",
        "{\"result\":{\"events\":[{\"type\":17,\"kv\":" KV("L2YvYQ==", "") "}]}}",
        "{\"result\":{\"canceled\":true,\"compact_revision\":[]}}",
        "{\"result\":{\"canceled\":true,\"cancel_reason\":[]}}",
    };
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        EtcdWatchLine line = {};
        int r = line_parse(texts[i], &line);
        if (r != -EPROTO)
            fail_msg("%s: %d", texts[i], r);
        assert_null(line.events);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_has_entries_with_all_their_numbers),
        cmocka_unit_test(empty_range_is_no_error),
        cmocka_unit_test(absent_fields_are_zero),
        cmocka_unit_test(keys_outside_of_the_prefix_are_left_out),
        cmocka_unit_test(key_with_a_nul_is_another_key),
        cmocka_unit_test(wrong_range_breaks_the_protocol),
        cmocka_unit_test(transaction_changes_something_or_not),
        cmocka_unit_test(transaction_succeeds_or_not),
        cmocka_unit_test(grant_and_renewal_have_lease_and_time),
        cmocka_unit_test(renewal_without_time_is_of_no_lease),
        cmocka_unit_test(wrong_lease_breaks_the_protocol),
        cmocka_unit_test(error_of_a_stream_is_found_in_it),
        cmocka_unit_test(errors_have_their_numbers_and_words),
        cmocka_unit_test(watch_is_created_at_a_revision),
        cmocka_unit_test(watch_events_are_puts_unless_they_say_delete),
        cmocka_unit_test(compacted_watch_is_stale),
        cmocka_unit_test(cancelled_watch_has_the_reason_of_etcd),
        cmocka_unit_test(wrong_line_breaks_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
