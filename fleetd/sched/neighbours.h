/* Whom on a machine a unit may be at odds with, by Conflicts= or Replaces=. Inside sched only.
 *
 * Most pairs of a glob and a name differ in their stem already, which is what comes before the
 * first '@' or '.'. So each name has one of 64 bits by its stem, and a list of globs has the bits
 * of all names that it may match. A machine has both of its units in a row: of those that cannot be
 * meant nothing else is read. */
#pragma once

#include "fleetd/sched/cluster-internal.h"

uint64_t sieve_of_name(const char *name);
uint64_t sieve_of_globs(const Requirements *requirements); /* NULL has none: 0 */

/* The machine's list of what is there whose unit has globs. -ENOMEM. */
int machine_add_globbed(ClusterMachine *machine, Placement *placement);
void machine_remove_globbed(ClusterMachine *machine, const Placement *placement);

typedef struct NeighbourWalk {
    size_t n_named, n_globbed; /* that were looked at */
} NeighbourWalk;

/* The next placement whose unit one of the unit's globs may match, or whose unit's globs may match
 * the unit; NULL: there is none. One may come twice, the unit's own as well. The machine's
 * placements stay as they are meanwhile. */
Placement *neighbour_walk_next(const ClusterMachine *machine, const ClusterUnit *unit,
                               NeighbourWalk *walk);
