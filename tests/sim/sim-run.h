/* One simulation: a seed decides on everything that happens to a cluster. */
#pragma once

#include "tests/sim/sim-acts.h"
#include "tests/sim/sim-check.h"
#include "tests/sim/sim-clone.h"
#include "tests/sim/sim-kept.h"
#include "tests/sim/sim-later.h"
#include "tests/sim/sim-report.h"
#include "tests/sim/sim-requests.h"
#include "tests/sim/sim-timely.h"

typedef struct Sim {
    uint64_t seed;
    SimActs acts;
    SimTrace trace;
    SimCluster *cluster;
    SimRequests *requests;
    SimCheck *check;
    SimTimely *timely;
    SimClone *clone;
    SimKept *kept;              /* NULL: the store was not lost */
    struct SimRolling *rolling; /* NULL: nothing is drained for the sake of it */
    SimLaters laters;
    bool is_calm;                       /* fate has rested once */
    unsigned told_boots[SIM_NODES_MAX]; /* of each machine: in which it was told to reboot */
    SimReport report;                   /* of this one */
} Sim;

/* Runs it; keep, if not NULL, has a flag for each of its acts, and only those are done.
 * trace.failure tells how it went; the caller calls sim_done(). */
void sim_run(Sim *sim, uint64_t seed, const bool *keep, bool is_verbose);
void sim_done(Sim *sim);

/* Lets so much time pass, or less, when that holds; NULL: never. false: a promise was broken
 * meanwhile. */
bool sim_pass_until(Sim *sim, bool (*predicate)(void *userdata), void *userdata, usec_t usec);
bool sim_pass(Sim *sim, usec_t usec);

/* Until all is as it should be; in time, or a promise is broken: false. */
bool sim_await_units_rest(Sim *sim);

/* The machine that an act is about. */
static inline SimNode *sim_act_node(Sim *sim, const SimAct *act) {
    return &sim->cluster->nodes[act->machine];
}

/* After every step of the loop: what becomes of machines that were told to reboot. */
void sim_fate_step(Sim *sim);
/* Mends everything, but for machines that stay away. */
void sim_fate_rests(Sim *sim);
