/* What a person can do now that a deployment has come to an end, or waits. */
#pragma once

#include "fleetctl/api/context.h"
#include "fleetctl/wait/rollout-tracker.h"

/* Printed; nothing, if there is nothing to be done. is_undo: that it goes back was asked for. */
void rollout_hint(const Context *context, const RolloutProgress *progress, bool is_undo);
