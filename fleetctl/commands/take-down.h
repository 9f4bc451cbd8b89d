/* What stop, unload and destroy have in common: known units get a lesser desired state, or none. */
#pragma once

#include "fleetctl/commands/command.h"
#include "fleetctl/wait/wait-tracker.h"

typedef struct TakeDown {
    const char *verb;
    const char *
        participle; /* of the last line, "Successfully stopped units [...]."; NULL: there is none */
    LaunchState target;
    bool is_removal;
    bool needs_activity; /* it makes no sense for units that are inactive */
    bool waits_for_global;
    WaitGoal goal;
} TakeDown;

/* Result as of a CommandRun. Units that the cluster does not know make it fail, but keep nothing
 * from the others. */
int take_down(Context *context, const TakeDown *kind, const char *const *operands, Error *reterr);
