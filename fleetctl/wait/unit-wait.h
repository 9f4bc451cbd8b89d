/* Waits until requests have been carried out, on one stream of events; nothing is polled. */
#pragma once

#include "fleetctl/api/context.h"
#include "fleetctl/wait/wait-tracker.h"

/* Follows the units of the tracker, all of them open (there may be none), and tells how each fares.
 * The time to wait is that of --block-attempts; without it, units that fit nowhere end the wait
 * once the others are through. 0: all got there; positive: the exit status, everything has been
 * said; negative: the stream cannot be had. */
int unit_wait(Context *context, WaitTracker *tracker, Error *reterr);
