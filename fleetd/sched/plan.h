/* Decisions: what to write so that orders fit what is wanted. Pure; pipeline feasible -> rank ->
 * plan. Deterministic: units in order of their priority, then of their requests, the earliest
 * first, and of one request by name; but those that replace others before the rest and targets of
 * MachineOf= before their followers; machines by load and then id.
 *
 * No key is written twice in one plan. A replacer's order may say loaded although its unit should
 * be launched, with a unit_revision of an earlier request or 0: it keeps the place until what it
 * replaces has left (settle.c). */
#pragma once

#include "fleetd/sched/cluster.h"

typedef enum PlanStepKind {
    PLAN_PUT_ORDER,
    PLAN_DELETE_ORDER,
    PLAN_PUT_PENDING,
    PLAN_DELETE_PENDING,
} PlanStepKind;

typedef struct PlanStep {
    PlanStepKind kind;
    bool is_joined; /* must be written in the same transaction as the step before it */
    bool is_known;  /* of an order: users know its unit, so it has a past */
    bool is_void;   /* of DELETE_ORDER, or of a PUT_ORDER that suspends: nobody was asked, as the
                       machine was removed. Only right while `machine/<id>` is absent, so compare that
                       in the same transaction */
    Order *order;   /* PUT_ORDER; of DELETE_ORDER machine_id, name, reason (why it goes) and what it
                       told   of itself are set. One piece of memory with its texts, which free()
                       frees,   not order_free() */
    Pending *pending; /* PUT_PENDING; of DELETE_PENDING only name is set */
} PlanStep;

typedef struct Plan {
    PlanStep *steps;
    size_t n_steps;
} Plan;

/* Decides for every unit that an event since the last plan concerned, at most max_units of them (0:
 * all). The cluster is changed as if the steps had been written; if writing fails, throw the
 * cluster away and feed a new one. An empty plan means that there is nothing to do. -ENOMEM: throw
 * the cluster away. */
int cluster_plan(Cluster *cluster, size_t max_units, Plan **ret);
bool cluster_has_work(
    const Cluster *cluster); /* an event came since the last plan, or max_units cut it short */

void plan_free(Plan *plan);
DEFINE_POINTER_CLEANUP(Plan, plan_free)
