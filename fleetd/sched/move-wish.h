/* Moves that users have asked for (model/rebalance.h), as far as placing depends on it: a unit that
 * is on one machine is to go to another one, as long as it fits there and that helps.
 * The record in the store has them; whoever leads tells the cluster of those that may be begun.
 * Inside sched only. */
#pragma once

#include "fleetd/sched/feasible.h"

typedef struct MoveWish {
    char *from, *to;
} MoveWish;

void move_wish_free(MoveWish *wish);

/* Whether the unit is to leave that place for another one, if it can. */
bool placement_is_wished_away(const Placement *placement);

typedef enum MoveProspect {
    MOVE_CAN_BEGIN,
    MOVE_HAS_TO_WAIT, /* for something that passes by itself */
    MOVE_IS_OFF,
} MoveProspect;

/* Whether a unit can go there from where it is, its budget apart. ret_misfit: why not; of kind
 * MISFIT_NONE: it would not help any more, or the unit is not up, and a unit is not started by
 * being moved. -ENOMEM. */
int placement_can_move(Cluster *cluster, const Placement *from, const ClusterMachine *to,
                       MoveProspect *ret, Misfit *ret_misfit);
