/* The promises that hold at every moment of a simulation (docs/architecture.md), judged from what
 * the store holds and what the machines' systemds do, not from what any fleetd thinks. */
#pragma once

#include "tests/sim/sim-cluster.h"
#include "tests/sim/sim-requests.h"
#include "tests/sim/sim-trace.h"

typedef struct SimCheck SimCheck;

/* Hooks itself into the cluster; failures go to the trace. The requests hear from it what is
 * written. */
SimCheck *sim_check_new(SimCluster *cluster, SimRequests *requests, SimTrace *trace);
void sim_check_free(SimCheck *check);

/* After every step of the loop. */
void sim_check_step(SimCheck *check);

/* A test did something to a unit on a machine behind fleet's back; or to its file there, so that
 * fleet may stop it, and start it anew, when it finds out. */
void sim_check_note_meddling(SimCheck *check, const SimNode *node, const char *unit);
/* It may fail to start there, once and for all. */
void sim_check_note_failing_starts(SimCheck *check, const SimNode *node, const char *unit);
/* For so long it is there again whenever it was stopped. */
void sim_check_note_coming_back(SimCheck *check, const SimNode *node, const char *unit,
                                usec_t usec);
/* From now on it answers its health check like that. */
void sim_check_note_health(SimCheck *check, const SimNode *node, const char *unit, bool is_well);
void sim_check_note_other_file(SimCheck *check, const SimNode *node, const char *unit);
/* Since it was last started; or it has failed to start. */
bool sim_check_was_meddled_with(const SimCheck *check, const SimNode *node, const char *unit);
bool sim_check_has_other_file(const SimCheck *check, const SimNode *node, const char *unit);

/* When the key last changed; 0: never. machine_id and name as in model/keys.h, NULL where the kind
 * has none. */
usec_t sim_check_last_change(const SimCheck *check, KeyKind kind, const char *machine_id,
                             const char *name);
usec_t sim_check_last_change_of_any(const SimCheck *check);
uint64_t sim_check_count_brakes(const SimCheck *check); /* that were put on */
