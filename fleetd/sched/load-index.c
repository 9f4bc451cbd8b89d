#include "fleetd/sched/load-index.h"

#include "fleetd/sched/cluster-internal.h"

#include <assert.h>
#include <errno.h>

struct LoadBucket {
    size_t load;
    size_t n; /* machines, at least one */
    LoadBucket *previous, *next;
    size_t first_word; /* that has one */
    uint64_t words[];
};

static size_t machine_load(const ClusterMachine *machine, LoadKind kind) {
    return kind == LOAD_SHARE ? machine->share : machine->load;
}

/* The last bucket whose load is not above the given one, looked for from near on; NULL: it would be
 * the first. */
static LoadBucket *bucket_find(LoadOrder *order, LoadBucket *near, size_t load) {
    LoadBucket *bucket = near ? near : order->first;
    while (bucket && bucket->load > load)
        bucket = bucket->previous;
    while (bucket && bucket->next && bucket->next->load <= load)
        bucket = bucket->next;
    return bucket;
}

static LoadBucket *bucket_insert(LoadIndex *index, LoadOrder *order, LoadBucket *after,
                                 size_t load) {
    LoadBucket *bucket =
        calloc(1, sizeof(LoadBucket) + machine_set_words(&index->machines) * sizeof(uint64_t));
    if (!bucket)
        return NULL;
    bucket->load = load;
    bucket->first_word = machine_set_words(&index->machines);
    bucket->previous = after;
    bucket->next = after ? after->next : order->first;
    if (bucket->next)
        bucket->next->previous = bucket;
    *(after ? &after->next : &order->first) = bucket;
    return bucket;
}

static void bucket_free(LoadOrder *order, LoadBucket *bucket) {
    if (bucket->next)
        bucket->next->previous = bucket->previous;
    *(bucket->previous ? &bucket->previous->next : &order->first) = bucket->next;
    free(bucket);
}

static int bucket_add(LoadIndex *index, LoadKind kind, LoadBucket *near, ClusterMachine *machine) {
    LoadOrder *order = &index->orders[kind];
    size_t load = machine_load(machine, kind);
    LoadBucket *bucket = bucket_find(order, near, load);
    if (!bucket || bucket->load != load) {
        bucket = bucket_insert(index, order, bucket, load);
        if (!bucket)
            return -ENOMEM;
    }
    size_t word = machine->rank / MACHINE_WORD_BITS;
    bucket->words[word] |= UINT64_C(1) << machine->rank % MACHINE_WORD_BITS;
    bucket->first_word = MIN(bucket->first_word, word);
    bucket->n++;
    machine->buckets[kind] = bucket;
    return 0;
}

static void bucket_remove(LoadOrder *order, LoadBucket *bucket, const ClusterMachine *machine) {
    if (--bucket->n == 0) {
        bucket_free(order, bucket);
        return;
    }
    bucket->words[machine->rank / MACHINE_WORD_BITS] &=
        ~(UINT64_C(1) << machine->rank % MACHINE_WORD_BITS);
    while (!bucket->words[bucket->first_word])
        bucket->first_word++;
}

static void index_outdate(LoadIndex *index) {
    for (LoadKind kind = 0; kind < _LOAD_KIND_MAX; kind++)
        index->orders[kind].is_stale = true;
}

int load_index_add(LoadIndex *index, ClusterMachine *machine) {
    index_outdate(index);
    return machine_set_add(&index->machines, machine);
}

void load_index_remove(LoadIndex *index, ClusterMachine *machine) {
    index_outdate(index);
    machine_set_remove(&index->machines, machine);
}

int load_index_move(LoadIndex *index, LoadKind kind, ClusterMachine *machine) {
    LoadBucket *old = machine->buckets[kind];
    if (index->orders[kind].is_stale || old->load == machine_load(machine, kind))
        return 0;
    int r = bucket_add(index, kind, old, machine);
    if (r < 0)
        return r;
    bucket_remove(&index->orders[kind], old, machine);
    return 0;
}

static void order_clear(LoadOrder *order) {
    while (order->first)
        bucket_free(order, order->first);
}

int load_index_refresh(LoadIndex *index, LoadKind kind) {
    LoadOrder *order = &index->orders[kind];
    if (!order->is_stale)
        return 0;
    order_clear(order);
    LoadBucket *near = NULL;
    for (size_t i = 0; i < index->machines.n; i++) {
        ClusterMachine *machine = index->machines.items[i];
        machine->rank = i;
        int r = bucket_add(index, kind, near, machine);
        if (r < 0)
            return r;
        near = machine->buckets[kind];
    }
    order->is_stale = false;
    return 0;
}

void load_index_done(LoadIndex *index) {
    for (LoadKind kind = 0; kind < _LOAD_KIND_MAX; kind++)
        order_clear(&index->orders[kind]);
    machine_set_done(&index->machines);
}

static void walk_load(LoadWalk *walk, size_t word) {
    walk->word = word;
    walk->bits = walk->bucket->words[word] & (walk->only ? walk->only[word] : UINT64_MAX);
}

static void walk_enter(LoadWalk *walk, const LoadBucket *bucket) {
    walk->bucket = bucket;
    if (bucket)
        walk_load(walk, bucket->first_word);
}

ClusterMachine *load_walk_next(const LoadIndex *index, LoadWalk *walk) {
    const LoadOrder *order = &index->orders[walk->kind];
    assert(!order->is_stale);
    if (!walk->has_begun)
        walk_enter(walk, order->first);
    walk->has_begun = true;
    while (walk->bucket && !walk->bits) {
        if (walk->word + 1 < machine_set_words(&index->machines))
            walk_load(walk, walk->word + 1);
        else
            walk_enter(walk, walk->bucket->next);
    }
    if (!walk->bucket)
        return NULL;
    size_t rank = walk->word * MACHINE_WORD_BITS + (size_t) __builtin_ctzll(walk->bits);
    walk->bits &= walk->bits - 1;
    return index->machines.items[rank];
}
