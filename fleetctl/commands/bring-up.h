/* What submit, load and start have in common: units become known to the cluster and get a desired
 * state. */
#pragma once

#include "fleetctl/commands/command.h"
#include "fleetctl/wait/wait-tracker.h"

typedef struct BringUp {
    const char *verb;
    LaunchState target;
    WaitGoal goal; /* of a target other than inactive */
} BringUp;

/* Result as of a CommandRun. When one of the units is wrong, nothing is sent. */
int bring_up(Context *context, const BringUp *kind, const char *const *operands, Error *reterr);
