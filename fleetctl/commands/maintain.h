/* What the commands that cordon and drain have in common. */
#pragma once

#include "fleetctl/api/api-items.h"
#include "fleetctl/api/api-maintenance.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/units/machine-select.h"

/* What is wanted of the machine by now; NULL: nothing. */
const ApiMaintenance *wishes_find(const ApiMaintenances *wishes, const char *machine_id);
/* That of the command, or else the one that stands there; NULL: none. */
const char *wish_message(const Context *context, const ApiMaintenance *before);

/* Does one thing to each machine, of which before was wanted (NULL: nothing): act answers as a
 * CommandRun. The first that cannot go on ends it. */
typedef int (*MaintainAct)(Context *context, const char *machine_id, const char *label,
                           const ApiMaintenance *before, Error *reterr);
int maintain_each(Context *context, const char *const *operands, MaintainAct act, Error *reterr);
