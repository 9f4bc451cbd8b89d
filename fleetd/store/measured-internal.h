/* What measured-store.c (requests) and measured-watch.c share; private to them. */
#pragma once

#include "fleetd/store/measured-store.h"

#include <sys/queue.h>

typedef struct MeasuredStore {
    Store store;
    Store *inner;
    Loop *loop;
    Metrics *metrics;
    MetricSource *source;
    LIST_HEAD(, MeasuredOp) ops;
} MeasuredStore;

typedef struct MeasuredOp {
    StoreOp op;
    MeasuredStore *store;
    StoreOp *inner;
    const char *type; /* value of the label */
    usec_t begun_usec;
    union {
        StoreRangeDone range;
        StoreTxnDone txn;
        StoreLeaseDone lease;
        StoreWatchCallbacks watch;
    } done;
    void *userdata;
    char *key; /* of a transaction: the first that it puts. NULL: none */

    StoreWatch *watch;      /* NULL: it is none. Else: */
    int64_t start_revision; /* of the first event that can come; INT64_MAX: not known yet */
    int64_t seen_revision;
    int64_t awaited_revision; /* of a write that it has yet to tell of; 0: none */
    usec_t awaited_since_usec;
    LIST_ENTRY(MeasuredOp) siblings;
} MeasuredOp;

/* key may be NULL. NULL when out of memory. */
MeasuredOp *measured_op_new(MeasuredStore *store, const char *type, const char *key,
                            void *userdata);
void measured_op_free(MeasuredOp *op);
/* It could not begin, or has been answered. */
void measured_op_count(const MeasuredOp *op, int r);

/* measured-watch.c */
int measured_watch(Store *store, const StoreWatch *watch, const StoreWatchCallbacks *callbacks,
                   void *userdata, StoreOp **ret);
/* A write of that key was answered: the watches that it is for should tell of it. */
void measured_watches_expect(MeasuredStore *store, const char *key, int64_t revision);
/* Makes its families known, and gives what is looked up. */
void measured_watches_declare(MeasuredStore *store);
void measured_watches_collect(Metrics *metrics, void *store);
