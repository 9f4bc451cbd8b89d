/* The machines that are here, by load and then by id, so that the least loaded one that fits is
 * found without a look at the others. Buckets of equal load stand in a list; a placement moves its
 * machine to the neighbouring bucket. Inside sched only. */
#pragma once

#include "fleetd/sched/machine-set.h"

typedef struct LoadBucket LoadBucket;
struct LoadBucket {
    size_t load;
    MachineSet machines; /* never empty */
    LoadBucket *previous, *next;
};

typedef struct LoadIndex {
    LoadBucket *first;
} LoadIndex;

/* Put a machine where its load says; after its load has changed, move it there. -ENOMEM. */
int load_index_add(LoadIndex *index, ClusterMachine *machine);
int load_index_move(LoadIndex *index, ClusterMachine *machine);
void load_index_remove(LoadIndex *index, ClusterMachine *machine);
void load_index_done(LoadIndex *index);

/* Walks the index in order; begin with {}. The index must not change on the way. */
typedef struct LoadWalk {
    const LoadBucket *bucket;
    size_t i;
    bool has_begun;
} LoadWalk;
ClusterMachine *load_walk_next(const LoadIndex *index, LoadWalk *walk);
