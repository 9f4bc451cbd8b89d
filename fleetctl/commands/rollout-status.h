/* What was deployed, and how far it is. Results as of a CommandRun. */
#pragma once

#include "fleetctl/commands/command.h"

int rollout_list(Context *context, Error *reterr);
/* With the units of that one. EXIT_FAILURE also if it failed, or was rolled back. */
int rollout_show(Context *context, const char *unit, Error *reterr);
