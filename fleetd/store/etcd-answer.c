#include "fleetd/store/etcd-answer-internal.h"

#include "fleetd/store/etcd-error.h"

#include <ctype.h>
#include <errno.h>

/* Far more than any lease; what is larger is not multiplied. */
#define TTL_MAX_SECONDS INT64_C(1000000000)

#define ERROR_TEXT_MAX 120

int etcd_answer_bad(Error *reterr, const char *what) {
    return error_set(reterr, -EPROTO, "%s", what);
}

int etcd_answer_errno(int r) {
    return r == -EBADMSG ? -EPROTO : r;
}

/* An id takes all 64 bits, so it is no integer as others are. */
static int header_get_history(json_object *header, uint64_t *ret, Error *reterr) {
    const char *text = "0";
    int r = json_get_string(header, "cluster_id", &text, reterr);
    if (r < 0)
        return r;
    char *end;
    errno = 0;
    unsigned long long id = strtoull(text, &end, 10);
    if (!isdigit((unsigned char) *text) || *end != '\0' || errno != 0)
        return etcd_answer_bad(reterr, "field 'cluster_id' is no id");
    *ret = id;
    return 0;
}

int etcd_answer_get_header(json_object *answer, EtcdAnswerHead *ret, Error *reterr) {
    json_object *object = NULL;
    EtcdAnswerHead header = {};
    int r = json_get_object(answer, "header", &object, reterr);
    if (r > 0)
        r = json_get_int(object, "revision", &header.revision, reterr);
    if (r >= 0 && object)
        r = header_get_history(object, &header.history, reterr);
    if (r < 0)
        return etcd_answer_errno(r);
    *ret = header;
    return 0;
}

int etcd_answer_need_header(json_object *answer, EtcdAnswerHead *ret, Error *reterr) {
    EtcdAnswerHead header = {};
    int r = etcd_answer_get_header(answer, &header, reterr);
    if (r < 0)
        return r;
    if (header.revision <= 0)
        return etcd_answer_bad(reterr, "the answer has no revision");
    *ret = header;
    return 0;
}

int etcd_answer_open(const char *text, size_t size, json_object **ret, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    int r = json_parse(text, size, &object, reterr);
    if (r < 0)
        return etcd_answer_errno(r);
    r = etcd_error_find(object, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(object);
    return 0;
}

/* 1: that operation of a transaction changed something; a put always does. */
static int response_has_changed(json_object *response, Error *reterr) {
    json_object *object = NULL;
    int64_t n_deleted = 0;
    int r = json_get_object(response, "response_put", &object, reterr);
    if (r != 0)
        return r;
    r = json_get_object(response, "response_delete_range", &object, reterr);
    if (r > 0)
        r = json_get_int(object, "deleted", &n_deleted, reterr);
    return r < 0 ? r : n_deleted > 0;
}

static int responses_have_changed(json_object *answer, Error *reterr) {
    json_object *responses = NULL;
    int r = json_get_array(answer, "responses", &responses, reterr);
    size_t n = r > 0 ? json_object_array_length(responses) : 0;
    r = MIN(r, 0);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = response_has_changed(json_object_array_get_idx(responses, i), reterr);
    return etcd_answer_errno(r);
}

int etcd_txn_parse(const char *text, size_t size, EtcdTxnAnswer *ret, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    EtcdAnswerHead header = {};
    bool succeeded = false;
    int r = etcd_answer_open(text, size, &object, reterr);
    if (r >= 0)
        r = etcd_answer_need_header(object, &header, reterr);
    if (r >= 0)
        r = etcd_answer_errno(json_get_bool(object, "succeeded", &succeeded, reterr));
    if (r >= 0)
        r = responses_have_changed(object, reterr);
    if (r < 0)
        return r;
    *ret = (EtcdTxnAnswer){
        .result = {.succeeded = succeeded, .has_changed = r > 0, .revision = header.revision},
        .history = header.history};
    return 0;
}

int etcd_lease_parse(const char *text, size_t size, EtcdLeaseAnswer *ret, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    EtcdLeaseAnswer answer = {};
    EtcdAnswerHead header = {};
    int64_t seconds = 0;
    int r = etcd_answer_open(text, size, &object, reterr);
    if (r < 0)
        return r;
    json_object *fields = object;
    r = json_get_object(object, "result", &fields, reterr); /* a renewal is a stream of one */
    if (r >= 0)
        r = etcd_answer_get_header(fields, &header, reterr);
    if (r >= 0)
        r = json_get_int(fields, "ID", &answer.lease, reterr);
    if (r >= 0)
        r = json_get_int(fields, "TTL", &seconds, reterr);
    if (r < 0)
        return etcd_answer_errno(r);
    if (answer.lease == 0 || seconds < 0 || seconds > TTL_MAX_SECONDS)
        return etcd_answer_bad(reterr, "the answer has no lease");
    if (seconds == 0)
        return error_set(reterr, -ENOKEY, "the lease does not exist");
    answer.ttl_usec = (usec_t) seconds * USEC_PER_SEC;
    answer.history = header.history;
    *ret = answer;
    return 0;
}

int etcd_token_parse(const char *text, size_t size, char **ret, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    const char *token = "";
    int r = etcd_answer_open(text, size, &object, reterr);
    if (r >= 0)
        r = etcd_answer_errno(json_get_string(object, "token", &token, reterr));
    if (r < 0)
        return r;
    size_t n = 0;
    while (isgraph((unsigned char) token[n])) /* it becomes a header's value */
        n++;
    if (n == 0 || token[n] != '\0')
        return etcd_answer_bad(reterr, "the answer has no token");
    char *copy = strdup(token);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

/* What is no JSON is text for people, or a page of somebody else's: its first line, if that is
 * plain. */
static int text_length(const char *text, size_t size) {
    size_t n = 0;
    while (n < size && n < ERROR_TEXT_MAX && isprint((unsigned char) text[n]))
        n++;
    return *text == '<' ? 0 : (int) n;
}

int etcd_error_parse(unsigned status, const char *text, size_t size, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    int r = json_parse(text, size, &object, NULL);
    if (r >= 0)
        r = etcd_error_find(object, reterr);
    if (object ? r < 0 : r == -ENOMEM)
        return r;
    r = status == 401 || status == 403   ? -EACCES
        : status >= 502 && status <= 504 ? -EHOSTUNREACH
                                         : -EPROTO;
    int length = object ? 0 : text_length(text, size);
    return error_set(reterr, r, "HTTP status %u%s%.*s", status, length > 0 ? ": " : "", length,
                     text);
}
