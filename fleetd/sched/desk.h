/* What a machine has to carry, as it is or as it would be after moves that are not made yet; and
 * what a move would help. Inside sched only. */
#pragma once

#include "fleetd/sched/cluster-internal.h"

typedef struct Desk {
    ClusterMachine *machine;
    size_t load;
    Resources reserved;
} Desk;

Desk desk_of(ClusterMachine *machine); /* as it is */
/* How much there is, by what is least loaded for such a unit (rank.h): its share in percent, or the
 * number of its units. */
size_t desk_load(const Desk *desk, bool is_by_share);
/* The same, with the unit beside what is there. */
size_t desk_load_with(const Desk *desk, const ClusterUnit *unit);

/* What the move of the unit, which is there, would change: above 0, the more loaded of both gets
 * less than it has now, and the other not as much; 0: neither better nor worse; below: worse. */
int64_t desk_gain(const ClusterUnit *unit, const Desk *from, const Desk *to);
/* Whether it would have room. */
bool desk_has_room(const Desk *desk, const ClusterUnit *unit);
void desk_put(Desk *desk, const ClusterUnit *unit); /* beside what is there */
void desks_move(const ClusterUnit *unit, Desk *from, Desk *to);
