/* Follows a rebalance: first its moves, as a table, then a line for each that has ended. */
#pragma once

#include "fleetctl/api/context.h"
#include "fleetctl/wait/rebalance-tracker.h"

#define EXIT_WOULD_CHANGE 2 /* of a dry run */

/* The moves as a table, or that there are none. 0; -ENOMEM, or what writing failed with. */
int rebalance_print(const Context *context, const RebalanceTracker *tracker);

/* revision: of the request. is_brief: until the moves are known, or what they wait for. 0: it is
 * over, or was to be looked at no longer; positive: the exit status, everything has been said;
 * negative: the stream cannot be had. */
int rebalance_wait(Context *context, bool is_brief, int64_t revision, Error *reterr);
