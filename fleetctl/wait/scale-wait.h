/* Follows a scale until there are as many instances as asked for and each of them runs, and those
 * that were too many are gone: a line for each. */
#pragma once

#include "fleetctl/api/context.h"
#include "fleetctl/wait/scale-tracker.h"

/* Before the request: which instances there are, as whoever leads may be done with some of them
 * before anybody can follow it. 0: *ret is the caller's; else as below. */
int scale_look(Context *context, const char *template, uint64_t count, ScaleTracker **ret,
               Error *reterr);
/* tracker: of that look; revision: of the request. 0: all is as asked for; positive: the exit
 * status, everything has been said; negative: the stream cannot be had. */
int scale_wait(Context *context, const char *template, uint64_t count, ScaleTracker *tracker,
               int64_t revision, Error *reterr);
