/* A plan in the making: each step changes the cluster at once, so that the next decision sees it.
 * Inside sched only. */
#pragma once

#include "fleetd/sched/plan.h"
#include "fleetd/sched/rank.h"

typedef struct Planner {
    Cluster *cluster;
    Plan *plan;
    size_t n_allocated;
    Placement **placements; /* whose order each step writes; NULL: a step about a pending */
    ClusterUnit **touched;  /* units that were decided on: their pendings may have to follow */
    size_t n_touched, n_touched_allocated;
    bool joins; /* the next step belongs into the transaction of the one before */
    struct {
        Choice choice;
        char text[CHOICE_REASON_SIZE];
    } reason; /* of the last choice, as the next one's is mostly the same */
} Planner;

int planner_init(Planner *planner, Cluster *cluster);
/* Gives the records back that only the plan held. After an error it only frees. */
void planner_done(Planner *planner);

/* choice_reason(). Borrowed until the next choice. */
const char *planner_choice_reason(Planner *planner, const Choice *choice);

int planner_touch(Planner *planner, ClusterUnit *unit);

/* Of order only hash, desired, unit_revision and reason are used. A second step for the same order
 * takes the place of the first, as no transaction may write a key twice. */
int planner_put_order(Planner *planner, Placement *placement, const Order *order);
int planner_delete_order(Planner *planner, Placement *placement, const char *reason);

int planner_put_pending_take(Planner *planner, ClusterUnit *unit, Pending *pending);
int planner_delete_pending(Planner *planner, ClusterUnit *unit);
