/* What the commands that cordon and drain have in common. */
#pragma once

#include "fleetctl/api/api-maintenance.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/units/machine-select.h"

/* Does one thing to each machine: act answers as a CommandRun. The first that cannot go on ends it.
 */
int maintain_each(Context *context, const char *const *operands,
                  int (*act)(Context *context, const char *machine_id, const char *label,
                             Error *reterr),
                  Error *reterr);
