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

#define VALUES_MAX 1024 /* keys whose values are kept: users may invent any */

static void values_free(void *value) {
    MetadataValues *values = value;
    if (!values)
        return;
    free(values->names);
    free(values->of);
    free(values);
}

int metadata_index_init(MetadataIndex *index) {
    *index = (MetadataIndex){.holders = map_new(free), .values = map_new(values_free)};
    return index->holders && index->values ? 0 : -ENOMEM;
}

void metadata_index_done(MetadataIndex *index) {
    map_free(index->holders);
    map_free(index->values);
    free(index->suiting);
}

void metadata_index_forget(MetadataIndex *index) {
    map_clear(index->holders);
    map_clear(index->values);
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

/* known: a value -> its place among the names, from 1. */
static int values_add(MetadataValues *values, Map *known, size_t i, const char *value) {
    size_t place = (size_t) (uintptr_t) map_get(known, value);
    if (place == 0) {
        place = ++values->n;
        values->names[place - 1] = value;
        int r = map_put(known, value, (void *) (uintptr_t) place);
        if (r < 0)
            return r;
    }
    values->of[i] = (uint32_t) (place - 1);
    return 0;
}

static int values_new(const MachineSet *machines, const char *key, MetadataValues **ret) {
    MetadataValues *values = calloc(1, sizeof(MetadataValues));
    _cleanup_(map_freep) Map *known = map_new(NULL);
    if (values) {
        values->names = calloc(machines->n + 1, sizeof(*values->names));
        values->of = calloc(machines->n + 1, sizeof(*values->of));
    }
    int r = known && values && values->names && values->of ? 0 : -ENOMEM;
    for (size_t i = 0; r >= 0 && i < machines->n; i++) {
        const char *value = metadata_get(&machines->items[i]->metadata, key);
        values->of[i] = METADATA_NO_VALUE;
        r = value ? values_add(values, known, i, value) : 0;
    }
    if (r < 0) {
        values_free(values);
        return r;
    }
    *ret = values;
    return 0;
}

int metadata_index_values(MetadataIndex *index, const MachineSet *machines, const char *key,
                          const MetadataValues **ret) {
    MetadataValues *values = map_get(index->values, key);
    if (!values) {
        int r = values_new(machines, key, &values);
        if (r >= 0 && (r = map_put(index->values, key, values)) < 0)
            values_free(values);
        if (r < 0)
            return r;
    }
    *ret = values;
    return 0;
}

void metadata_index_trim(MetadataIndex *index) {
    if (map_size(index->values) > VALUES_MAX)
        map_clear(index->values);
}
