/* Taking machines out of those that are to be rebooted. */
#pragma once

#include "fleetctl/commands/command.h"

/* NULL: all of them. Says of each what became of it. */
int reboot_cancel(Context *context, char *const *machine_ids, Error *reterr);
