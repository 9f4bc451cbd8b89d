/* A store in front of another with a gate for each kind of operation, and a count of what came: for
 * tests that fail one step of something, where faulty-store.h fails by chance or altogether. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef enum GateKind {
    GATE_RANGE,
    GATE_TXN,
    GATE_WATCH,
    _GATE_KIND_MAX,
} GateKind;

/* What a gate does instead of letting through: a negative errno is answered at once. */
#define GATE_OPEN 0
#define GATE_SILENT 1    /* no answer ever comes */
#define GATE_SWALLOWED 2 /* it is carried out, and no answer comes */

typedef struct GatedStore {
    Store store;
    Store *inner;
    Loop *loop;
    int gates[_GATE_KIND_MAX];
    unsigned counts[_GATE_KIND_MAX]; /* what came, whatever became of it */
    /* Called before a transaction is let through; NULL: not. */
    void (*before_txn)(struct GatedStore *gated, void *userdata);
    void *userdata;
    struct GatedOp *watches; /* that are open */
} GatedStore;

/* Leases pass. The inner store and the loop must outlive it; freed with store_free(). */
GatedStore *gated_store_new(Store *inner, Loop *loop);

/* Ends all watches with that error, as a broken connection does. */
void gated_store_break(GatedStore *gated, int r);
