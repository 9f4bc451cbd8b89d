/* What a deployment has to do with a unit, for its status. */
#pragma once

#include "fleetctl/api/api-rollouts.h"

/* The last one of rollouts (api_list_rollouts()) that is of the unit, or of its template and came
 * to it; false: there is none. What it says is borrowed. */
bool status_rollout_find(json_object *rollouts, const char *unit, ApiRollout *ret);

/* "web@.service: updating (2 of 6), since ...: why". NULL when out of memory; the caller frees,
 * also what the next ones return. */
char *status_rollout_format(const ApiRollout *rollout, const char *unit);

/* How it is with one of its units, or of its machines: "" when that is not worth a line. */
char *status_rollout_format_part(const ApiRollout *rollout, const char *name);
