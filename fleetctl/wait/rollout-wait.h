/* Follows deployments until they have ended, or a person has to do something: a line for each step
 * of each unit. */
#pragma once

#include "fleetctl/api/context.h"
#include "fleetctl/wait/rollout-tracker.h"

/* revision: of the last request. is_undo: to be rolled back is what was asked for. 0: all is as
 * asked for, or waits to be promoted; positive: the exit status, everything has been said;
 * negative: the stream cannot be had. */
int rollout_wait(Context *context, RolloutTracker *tracker, bool is_undo, int64_t revision,
                 Error *reterr);
