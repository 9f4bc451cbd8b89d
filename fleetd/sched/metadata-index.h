/* Which machines have the metadata that a unit asks for, so that those alone come into question
 * when a place is looked for. Who has a pair is found out when it is first asked for, and kept as
 * bits (machine-set.h) until machines come, go or change. Inside sched only. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/model/requirements.h"
#include "fleetd/sched/machine-set.h"

typedef struct MetadataIndex {
    Map *holders;      /* "key=value" -> bits */
    uint64_t *suiting; /* an answer that is made of several of them */
} MetadataIndex;

int metadata_index_init(MetadataIndex *index);
void metadata_index_done(MetadataIndex *index);

/* The machines that have what is asked for; NULL: nothing is. requirements may be NULL. Borrowed
 * until the next call. -ENOMEM. */
int metadata_index_find(MetadataIndex *index, const MachineSet *machines,
                        const Requirements *requirements, const uint64_t **ret);
/* Machines have come or gone, or have other metadata. */
void metadata_index_forget(MetadataIndex *index);
