#include "fleetd/store/etcd-op.h"

#include <errno.h>

/* How an attempt ended. */
typedef struct Outcome {
    int r;
    bool is_member_fault; /* another member may do better */
    bool is_unsent;       /* nothing of the request was sent */
} Outcome;

static bool is_any_of(int r, const int *numbers, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (r == -numbers[i])
            return true;
    return false;
}

/* Of the HTTP client: errors of this side, and those of a connection that was never made. */
static const int own_faults[] = {ENOMEM, EMSGSIZE, EINVAL};
static const int connect_faults[] = {ECONNREFUSED, EHOSTUNREACH, ENETUNREACH};
/* Of an answer: the member is cut off, slow, or no etcd. */
static const int answer_faults[] = {EHOSTUNREACH, ETIMEDOUT, EPROTO};

static Outcome outcome_without_answer(int r) {
    return (Outcome){
        .r = r,
        .is_member_fault = !is_any_of(r, own_faults, ELEMENTSOF(own_faults)),
        .is_unsent = is_any_of(r, connect_faults, ELEMENTSOF(connect_faults)),
    };
}

static Outcome outcome_of_answer(EtcdOp *op, const H2Answer *answer, Error *reterr) {
    ProtobufBytes message;
    int r = etcd_answer_open(answer, &message, reterr);
    if (r >= 0)
        r = op->kind->parse(op, message, reterr);
    return (Outcome){.r = r,
                     .is_member_fault = is_any_of(r, answer_faults, ELEMENTSOF(answer_faults))};
}

static void op_free(EtcdOp *op) {
    byte_buffer_done(&op->body);
    free(op);
}

static void op_finish(EtcdOp *op, int r) {
    LIST_REMOVE(op, link);
    op->cluster = NULL;
    op->kind->tell(op, r); /* may free the store */
    op_free(op);
}

static void on_http_done(int r, const H2Answer *answer, const char *message, void *userdata);
static int op_send(EtcdOp *op);

static int op_post(EtcdOp *op) {
    usec_t now = loop_now(op->cluster->loop);
    if (now >= op->deadline)
        return -ETIMEDOUT;
    op->endpoint = etcd_endpoints_preferred(op->cluster->endpoints);
    op->n_attempts++;
    EtcdPost post = {
        .lane = op->kind->lane,
        .endpoint = op->endpoint,
        .path = op->kind->path,
        .body = &op->body,
        .timeout_usec = MIN(op->cluster->request_timeout_usec, op->deadline - now),
        .is_login = op->kind->is_login,
        .is_at_once = op->kind->is_at_once,
    };
    return etcd_cluster_post(op->cluster, &post, NULL, on_http_done, op, &op->request);
}

static void on_auth_ready(int r, void *userdata) {
    EtcdOp *op = userdata;
    if (r >= 0)
        r = op_send(op);
    if (r < 0)
        op_finish(op, r);
}

/* With a token, if etcd wants one; once there is one. */
static int op_send(EtcdOp *op) {
    EtcdAuth *auth = op->cluster->auth;
    int r = auth && !op->kind->is_login ? etcd_auth_enter(auth, &op->auth_wait, op->deadline) : 1;
    return r > 0 ? op_post(op) : r;
}

/* The same at the same member, with a new token: of the refused one nothing was done. */
static bool op_may_log_in(EtcdOp *op, int r) {
    if (r != -EKEYEXPIRED || !op->cluster->auth || op->kind->is_login)
        return false;
    op->n_attempts--;
    return etcd_auth_refused(op->cluster->auth, &op->auth_wait);
}

/* At another member; at the same only if a kept connection broke, as it does when the member is
 * restarted. */
static bool op_may_repeat(const EtcdOp *op, const Outcome *outcome) {
    size_t n = etcd_endpoints_size(op->cluster->endpoints);
    if (!outcome->is_member_fault || op->n_attempts >= MAX(n, (size_t) 2))
        return false;
    if (!op->kind->is_repeatable && !outcome->is_unsent)
        return false;
    return etcd_endpoints_preferred(op->cluster->endpoints) != op->endpoint ||
           outcome->r == -ECONNRESET;
}

static void op_end_attempt(EtcdOp *op, const Outcome *outcome, const char *why) {
    int r = outcome->r;
    if (outcome->is_member_fault)
        etcd_cluster_member_failed(op->cluster, op->endpoint, r, why);
    else if (r != -ENOMEM)
        etcd_cluster_member_answered(op->cluster, op->endpoint, op->history);
    if ((op_may_log_in(op, r) || op_may_repeat(op, outcome)) && op_send(op) >= 0)
        return;
    bool is_refused = r == -EKEYEXPIRED || r == -EACCES;
    if (is_refused && !outcome->is_member_fault)
        etcd_cluster_refused(op->cluster, r, why);
    op_finish(op, is_refused ? -EACCES : r);
}

static void on_http_done(int r, const H2Answer *answer, const char *message, void *userdata) {
    EtcdOp *op = userdata;
    op->request = NULL;
    if (r < 0) {
        Outcome outcome = outcome_without_answer(r);
        op_end_attempt(op, &outcome, message);
        return;
    }
    _cleanup_error_ Error error = {};
    Outcome outcome = outcome_of_answer(op, answer, &error);
    op_end_attempt(op, &outcome, error_text(&error, outcome.r));
}

int etcd_op_start(EtcdCluster *cluster, const EtcdOpKind *kind, ByteBuffer body_take,
                  EtcdOp **ret) {
    EtcdOp *op = calloc(1, sizeof(*op));
    if (!op) {
        byte_buffer_done(&body_take);
        return -ENOMEM;
    }
    op->handle = (EtcdHandle){.op.store = &cluster->store, .cancel = etcd_op_cancel};
    op->cluster = cluster;
    op->kind = kind;
    op->body = body_take;
    op->deadline = loop_now(cluster->loop) + 2 * cluster->request_timeout_usec;
    op->auth_wait = (EtcdAuthWait){.on_ready = on_auth_ready, .userdata = op};
    int r = op_send(op);
    if (r < 0) {
        op_free(op);
        return r;
    }
    LIST_INSERT_HEAD(&cluster->ops, op, link);
    *ret = op;
    return 0;
}

void etcd_op_cancel(StoreOp *base) {
    EtcdOp *op = (EtcdOp *) base;
    if (!op->cluster)
        return; /* from inside its own callback */
    h2_request_cancel(op->request);
    etcd_auth_leave(&op->auth_wait);
    LIST_REMOVE(op, link);
    op_free(op);
}
