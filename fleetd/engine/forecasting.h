/* What would come of a request: the cluster is read as a new leader reads it, into a model of its
 * own, and the request is played through on that (fleetd/sched/rehearsal.h). Any fleetd can do so,
 * whether it leads or not; nothing is written, and nobody is asked but the store.
 *
 * What is under way counts as done on both sides: units that start, drains, moves. What the leader
 * does in its own time is on neither: deployments go on, failed units are tried anew, machines that
 * are missing are given up. */
#pragma once

#include "fleetd/model/forecast.h"
#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef struct Forecasting Forecasting;

typedef struct ForecastingOptions {
    Store *store;
    Loop *loop;
    usec_t agent_ttl_usec;
    const ForecastRequest *request; /* borrowed until it is over; it has been checked */
    ForecastDone done;              /* once, from the loop; it may free this */
    void *userdata;
} ForecastingOptions;

/* As long as the store does not answer it goes on asking. -ENOMEM. */
int forecasting_begin(const ForecastingOptions *options, Forecasting **ret);
/* Whether it is over or not. */
void forecasting_free(Forecasting *forecasting);
DEFINE_POINTER_CLEANUP(Forecasting, forecasting_free)
