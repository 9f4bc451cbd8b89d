/* The machines that are here, by id; and by load and then id, so that the least loaded one that
 * fits is found without a look at the others. Buckets of equal load stand in a list, each with its
 * machines as bits: a placement moves its machine to the neighbouring bucket, which changes two.
 * Inside sched only. */
#pragma once

#include "fleetd/sched/machine-set.h"

typedef struct LoadBucket LoadBucket;

typedef struct LoadIndex {
    MachineSet machines;
    LoadBucket *first;
    bool is_stale; /* machines have come or gone: the buckets stand for others */
} LoadIndex;

/* Put a machine where its load says; after its load has changed, move it there. -ENOMEM. */
int load_index_add(LoadIndex *index, ClusterMachine *machine);
int load_index_move(LoadIndex *index, ClusterMachine *machine);
void load_index_remove(LoadIndex *index, ClusterMachine *machine);
void load_index_done(LoadIndex *index);

/* Makes the buckets anew if machines have come or gone, once for all of them: needed before a walk.
 * -ENOMEM. */
int load_index_refresh(LoadIndex *index);

/* Walks the index in order; begin with {}, or with bits, to meet only those machines. The index
 * must not change on the way. */
typedef struct LoadWalk {
    const uint64_t *only; /* NULL: all */
    const LoadBucket *bucket;
    size_t word;
    uint64_t bits; /* of that word: those that are still to come */
    bool has_begun;
} LoadWalk;
ClusterMachine *load_walk_next(const LoadIndex *index, LoadWalk *walk);
