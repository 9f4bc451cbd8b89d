/* Follows reboots until the machines are back, a line for each step of each. */
#pragma once

#include "fleetctl/api/context.h"
#include "fleetctl/wait/reboot-tracker.h"

/* revision: of the last request. 0: all are back; positive: the exit status, everything has been
 * said; negative: the stream cannot be had. */
int reboot_wait(Context *context, RebootTracker *tracker, int64_t revision, Error *reterr);
