#include "tests/torture/torture-cases.h"

#include "fleetd/base/strv.h"
#include "fleetd/net/h2-request.h"
#include "fleetd/store/etcd-answer.h"
#include "fleetd/store/etcd-endpoints.h"
#include "fleetd/store/etcd-error.h"
#include "fleetd/store/etcd-request.h"
#include "tests/fakes/etcd-messages.h"

#include <inttypes.h>

/* What is parsed is written over, so each run has its own. */
static ProtobufBytes message_bytes(const ProtobufWriter *message) {
    return (ProtobufBytes){message->buffer.data, message->buffer.size};
}

static void note_entry(Torture *t, const StoreEntry *entry) {
    torture_note_take(
        t, str_printf("%s=%s %" PRId64, entry->key, str_or(entry->value, ""), entry->mod_revision));
}

static int etcd_range_case(Torture *t) {
    EtcdRangeAnswer answer;
    _cleanup_protobuf_ ProtobufWriter message = {};
    _cleanup_error_ Error error = {};
    etcd_add_header(&message, 10, 9);
    etcd_add_entry(&message, "/f/a", "hello", 7);
    etcd_add_entry(&message, "/f/b", "hello", 8);
    torture_fill(&answer, sizeof(answer));
    torture_arm(t);
    int r = etcd_range_parse(message_bytes(&message), "/f/", &answer, &error);
    torture_disarm(t);
    if (!torture_has_struct(t, r, &answer, sizeof(answer)))
        return r;
    for (size_t i = 0; i < answer.result.n_entries; i++)
        note_entry(t, &answer.result.entries[i]);
    etcd_range_answer_done(&answer);
    return 0;
}

static int etcd_range_refused_case(Torture *t) {
    EtcdRangeAnswer answer;
    _cleanup_protobuf_ ProtobufWriter message = {};
    _cleanup_error_ Error error = {};
    etcd_add_header(&message, 10, 9);
    etcd_add_entry(&message, "/f/a", "hello", 7);
    etcd_add_text(&message, 2, "no entry");
    torture_fill(&answer, sizeof(answer));
    torture_arm(t);
    int r = etcd_range_parse(message_bytes(&message), "/f/", &answer, &error);
    torture_disarm(t);
    torture_has_struct(t, r, &answer, sizeof(answer));
    return r;
}

static int etcd_txn_case(Torture *t) {
    EtcdTxnAnswer answer;
    _cleanup_protobuf_ ProtobufWriter message = {};
    _cleanup_error_ Error error = {};
    etcd_add_header(&message, 10, 9);
    protobuf_add_integer(&message, ETCD_TXN_SUCCEEDED, 1);
    etcd_add_text(&message, ETCD_TXN_RESPONSES, "\x12"); /* cut short */
    torture_fill(&answer, sizeof(answer));
    torture_arm(t);
    int r = etcd_txn_parse(message_bytes(&message), &answer, &error);
    torture_disarm(t);
    torture_has_struct(t, r, &answer, sizeof(answer));
    return r;
}

static int etcd_lease_case(Torture *t) {
    EtcdLeaseAnswer answer;
    _cleanup_protobuf_ ProtobufWriter message = {};
    _cleanup_error_ Error error = {};
    etcd_add_header(&message, 10, 9);
    protobuf_add_integer(&message, ETCD_LEASE_ID, 18); /* and no time: it is gone */
    torture_fill(&answer, sizeof(answer));
    torture_arm(t);
    int r = etcd_lease_parse(message_bytes(&message), &answer, &error);
    torture_disarm(t);
    torture_has_struct(t, r, &answer, sizeof(answer));
    return r;
}

static int etcd_token_case(Torture *t) {
    char *token = UNTOUCHED;
    _cleanup_protobuf_ ProtobufWriter message = {};
    _cleanup_error_ Error error = {};
    etcd_add_header(&message, 10, 9);
    etcd_add_text(&message, ETCD_TOKEN, "abc.1");
    torture_arm(t);
    int r = etcd_token_parse(message_bytes(&message), &token, &error);
    torture_disarm(t);
    return torture_has(t, r, token) ? torture_text_take(t, token) : r;
}

static int watch_judge(Torture *t, const ProtobufWriter *message) {
    EtcdWatchAnswer answer;
    _cleanup_error_ Error error = {};
    torture_fill(&answer, sizeof(answer));
    torture_arm(t);
    int r = etcd_watch_parse(message_bytes(message), "/f/", &answer, &error);
    torture_disarm(t);
    if (!torture_has_struct(t, r, &answer, sizeof(answer)))
        return r;
    torture_note_take(t, str_printf("%d %d", answer.is_created, answer.error));
    for (size_t i = 0; i < answer.n_events; i++)
        note_entry(t, &answer.events[i].entry);
    etcd_watch_answer_done(&answer);
    return 0;
}

static int etcd_watch_case(Torture *t) {
    _cleanup_protobuf_ ProtobufWriter message = {};
    etcd_add_header(&message, 10, 9);
    etcd_add_event(&message, "/f/a", "hello", 7);
    etcd_add_event(&message, "/f/b", NULL, 8);
    return watch_judge(t, &message);
}

