#include "tests/torture/torture-cases.h"

#include "fleetd/base/strv.h"
#include "fleetd/store/etcd-answer.h"
#include "fleetd/store/etcd-endpoints.h"
#include "fleetd/store/etcd-request.h"

#include <inttypes.h>

#define HEADER "\"header\":{\"cluster_id\":\"10\",\"revision\":\"9\"}"
#define KV \
    "{\"key\":\"L2YvYQ==\",\"create_revision\":\"4\",\"mod_revision\":\"7\",\"value\":\"aGVsbG8=" \
    "\",\"lease\":\"3\"}"

static void note_entry(Torture *t, const StoreEntry *entry) {
    torture_note_take(
        t, str_printf("%s=%s %" PRId64, entry->key, str_or(entry->value, ""), entry->mod_revision));
}

static int etcd_range_case(Torture *t) {
    EtcdRangeAnswer answer;
    _cleanup_error_ Error error = {};
    torture_fill(&answer, sizeof(answer));
    torture_arm(t);
    int r = etcd_range_parse(TEXT("{" HEADER ",\"kvs\":[" KV "," KV "],\"count\":\"2\"}"), "/f/",
                             &answer, &error);
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
    _cleanup_error_ Error error = {};
    torture_fill(&answer, sizeof(answer));
    torture_arm(t);
    int r = etcd_range_parse(TEXT("{" HEADER ",\"kvs\":[" KV ",{\"key\":17}]}"), "/f/", &answer,
                             &error);
    torture_disarm(t);
    torture_has_struct(t, r, &answer, sizeof(answer));
    return r;
}

static int etcd_txn_case(Torture *t) {
    EtcdTxnAnswer answer;
    _cleanup_error_ Error error = {};
    torture_fill(&answer, sizeof(answer));
    torture_arm(t);
    int r = etcd_txn_parse(
        TEXT("{" HEADER ",\"succeeded\":true,\"responses\":[{\"response_put\":{}}]}"), &answer,
        &error);
    torture_disarm(t);
    if (torture_has_struct(t, r, &answer, sizeof(answer)))
        torture_note_take(
            t, str_printf("%d %" PRId64, answer.result.succeeded, answer.result.revision));
    return r;
}

static int etcd_lease_case(Torture *t) {
    EtcdLeaseAnswer answer;
    _cleanup_error_ Error error = {};
    torture_fill(&answer, sizeof(answer));
    torture_arm(t);
    int r = etcd_lease_parse(TEXT("{\"result\":{" HEADER ",\"ID\":\"18\",\"TTL\":\"10\"}}"),
                             &answer, &error);
    torture_disarm(t);
    if (torture_has_struct(t, r, &answer, sizeof(answer)))
        torture_note_take(t, str_printf("%" PRId64, answer.lease));
    return r;
}

static int etcd_token_case(Torture *t) {
    char *token = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = etcd_token_parse(TEXT("{" HEADER ",\"token\":\"abc.1\"}"), &token, &error);
    torture_disarm(t);
    return torture_has(t, r, token) ? torture_text_take(t, token) : r;
}

static int watch_judge(Torture *t, const char *text) {
    EtcdWatchLine line;
    _cleanup_error_ Error error = {};
    torture_fill(&line, sizeof(line));
    torture_arm(t);
    int r = etcd_watch_line_parse(text, strlen(text), "/f/", &line, &error);
    torture_disarm(t);
    if (!torture_has_struct(t, r, &line, sizeof(line)))
        return r;
    torture_note_take(t, str_printf("%d %d", line.is_created, line.error));
    for (size_t i = 0; i < line.n_events; i++)
        note_entry(t, &line.events[i].entry);
    etcd_watch_line_done(&line);
    return 0;
}

static int etcd_watch_case(Torture *t) {
    return watch_judge(t, "{\"result\":{" HEADER ",\"events\":[{\"kv\":" KV
                          "},{\"type\":\"DELETE\",\"kv\":{\"key\":"
                          "\"L2YvYg==\",\"mod_revision\":\"8\"}}]}}");
}

static int etcd_watch_error_case(Torture *t) {
    return watch_judge(t, "{\"error\":{\"grpc_code\":11,\"message\":\"etcdserver: mvcc: required "
                          "revision has been compacted\"}}");
}

static int etcd_error_case(Torture *t) {
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r =
        etcd_error_parse(400, TEXT("{\"error\":\"etcdserver: no leader\",\"code\":14}"), &error);
    torture_disarm(t);
    return r;
}

/* --- requests --- */

static int request_judge(Torture *t, int r, char *text) {
    torture_disarm(t);
    return torture_has(t, r, text) ? torture_text_take(t, text) : r;
}

static int etcd_range_format_case(Torture *t) {
    char *text = UNTOUCHED;
    const StoreRange range = {
        .key = "schedule/", .is_prefix = true, .after = "schedule/a", .limit = 5, .revision = 7};
    torture_arm(t);
    int r = etcd_range_format("/f/", &range, &text);
    return request_judge(t, r, text);
}

static int etcd_txn_format_case(Torture *t) {
    static char value[8192]; /* longer than stdio's buffer */
    char *text = UNTOUCHED;
    memset(value, 'x', sizeof(value) - 1);
    const StoreCompare compare = {
        .key = "leader", .target = STORE_COMPARE_MOD_REVISION, .number = 3};
    const StoreWrite writes[] = {{.kind = STORE_PUT, .key = "a", .value = value, .lease = 5},
                                 {.kind = STORE_DELETE, .key = "b"},
                                 {.kind = STORE_DELETE_PREFIX, .key = "c/"}};
    const StoreTxn txn = {
        .compares = &compare, .n_compares = 1, .writes = writes, .n_writes = ELEMENTSOF(writes)};
    torture_arm(t);
    int r = etcd_txn_format("/f/", &txn, &text);
    return request_judge(t, r, text);
}

static int etcd_watch_format_case(Torture *t) {
    char *text = UNTOUCHED;
    const StoreWatch watch = {.key = "unit/", .is_prefix = true, .start_revision = 8};
    torture_arm(t);
    int r = etcd_watch_format("/f/", &watch, &text);
    return request_judge(t, r, text);
}

static int etcd_grant_format_case(Torture *t) {
    char *text = UNTOUCHED;
    torture_arm(t);
    int r = etcd_grant_format(30 * USEC_PER_SEC, &text);
    return request_judge(t, r, text);
}

static int etcd_login_format_case(Torture *t) {
    char *text = UNTOUCHED;
    torture_arm(t);
    int r = etcd_login_format("me", "a\"secret", &text);
    return request_judge(t, r, text);
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
    {"etcd-range-format", etcd_range_format_case},
    {"etcd-txn-format", etcd_txn_format_case},
    {"etcd-watch-format", etcd_watch_format_case},
    {"etcd-grant-format", etcd_grant_format_case},
    {"etcd-login-format", etcd_login_format_case},
    {"etcd-endpoints", etcd_endpoints_case},
    {"etcd-url-refused", etcd_url_refused_case},
    {},
};
