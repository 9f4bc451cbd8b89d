/* The requests of sim-forecasts.h: which one is foretold, and then made. */
#pragma once

#include "fleetd/engine/forecasting.h"
#include "tests/sim/sim-run.h"

typedef struct SimForecasts {
    Sim *sim;
    SimRandom random;
} SimForecasts;

/* One request, in each of its forms. */
typedef struct SimWish {
    SimRequestWhat what;
    char *text;
    UnitFile *file;
    ForecastWish wish; /* of a unit */
    char *drained[2];  /* else of a machine */
} SimWish;

void sim_wish_choose(SimForecasts *forecasts, SimWish *ret);
void sim_wish_done(SimWish *wish);
#define _cleanup_sim_wish_ _cleanup_(sim_wish_done)
