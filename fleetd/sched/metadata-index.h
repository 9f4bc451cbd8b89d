/* Which machines have the metadata that a unit asks for, so that those alone come into question
 * when a place is looked for; and which values of a key there are. Who has a pair is found out when
 * it is first asked for, and kept as bits (machine-set.h) until machines come, go or change. Inside
 * sched only. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/model/requirements.h"
#include "fleetd/sched/machine-set.h"

/* Of one key. */
typedef struct MetadataValues {
    const char **names; /* of the values that machines have, in no order; borrowed from them */
    size_t n;
    uint32_t *of; /* of each machine, as it stands in the set: which one it has */
} MetadataValues;

#define METADATA_NO_VALUE UINT32_MAX

typedef struct MetadataIndex {
    Map *holders;      /* "key=value" -> bits */
    Map *values;       /* key -> MetadataValues */
    uint64_t *suiting; /* an answer that is made of several of them */
} MetadataIndex;

int metadata_index_init(MetadataIndex *index);
void metadata_index_done(MetadataIndex *index);

/* The machines that have what is asked for; NULL: nothing is. requirements may be NULL. Borrowed
 * until the next call. -ENOMEM. */
int metadata_index_find(MetadataIndex *index, const MachineSet *machines,
                        const Requirements *requirements, const uint64_t **ret);
/* Which machine has which value of a key. Borrowed until machines come, go or change, or the index
 * is trimmed. -ENOMEM. */
int metadata_index_values(MetadataIndex *index, const MachineSet *machines, const char *key,
                          const MetadataValues **ret);
/* Drops keys if there are very many; nobody may hold any values then. */
void metadata_index_trim(MetadataIndex *index);
/* Machines have come or gone, or have other metadata. */
void metadata_index_forget(MetadataIndex *index);
