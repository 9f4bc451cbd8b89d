/* The machines that are here, by id; and by load and then id, so that the least loaded one that
 * fits is found without a look at the others. Load is the number of units there, or the share that
 * they reserve, an order each. Buckets of equal load stand in a list, each with its machines as
 * bits: a placement moves its machine to a bucket that is near, which changes two. Inside sched
 * only. */
#pragma once

#include "fleetd/sched/machine-set.h"

typedef struct LoadBucket LoadBucket;

typedef enum LoadKind {
    LOAD_UNITS,
    LOAD_SHARE,
    _LOAD_KIND_MAX,
} LoadKind;

typedef struct LoadOrder {
    LoadBucket *first;
    bool is_stale; /* machines have come or gone: the buckets stand for others */
} LoadOrder;

typedef struct LoadIndex {
    MachineSet machines;
    LoadOrder orders[_LOAD_KIND_MAX];
} LoadIndex;

/* Put a machine where its loads say; after one of them has changed, move it there. -ENOMEM. */
int load_index_add(LoadIndex *index, ClusterMachine *machine);
int load_index_move(LoadIndex *index, LoadKind kind, ClusterMachine *machine);
void load_index_remove(LoadIndex *index, ClusterMachine *machine);
void load_index_done(LoadIndex *index);

/* Makes the buckets of an order anew if machines have come or gone, once for all of them: needed
 * before a walk. An order that nobody walks costs nothing. -ENOMEM. */
int load_index_refresh(LoadIndex *index, LoadKind kind);

/* Walks the index in an order; begin with its kind, and with bits, to meet only those machines. The
 * index must not change on the way. */
typedef struct LoadWalk {
    LoadKind kind;
    const uint64_t *only; /* NULL: all */
    const LoadBucket *bucket;
    size_t word;
    uint64_t bits; /* of that word: those that are still to come */
    bool has_begun;
} LoadWalk;
ClusterMachine *load_walk_next(const LoadIndex *index, LoadWalk *walk);
