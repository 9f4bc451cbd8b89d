/* Which units are on which machines, and which wait, at one time; and what is otherwise at another.
 * Inside sched only. */
#pragma once

#include "fleetd/model/forecast.h"
#include "fleetd/sched/cluster-internal.h"

typedef struct Outcome Outcome;

/* Copies all that it is made of. -ENOMEM. */
int outcome_take(const Cluster *cluster, Outcome **ret);
void outcome_free(Outcome *outcome);
DEFINE_POINTER_CLEANUP(Outcome, outcome_free)

/* departures: by "machine/unit", why that was to leave there meanwhile. Adds to ret. -ENOMEM. */
int outcome_compare(const Outcome *before, const Outcome *after, const Map *departures,
                    Forecast *ret);

/* What a departure stands under; NULL when out of memory, the caller frees. */
char *departure_key(const char *machine_id, const char *name);