static int etcd_watch_error_case(Torture *t) {
    _cleanup_protobuf_ ProtobufWriter message = {};
    protobuf_add_integer(&message, ETCD_WATCH_CANCELED, 1);
    etcd_add_text(&message, ETCD_WATCH_CANCEL_REASON,
                  "etcdserver: mvcc: required revision has been compacted");
    return watch_judge(t, &message);
}

static int error_judge(Torture *t, unsigned status, const char *words) {
    H2Request request = {};
    _cleanup_error_ Error error = {};
    if (words) {
        h2_request_take_field(&request, TEXT("grpc-status"), TEXT("14"));
        h2_request_take_field(&request, TEXT("grpc-message"), words, strlen(words));
    }
    H2Answer answer = {.status = status, .body = (char *) "", .request = &request};
    torture_arm(t);
    int r = etcd_error_check(&answer, &error);
    torture_disarm(t);
    byte_buffer_done(&request.answer_fields.bytes);
    return r;
}

static int etcd_error_case(Torture *t) {
    return error_judge(t, 200, "etcdserver: no%20leader");
}

static int http_error_case(Torture *t) {
    return error_judge(t, 404, NULL);
}

/* --- requests --- */

static int request_judge(Torture *t, int r, ByteBuffer *body) {
    torture_disarm(t);
    if (!torture_has_struct(t, r, body, sizeof(*body)))
        return r;
    torture_note_take(t, str_printf("%zu bytes", body->size));
    byte_buffer_done(body);
    return 0;
}

static int etcd_range_format_case(Torture *t) {
    ByteBuffer body;
    torture_fill(&body, sizeof(body));
    const StoreRange range = {
        .key = "schedule/", .is_prefix = true, .after = "schedule/a", .limit = 5, .revision = 7};
    torture_arm(t);
    int r = etcd_range_format("/f/", &range, &body);
    return request_judge(t, r, &body);
}

static int etcd_txn_format_case(Torture *t) {
    static char value[8192]; /* longer than a buffer's first size */
    ByteBuffer body;
    torture_fill(&body, sizeof(body));
    memset(value, 'x', sizeof(value) - 1);
    const StoreCompare compare = {
        .key = "leader", .target = STORE_COMPARE_MOD_REVISION, .number = 3};
    const StoreWrite writes[] = {{.kind = STORE_PUT, .key = "a", .value = value, .lease = 5},
                                 {.kind = STORE_DELETE, .key = "b"},
                                 {.kind = STORE_DELETE_PREFIX, .key = "c/"}};
    const StoreTxn txn = {
        .compares = &compare, .n_compares = 1, .writes = writes, .n_writes = ELEMENTSOF(writes)};
    torture_arm(t);
    int r = etcd_txn_format("/f/", &txn, &body);
    return request_judge(t, r, &body);
}

static int etcd_watch_format_case(Torture *t) {
    ByteBuffer body;
    torture_fill(&body, sizeof(body));
    const StoreWatch watch = {.key = "unit/", .is_prefix = true, .start_revision = 8};
    torture_arm(t);
    int r = etcd_watch_format("/f/", &watch, &body);
    return request_judge(t, r, &body);
}

static int etcd_grant_format_case(Torture *t) {
    ByteBuffer body;
    torture_fill(&body, sizeof(body));
    torture_arm(t);
    int r = etcd_grant_format(30 * USEC_PER_SEC, &body);
    return request_judge(t, r, &body);
}

static int etcd_login_format_case(Torture *t) {
    ByteBuffer body;
    torture_fill(&body, sizeof(body));
    torture_arm(t);
    int r = etcd_login_format("me", "a\"secret", &body);
    return request_judge(t, r, &body);
}

static int etcd_endpoints_case(Torture *t) {
    char *urls[] = {(char *) "http://10.0.0.1:2379/", (char *) "https://etcd:2379", NULL};
    EtcdEndpoints *endpoints = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = etcd_endpoints_new(urls, &endpoints, &error);
    torture_disarm(t);
    if (!torture_has(t, r, endpoints))
        return r;
    torture_note_take(t, strdup(etcd_endpoints_url(endpoints, 0)));
    etcd_endpoints_free(endpoints);
    return 0;
}

static int etcd_url_refused_case(Torture *t) {
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = etcd_url_check("http://me:secret@etcd:2379", &error);
    torture_disarm(t);
    return r;
}

const TortureCase torture_store[] = {
    {"etcd-range", etcd_range_case},
    {"etcd-range-refused", etcd_range_refused_case},
    {"etcd-txn", etcd_txn_case},
    {"etcd-lease", etcd_lease_case},
    {"etcd-token", etcd_token_case},
    {"etcd-watch", etcd_watch_case},
    {"etcd-watch-error", etcd_watch_error_case},
    {"etcd-error", etcd_error_case},
    {"http-error", http_error_case},
    {"etcd-range-format", etcd_range_format_case},
    {"etcd-txn-format", etcd_txn_format_case},
    {"etcd-watch-format", etcd_watch_format_case},
    {"etcd-grant-format", etcd_grant_format_case},
    {"etcd-login-format", etcd_login_format_case},
    {"etcd-endpoints", etcd_endpoints_case},
    {"etcd-url-refused", etcd_url_refused_case},
    {},
};
