/* Which units are available, and how many of a group may be taken down by fleet's own doing: the
 * budget (MaxUnavailable=). Inside sched only.
 *
 * A unit is available when it was launched as ordered, and its agent says that it is up. Groups are
 * of ordinary units that are to be launched: the instances of a template, or units with the same
 * Group=; every other unit is a group of one, for which there is no record. */
#pragma once

#include "fleetd/sched/cluster-internal.h"

typedef struct UnitGroup {
    const char *name; /* the map's key */
    size_t n_members; /* units whose record names it */
    size_t n_wanted;
    size_t n_available;
    size_t n_arriving; /* scratch of proposal.c */
} UnitGroup;

/* The unit's record has another name, file or wish, an order of it has changed, or what is said of
 * it: counts it anew, and looks at those for whom that matters. */
int unit_refresh(Cluster *cluster, ClusterUnit *unit);
/* Before its requirements change, and before it goes. */
void unit_leave_group(Cluster *cluster, ClusterUnit *unit);

/* How many of n units that are to run may be down, as its file has it. */
size_t unit_budget_of(const ClusterUnit *unit, size_t n_wanted);
/* Whether it may be taken down now, by fleet's own doing. */
bool unit_may_go_down(const ClusterUnit *unit);
/* Of each group, as of now: those that are not available, and of which their machines have yet to
 * say what came of their orders, or that are active and still to show that they are well. */
void cluster_count_arriving(Cluster *cluster);
/* Whether it may be taken down when those have arrived. */
bool unit_may_go_down_then(const ClusterUnit *unit);
/* The order names the file that users want, and the last restart. */
bool placement_has_target(const Placement *placement);
/* What is reported is of what the order says. */
bool placement_answers_launch(const Placement *placement);
bool placement_is_available(const Placement *placement);
/* What keeps it from being up with the file that it is ordered to have, be it on its way; NULL:
 * nothing that is known. Borrowed. */
const char *placement_trouble(const Placement *placement);
bool placement_is_running(const Placement *placement); /* likewise, and has not ended */
