/* Units that get their file one after the other, as their next one is started before the former one
 * is stopped (UpdateOrder=start-first): if all had their turn at once, the next ones would be in
 * each other's way. Pure. */
#pragma once

#include "fleetd/model/unit-file.h"

typedef enum ForecastTurnPhase {
    FORECAST_TURN_WAITS,
    FORECAST_TURN_BEGUN,
    FORECAST_TURN_OVER,
} ForecastTurnPhase;

typedef struct ForecastTurn {
    char *name;
    const UnitFile *file; /* borrowed */
    ForecastTurnPhase phase;
} ForecastTurn;

typedef struct ForecastTurns {
    ForecastTurn *items;
    size_t n, n_allocated;
} ForecastTurns;

/* Where deployments have their turn otherwise, too: instances by their numbers. */
void forecast_turns_sort(ForecastTurns *turns);
/* The unit must not be among them. -ENOMEM. */
int forecast_turns_add(ForecastTurns *turns, const char *name, const UnitFile *file);
/* Something else is asked of it. */
void forecast_turns_drop(ForecastTurns *turns, const char *name);
void forecast_turns_done(ForecastTurns *turns);
