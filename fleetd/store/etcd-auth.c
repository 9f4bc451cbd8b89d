#include "fleetd/store/etcd-auth.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/store/etcd-op.h"
#include "fleetd/store/etcd-request.h"

#include <errno.h>

/* A wrong password stays wrong until a person sets it right, and each try costs etcd as much as it
 * was made to cost. */
#define RETRY_MIN_USEC (1 * USEC_PER_SEC)
#define RETRY_MAX_USEC (30 * USEC_PER_SEC)

/* A token may run out between its issue and its use, but hardly three times in a row. */
#define REFUSALS_MAX 2

#define DOUBT_PAUSE_USEC (10 * USEC_PER_SEC)

struct EtcdAuth {
    EtcdCluster *cluster;
    char *username;
    ByteBuffer body; /* of the request: holds the password */
    EtcdOp *op;      /* it is under way */
    char *token;
    bool is_ready;     /* requests may be sent, with the token if there is one */
    unsigned token_id; /* counts them */
    unsigned n_wrong;  /* refused passwords in a row */
    usec_t retry_at;   /* not earlier, after those */
    usec_t doubt_at;   /* no good token is given up for a denial before */
    LIST_HEAD(, EtcdAuthWait) waits;
};

/* --- one request --- */

static int login_parse(EtcdOp *op, ProtobufBytes message, Error *reterr) {
    return etcd_token_parse(message, &op->answer.token, reterr);
}

static void login_tell(EtcdOp *op, int r);

static const EtcdOpKind login_kind = {
    .path = "/etcdserverpb.Auth/Authenticate",
    .lane = ETCD_LANE_LEASES,
    .is_repeatable = true,
    .is_login = true,
    .parse = login_parse,
    .tell = login_tell,
};

static void auth_accepted(EtcdAuth *auth, char *token_take) {
    if (auth->n_wrong > 0)
        log_notice("etcd accepts user '%s' and its password again", auth->username);
    if (!token_take && auth->token_id == 0)
        log_warning("etcd wants no login, as authentication is not enabled there: going on without "
                    "the user '%s'",
                    auth->username);
    free(auth->token);
    auth->token = token_take;
    auth->is_ready = true;
    auth->token_id++;
    auth->n_wrong = 0;
}

static void auth_rejected(EtcdAuth *auth) {
    usec_t pause = RETRY_MIN_USEC << MIN(auth->n_wrong, 8u);
    if (auth->n_wrong++ == 0)
        log_error("etcd refuses user '%s': no such user, or not its password (etcd_username, "
                  "etcd_password). Trying again, later and later",
                  auth->username);
    auth->retry_at = loop_now(auth->cluster->loop) + MIN(pause, RETRY_MAX_USEC);
}

/* The errno that those who wait get. */
static int auth_take_result(EtcdAuth *auth, EtcdOp *op, int r) {
    if (r == 0 || r == -EOPNOTSUPP) {
        auth_accepted(auth, r == 0 ? TAKE_PTR(op->answer.token) : NULL);
        return 0;
    }
    if (r != -EKEYREJECTED)
        return r; /* it could not be asked; the next request tries anew */
    auth_rejected(auth);
    return -EACCES;
}

static void wait_end(EtcdAuthWait *wait, int r) {
    etcd_auth_leave(wait);
    wait->on_ready(r, wait->userdata);
}

/* Those who come meanwhile wait for the next answer, and a callback may free the store. */
static void login_tell(EtcdOp *op, int r) {
    EtcdAuth *auth = op->userdata;
    LIST_HEAD(, EtcdAuthWait) told = LIST_HEAD_INITIALIZER(told);
    EtcdAuthWait *wait;
    auth->op = NULL;
    r = auth_take_result(auth, op, r);
    while ((wait = LIST_FIRST(&auth->waits))) {
        LIST_REMOVE(wait, link);
        LIST_INSERT_HEAD(&told, wait, link);
    }
    while ((wait = LIST_FIRST(&told)))
        wait_end(wait, r);
}

static int auth_ask(EtcdAuth *auth) {
    ByteBuffer body = {};
    int r = byte_buffer_append(&body, auth->body.data, auth->body.size);
    if (r < 0)
        return r;
    r = etcd_op_start(auth->cluster, &login_kind, body, &auth->op);
    if (r >= 0)
        auth->op->userdata = auth;
    return r;
}

/* --- who waits for it --- */

static void on_wait_timer(void *userdata) {
    EtcdAuthWait *wait = userdata;
    wait_end(wait, wait->end);
}

static int wait_begin(EtcdAuth *auth, EtcdAuthWait *wait, usec_t delay_usec, int end) {
    int r = timer_new(auth->cluster->loop, on_wait_timer, wait, &wait->timer);
    if (r < 0)
        return r;
    wait->auth = auth;
    wait->end = end;
    timer_start(wait->timer, delay_usec);
    LIST_INSERT_HEAD(&auth->waits, wait, link);
    return 0;
}

int etcd_auth_enter(EtcdAuth *auth, EtcdAuthWait *wait, usec_t deadline) {
    usec_t now = loop_now(auth->cluster->loop);
    if (auth->is_ready) {
        wait->token_id = auth->token_id;
        return 1;
    }
    if (!auth->op && now < auth->retry_at)
        return wait_begin(auth, wait, 0, -EACCES);
    int r = auth->op ? 0 : auth_ask(auth);
    return r < 0 ? r : wait_begin(auth, wait, deadline > now ? deadline - now : 0, -ETIMEDOUT);
}

void etcd_auth_leave(EtcdAuthWait *wait) {
    if (!wait->auth)
        return;
    LIST_REMOVE(wait, link);
    timer_free(TAKE_PTR(wait->timer));
    wait->auth = NULL;
}

static bool wait_has_newest(const EtcdAuth *auth, const EtcdAuthWait *wait) {
    return auth->is_ready && wait->token_id == auth->token_id;
}

bool etcd_auth_refused(EtcdAuth *auth, EtcdAuthWait *wait) {
    if (wait_has_newest(auth, wait))
        auth->is_ready = false; /* else somebody was quicker, and there is a newer one */
    return wait->n_refused++ < REFUSALS_MAX;
}

bool etcd_auth_denied(EtcdAuth *auth, EtcdAuthWait *wait) {
    usec_t now = loop_now(auth->cluster->loop);
    if (wait_has_newest(auth, wait)) {
        if (now < auth->doubt_at)
            return false;
        auth->doubt_at = now + DOUBT_PAUSE_USEC;
    }
    return etcd_auth_refused(auth, wait);
}

const char *etcd_auth_token(const EtcdAuth *auth) {
    return auth->token;
}

/* --- making --- */

int etcd_auth_new(EtcdCluster *cluster, const char *username, const char *password,
                  EtcdAuth **ret) {
    _cleanup_(etcd_auth_freep) EtcdAuth *auth = calloc(1, sizeof(*auth));
    if (!auth)
        return -ENOMEM;
    auth->cluster = cluster;
    auth->username = strdup(username);
    if (!auth->username)
        return -ENOMEM;
    int r = etcd_login_format(username, password, &auth->body);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(auth);
    return 0;
}

void etcd_auth_free(EtcdAuth *auth) {
    if (!auth)
        return;
    free(auth->token);
    byte_buffer_done(&auth->body);
    free(auth->username);
    free(auth);
}
