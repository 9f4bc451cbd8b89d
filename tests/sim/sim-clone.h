/* A second machine with the id of another, as from a copied disk: with a boot, a systemd, units and
 * an address of its own; or with the address of the other one, as behind the same address
 * translation. It is none of the cluster's nodes.
 *
 * The rule that it is there for: as long as the other's presence stands, it writes nothing and
 * touches no unit. When that is gone its place is free, and whoever comes first may have it: then
 * the clone is taken away before it can, so that its id is one machine's again. */
#pragma once

#include "tests/sim/sim-check.h"

typedef struct SimClone SimClone;

/* It is off. */
SimClone *sim_clone_new(SimCluster *cluster, const SimCheck *check, SimTrace *trace);
void sim_clone_free(SimClone *clone);

/* It boots as that machine, if it is off. */
void sim_clone_boot(SimClone *clone, const SimNode *of, bool has_its_address);
void sim_clone_end(SimClone *clone);
/* After every step of the loop. */
void sim_clone_step(SimClone *clone);
