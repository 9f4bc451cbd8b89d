/* Field numbers are those of etcd's rpc.proto. */
#include "fleetd/store/etcd-answer-internal.h"

#include "fleetd/store/etcd-error.h"

#include <ctype.h>
#include <errno.h>

/* Far more than any lease; what is larger is not multiplied. */
#define TTL_MAX_SECONDS INT64_C(1000000000)

int etcd_answer_bad(Error *reterr, const char *what) {
    return error_set(reterr, -EPROTO, "%s", what);
}

int etcd_answer_read(ProtobufBytes message, const ProtobufField *fields, size_t n_fields, void *ret,
                     Error *reterr) {
    int r = protobuf_read(message, fields, n_fields, ret);
    return r < 0 ? etcd_answer_bad(reterr, "the answer is not in etcd's format") : 0;
}

int etcd_answer_read_head(ProtobufBytes header, EtcdAnswerHead *ret, Error *reterr) {
    static const ProtobufField fields[] = {
        [1] = {PROTOBUF_INTEGER, offsetof(EtcdAnswerHead, history)}, /* cluster_id */
        [3] = {PROTOBUF_INTEGER, offsetof(EtcdAnswerHead, revision)},
    };
    return ETCD_READ(header, fields, ret, reterr);
}

int etcd_answer_need_head(ProtobufBytes header, EtcdAnswerHead *ret, Error *reterr) {
    int r = etcd_answer_read_head(header, ret, reterr);
    if (r >= 0 && ret->revision <= 0)
        return etcd_answer_bad(reterr, "the answer has no revision");
    return r;
}

int etcd_answer_open(const H2Answer *answer, ProtobufBytes *ret, Error *reterr) {
    ProtobufBytes message;
    int r = etcd_error_check(answer, reterr);
    if (r < 0)
        return r;
    r = grpc_message_find(answer->body, answer->body_size, SIZE_MAX, &message);
    if (r <= 0 || message.size != answer->body_size - GRPC_PREFIX_SIZE)
        return etcd_answer_bad(reterr, "the answer is not one message");
    *ret = message;
    return 0;
}

/* 1: a write that depends on a key was done. */
static int nested_has_changed(ProtobufBytes nested, Error *reterr) {
    static const ProtobufField fields[] = {[2] = {PROTOBUF_BOOL, 0}}; /* succeeded */
    bool was_done = false;
    int r = ETCD_READ(nested, fields, &was_done, reterr);
    return r < 0 ? r : was_done;
}

/* 1: that operation of a transaction changed something; a put always does. */
static int response_has_changed(ProtobufBytes response, Error *reterr) {
    static const ProtobufField fields[] = {
        [2] = {PROTOBUF_BYTES, 0}, /* response_put */
        [3] = {PROTOBUF_BYTES, sizeof(ProtobufBytes)},
        [4] = {PROTOBUF_BYTES, 2 * sizeof(ProtobufBytes)},
    };
    static const ProtobufField deletion_fields[] = {[2] = {PROTOBUF_INTEGER, 0}};
    struct {
        ProtobufBytes put, deletion, nested;
    } answer = {};
    int64_t n_deleted = 0;
    int r = ETCD_READ(response, fields, &answer, reterr);
    if (r >= 0)
        r = ETCD_READ(answer.deletion, deletion_fields, &n_deleted, reterr);
    if (r < 0 || answer.put.data || n_deleted > 0)
        return r < 0 ? r : 1;
    return nested_has_changed(answer.nested, reterr);
}

typedef struct TxnMessage {
    ProtobufBytes header;
    bool succeeded;
} TxnMessage;

enum { TXN_RESPONSES = 3 };

static int responses_have_changed(ProtobufBytes message, Error *reterr) {
    ProtobufBytes response;
    int r = 0;
    while (r == 0 && protobuf_read_next(&message, TXN_RESPONSES, &response) > 0)
        r = response_has_changed(response, reterr);
    return r;
}

int etcd_txn_parse(ProtobufBytes message, EtcdTxnAnswer *ret, Error *reterr) {
    static const ProtobufField fields[] = {
        [1] = {PROTOBUF_BYTES, offsetof(TxnMessage, header)},
        [2] = {PROTOBUF_BOOL, offsetof(TxnMessage, succeeded)},
    };
    TxnMessage txn = {};
    EtcdAnswerHead head = {};
    int r = ETCD_READ(message, fields, &txn, reterr);
    if (r >= 0)
        r = etcd_answer_need_head(txn.header, &head, reterr);
    if (r >= 0)
        r = responses_have_changed(message, reterr);
    if (r < 0)
        return r;
    *ret = (EtcdTxnAnswer){
        .result = {.succeeded = txn.succeeded, .has_changed = r > 0, .revision = head.revision},
        .history = head.history};
    return 0;
}

typedef struct LeaseMessage {
    ProtobufBytes header;
    int64_t lease, seconds;
} LeaseMessage;

static int lease_check(const LeaseMessage *message, Error *reterr) {
    if (message->lease == 0 || message->seconds < 0 || message->seconds > TTL_MAX_SECONDS)
        return etcd_answer_bad(reterr, "the answer has no lease");
    if (message->seconds == 0)
        return error_set(reterr, -ENOKEY, "the lease does not exist");
    return 0;
}

int etcd_lease_parse(ProtobufBytes message, EtcdLeaseAnswer *ret, Error *reterr) {
    static const ProtobufField fields[] = {
        [1] = {PROTOBUF_BYTES, offsetof(LeaseMessage, header)},
        [2] = {PROTOBUF_INTEGER, offsetof(LeaseMessage, lease)},
        [3] = {PROTOBUF_INTEGER, offsetof(LeaseMessage, seconds)},
    };
    LeaseMessage lease = {};
    EtcdAnswerHead head = {};
    int r = ETCD_READ(message, fields, &lease, reterr);
    if (r >= 0)
        r = etcd_answer_read_head(lease.header, &head, reterr);
    if (r >= 0)
        r = lease_check(&lease, reterr);
    if (r < 0)
        return r;
    *ret = (EtcdLeaseAnswer){.lease = lease.lease,
                             .history = head.history,
                             .ttl_usec = (usec_t) lease.seconds * USEC_PER_SEC};
    return 0;
}

int etcd_token_parse(ProtobufBytes message, char **ret, Error *reterr) {
    static const ProtobufField fields[] = {[2] = {PROTOBUF_BYTES, 0}};
    ProtobufBytes token = {};
    int r = ETCD_READ(message, fields, &token, reterr);
    if (r < 0)
        return r;
    size_t n = 0;
    while (n < token.size && isgraph((unsigned char) token.data[n])) /* to be a header's value */
        n++;
    if (n == 0 || n < token.size)
        return etcd_answer_bad(reterr, "the answer has no token");
    char *copy = strndup(token.data, token.size);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}
