/* A unit whose new file is started in another place before what runs with its former one is stopped
 * (UpdateOrder=start-first), so that it never is down: for as long as a deployment wants that, the
 * order with the former file stands as it is, and one with the new file is given on another
 * machine. When it is not wanted any more, there is one place too many, and the usual rules keep
 * the one that has the wanted file. In a restart the file is the same, and the former one is that
 * of before the restart. Inside sched only.
 *
 * Nothing of that is remembered here but who wants it: the two orders tell which is which. A unit
 * that must not run twice never does. */
#pragma once

#include "fleetd/sched/planner.h"

void beside_wish_free(void *wish);

/* Whether it is up, by an order that could stand while its next one is started elsewhere. */
bool placement_may_stay(const Placement *placement);
/* Whether it has the former file, and stays for now. */
bool placement_stays_beside(const Cluster *cluster, const Placement *placement);

/* What was found at the last look at the unit is void: it is looked at anew. */
void beside_look_anew(const Cluster *cluster, const ClusterUnit *unit);
/* The order with the former file that stays; NULL: none does, and the usual rules hold. That is so
 * too where nothing is up yet, or any more, before the next one is ordered; and where another unit
 * is to have the place. */
Placement *beside_find_former(Cluster *cluster, const ClusterUnit *unit);
/* The order with the wanted file; NULL: there is none yet. */
Placement *beside_find_next(const ClusterUnit *unit);
/* Whether the next one has to go from where it is, or should and can. ret_stays: if it only should,
 * why it stays; else NULL. -ENOMEM. */
int beside_look_at_next(Cluster *cluster, const Placement *former, const Placement *next,
                        bool *ret_leaves, char **ret_stays);
/* Says why the former one stays on a machine that is drained. */
int beside_keep(Planner *planner, Placement *former);
/* That order, where one fits, as long as the former one is not away. */
int beside_begin(Planner *planner, const Placement *former);

/* Whether the former one is on that machine, so that the next one has to be on another. If so, ret
 * says it. */
bool machine_has_former(const Cluster *cluster, const ClusterUnit *unit,
                        const ClusterMachine *machine, Misfit *ret);

/* Why the next one had no place at the last look; NULL: it had, or needed none. */
const char *beside_obstacle(const Cluster *cluster, const ClusterUnit *unit);
