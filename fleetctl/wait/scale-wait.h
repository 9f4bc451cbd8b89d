/* Follows a scale until there are as many instances as asked for and each of them runs, and those
 * that were too many are gone: a line for each. */
#pragma once

#include "fleetctl/api/context.h"

/* revision: of the request. 0: all is as asked for; positive: the exit status, everything has been
 * said; negative: the stream cannot be had. */
int scale_wait(Context *context, const char *template, uint64_t count, int64_t revision,
               Error *reterr);
