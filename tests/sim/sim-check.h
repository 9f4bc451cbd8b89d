/* The promises that hold at every moment of a simulation (docs/architecture.md), judged from what
 * the store holds and what the machines' systemds do, not from what any fleetd thinks. */
#pragma once

#include "tests/sim/sim-cluster.h"
#include "tests/sim/sim-trace.h"

typedef struct SimCheck SimCheck;

/* Hooks itself into the cluster; failures go to the trace. */
SimCheck *sim_check_new(SimCluster *cluster, SimTrace *trace);
void sim_check_free(SimCheck *check);

/* After every step of the loop. */
void sim_check_step(SimCheck *check);

/* A test did something to a unit on a machine behind fleet's back. */
void sim_check_note_meddling(SimCheck *check, const SimNode *node, const char *unit);
bool sim_check_was_meddled_with(const SimCheck *check, const SimNode *node, const char *unit);
