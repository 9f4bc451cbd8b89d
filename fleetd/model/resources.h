/* Memory and CPU: what a machine has for units, and what a unit has it keep. Pure. */
#pragma once

#include "fleetd/model/machine.h"
#include "fleetd/model/requirements.h"

typedef struct Resources {
    uint64_t memory_bytes;
    uint64_t cpu_thousandths;
} Resources;

#define RESOURCE_UNLIMITED UINT64_MAX /* of a machine that does not say how much it has */

/* What units may reserve there: all that the machine has, less what it keeps for itself, times its
 * factor. */
Resources machine_capacity(const Machine *machine);

bool reserve_is_none(const Reserve *reserve);
/* What it comes to on a machine with that much memory; of one that does not say how much it has,
 * nothing is kept by percentage. */
Resources reserve_resources(const Reserve *reserve, uint64_t machine_memory_bytes);

/* The larger share of the two that is reserved, in whole percent; 100, as soon as anything is, of
 * nothing. */
uint64_t resources_share(const Resources *reserved, const Resources *capacity);
