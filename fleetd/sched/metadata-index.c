#include "fleetd/sched/metadata-index.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/cluster-internal.h"

#include <assert.h>
#include <errno.h>

/* Pairs that are kept: as many as a cluster has, also if each machine has one that names it, and
 * not what users invent. */
static size_t holders_max(const MachineSet *machines) {
    return MAX((size_t) 1024, 2 * machines->n);
}

int metadata_index_init(MetadataIndex *index) {
    *index = (MetadataIndex){.holders = map_new(free)};
    return index->holders ? 0 : -ENOMEM;
}

void metadata_index_done(MetadataIndex *index) {
    map_free(index->holders);
    free(index->suiting);
}

void metadata_index_forget(MetadataIndex *index) {
    map_clear(index->holders);
}

static uint64_t *holders_new(const MachineSet *machines, const char *key, const char *value) {
    uint64_t *bits = calloc(machine_set_words(machines) + 1, sizeof(uint64_t));
    for (size_t i = 0; bits && i < machines->n; i++) {
        const char *found = metadata_get(&machines->items[i]->metadata, key);
        if (found && streq(found, value))
            bits[i / MACHINE_WORD_BITS] |= UINT64_C(1) << i % MACHINE_WORD_BITS;
    }
    return bits;
}

static int index_need_holders(MetadataIndex *index, const MachineSet *machines, const char *key,
                              const char *value, const uint64_t **ret) {
    char pair[2 * METADATA_TEXT_MAX + 2];
    assert(strlen(key) <= METADATA_TEXT_MAX && strlen(value) <= METADATA_TEXT_MAX);
    stpcpy(stpcpy(stpcpy(pair, key), "="), value);
    uint64_t *holders = map_get(index->holders, pair);
    if (!holders) {
        holders = holders_new(machines, key, value);
        int r = holders ? map_put(index->holders, pair, holders) : -ENOMEM;
        if (r < 0) {
            free(holders);
            return r;
        }
    }
    *ret = holders;
    return 0;
}

/* Takes those out of bits that have none of the values. */
static int index_narrow(MetadataIndex *index, const MachineSet *machines,
                        const MetadataRequirement *wanted, uint64_t *bits) {
    size_t n_words = machine_set_words(machines);
    uint64_t *any = bits + n_words;
    memset(any, 0, n_words * sizeof(uint64_t));
    STRV_FOREACH (value, wanted->values) {
        const uint64_t *holders;
        int r = index_need_holders(index, machines, wanted->key, *value, &holders);
        if (r < 0)
            return r;
        for (size_t i = 0; i < n_words; i++)
            any[i] |= holders[i];
    }
    for (size_t i = 0; i < n_words; i++)
        bits[i] &= any[i];
    return 0;
}

int metadata_index_find(MetadataIndex *index, const MachineSet *machines,
                        const Requirements *requirements, const uint64_t **ret) {
    *ret = NULL;
    if (!requirements || requirements->n_metadata == 0)
        return 0;
    if (map_size(index->holders) > holders_max(machines))
        metadata_index_forget(index);
    const MetadataRequirement *first = &requirements->metadata[0];
    if (requirements->n_metadata == 1 && !first->values[1]) /* as mostly */
        return index_need_holders(index, machines, first->key, first->values[0], ret);

    size_t size = machine_set_words(machines) * sizeof(uint64_t);
    uint64_t *suiting = realloc(index->suiting, 2 * size + 1);
    if (!suiting)
        return -ENOMEM;
    index->suiting = memset(suiting, 0xff, size);
    for (size_t i = 0; i < requirements->n_metadata; i++) {
        int r = index_narrow(index, machines, &requirements->metadata[i], suiting);
        if (r < 0)
            return r;
    }
    *ret = suiting;
    return 0;
}
