/* Logging in to etcd with a name and a password: one token for all requests. Who needs it while it
 * is being asked for waits; when etcd refuses it, as it has run out or users were changed, one
 * request asks for the next, whoever noticed first. A refused password is told once and tried again
 * later and later: until then all requests fail with -EACCES and etcd is left alone. */
#pragma once

#include "fleetd/net/loop.h"

#include <sys/queue.h>

typedef struct EtcdAuth EtcdAuth;
typedef struct EtcdCluster EtcdCluster;

/* A request's place here. Zeroed but for the first two fields, which its owner sets. */
typedef struct EtcdAuthWait {
    void (*on_ready)(int r, void *userdata); /* r < 0: there is no token, and why */
    void *userdata;
    EtcdAuth *auth; /* NULL: it does not wait */
    LIST_ENTRY(EtcdAuthWait) link;
    Timer *timer;
    int end;           /* what the timer tells */
    unsigned token_id; /* of the token that it last got */
    unsigned n_refused;
} EtcdAuthWait;

int etcd_auth_new(EtcdCluster *cluster, const char *username, const char *password, EtcdAuth **ret);
void etcd_auth_free(EtcdAuth *auth); /* nobody may be waiting */
DEFINE_POINTER_CLEANUP(EtcdAuth, etcd_auth_free)

/* What a request sends as its field "token"; NULL: nothing, as etcd wants no login. */
const char *etcd_auth_token(const EtcdAuth *auth);

/* 1: the request may be sent now. 0: on_ready is called once, from the loop, at the deadline at the
 * latest (-ETIMEDOUT); then it may. Negative: neither. */
int etcd_auth_enter(EtcdAuth *auth, EtcdAuthWait *wait, usec_t deadline);
/* No callback comes any more; also if none was to come. */
void etcd_auth_leave(EtcdAuthWait *wait);

/* etcd refused the token, and so has done nothing of the request. true: enter again and send it
 * again; false: that was tried before. */
bool etcd_auth_refused(EtcdAuth *auth, EtcdAuthWait *wait);

/* The same when etcd denied a watch, as older ones do also when its token has run out. Now
 * and then only, as a user without permission is denied each time. */
bool etcd_auth_denied(EtcdAuth *auth, EtcdAuthWait *wait);
