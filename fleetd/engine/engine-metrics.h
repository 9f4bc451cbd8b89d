/* What is counted of the engine's work. The names and types of the first families are those of
 * CoreOS fleet. */
#pragma once

#include "fleetd/base/metrics.h"
#include "fleetd/engine/feed.h"
#include "fleetd/sched/plan.h"

void engine_metrics_declare(Metrics *metrics);

/* A round: from a plan being made until it is in the store. */
typedef struct EngineRound {
    usec_t begun_usec;
    unsigned n_scheduled, n_unscheduled;
} EngineRound;

EngineRound engine_round_begin(const Plan *plan, usec_t begun_usec);
void engine_round_end(const EngineRound *round, int r, Metrics *metrics, usec_t now_usec);

/* "run": the model could not be kept; "schedule": a plan could not be written; "machine_away": a
 * machine is gone. */
void engine_metrics_failed(Metrics *metrics, const char *type);

/* cluster and feed NULL: it does not lead. */
void engine_metrics_collect(Metrics *metrics, usec_t leader_since_usec, const Cluster *cluster,
                            const Feed *feed, size_t n_held);
