#include "fleetd/sched/load-index.h"

#include "fleetd/sched/cluster-internal.h"

#include <errno.h>

/* The last bucket whose load is not above the given one, looked for from near on; NULL: it would be
 * the first. */
static LoadBucket *bucket_find(LoadIndex *index, LoadBucket *near, size_t load) {
    LoadBucket *bucket = near ? near : index->first;
    while (bucket && bucket->load > load)
        bucket = bucket->previous;
    while (bucket && bucket->next && bucket->next->load <= load)
        bucket = bucket->next;
    return bucket;
}

static LoadBucket *bucket_insert(LoadIndex *index, LoadBucket *after, size_t load) {
    LoadBucket *bucket = calloc(1, sizeof(LoadBucket));
    if (!bucket)
        return NULL;
    bucket->load = load;
    bucket->previous = after;
    bucket->next = after ? after->next : index->first;
    if (bucket->next)
        bucket->next->previous = bucket;
    *(after ? &after->next : &index->first) = bucket;
    return bucket;
}

static void bucket_free(LoadIndex *index, LoadBucket *bucket) {
    if (bucket->next)
        bucket->next->previous = bucket->previous;
    *(bucket->previous ? &bucket->previous->next : &index->first) = bucket->next;
    machine_set_done(&bucket->machines);
    free(bucket);
}

static int bucket_add(LoadIndex *index, LoadBucket *near, ClusterMachine *machine) {
    LoadBucket *bucket = bucket_find(index, near, machine->load);
    if (!bucket || bucket->load != machine->load) {
        bucket = bucket_insert(index, bucket, machine->load);
        if (!bucket)
            return -ENOMEM;
    }
    int r = machine_set_add(&bucket->machines, machine);
    if (r < 0) {
        if (bucket->machines.n == 0)
            bucket_free(index, bucket);
        return r;
    }
    machine->bucket = bucket;
    return 0;
}

static void bucket_remove(LoadIndex *index, LoadBucket *bucket, const ClusterMachine *machine) {
    machine_set_remove(&bucket->machines, machine);
    if (bucket->machines.n == 0)
        bucket_free(index, bucket);
}

int load_index_add(LoadIndex *index, ClusterMachine *machine) {
    return bucket_add(index, NULL, machine);
}

int load_index_move(LoadIndex *index, ClusterMachine *machine) {
    LoadBucket *old = machine->bucket;
    int r = bucket_add(index, old, machine);
    if (r < 0)
        return r;
    bucket_remove(index, old, machine);
    return 0;
}

void load_index_remove(LoadIndex *index, ClusterMachine *machine) {
    bucket_remove(index, TAKE_PTR(machine->bucket), machine);
}

void load_index_done(LoadIndex *index) {
    while (index->first)
        bucket_free(index, index->first);
}

ClusterMachine *load_walk_next(const LoadIndex *index, LoadWalk *walk) {
    if (!walk->has_begun)
        *walk = (LoadWalk){.bucket = index->first, .has_begun = true};
    else if (walk->bucket && walk->i >= walk->bucket->machines.n)
        *walk = (LoadWalk){.bucket = walk->bucket->next, .has_begun = true};
    if (!walk->bucket)
        return NULL;
    return machine_set_get(&walk->bucket->machines, walk->i++);
}
