/* Follows drains until the machines are empty, a line for each unit. */
#pragma once

#include "fleetctl/api/context.h"
#include "fleetctl/wait/drain-tracker.h"

/* revision: of the last request. 0: all have left; positive: the exit status, everything has been
 * said; negative: the stream cannot be had. */
int drain_wait(Context *context, DrainTracker *tracker, int64_t revision, Error *reterr);
