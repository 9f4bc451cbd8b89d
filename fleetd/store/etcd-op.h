/* One operation with one answer: sent, and sent again elsewhere where that is right. */
#pragma once

#include "fleetd/store/etcd-answer.h"
#include "fleetd/store/etcd-cluster.h"

/* A kind of operation, in a table. */
typedef struct EtcdOpKind {
    const char *path; /* service and method */
    EtcdLane lane;
    bool is_repeatable; /* doing it twice is no worse than once */
    bool is_login;      /* needs no login before it */
    bool is_at_once;    /* whoever asks has much else to do then, while the member works */
    int (*parse)(EtcdOp *op, ProtobufBytes message, Error *reterr); /* sets answer and history */
    void (*tell)(EtcdOp *op, int r);                                /* calls op->done */
} EtcdOpKind;

struct EtcdOp {
    EtcdHandle handle;
    EtcdCluster *cluster; /* NULL while it is telling its end: then it is in no list */
    LIST_ENTRY(EtcdOp) link;
    const EtcdOpKind *kind;
    ByteBuffer body;
    size_t endpoint;
    H2Request *request;
    unsigned n_attempts; /* but for those whose token was refused */
    usec_t deadline;
    uint64_t history; /* that the answer is of */
    EtcdAuthWait auth_wait;

    union {
        EtcdRangeAnswer range;
        EtcdTxnAnswer txn;
        EtcdLeaseAnswer lease;
        char *token;
    } answer;
    union {
        StoreRangeDone range;
        StoreTxnDone txn;
        StoreLeaseDone lease;
    } done;
    void *userdata;
};

/* Begins an operation of that kind. Takes over body, and answers as store_range() does. */
int etcd_op_start(EtcdCluster *cluster, const EtcdOpKind *kind, ByteBuffer body_take, EtcdOp **ret);
void etcd_op_cancel(StoreOp *op);
