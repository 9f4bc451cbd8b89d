/* systemctl's view of units, from the machines that they are on. */
#pragma once

#include "fleetctl/api/context.h"

typedef struct Systemctl {
    Context *context;
    char **silent; /* machines that ssh did not get to: once is enough */
} Systemctl;

void systemctl_done(Systemctl *systemctl);
#define _cleanup_systemctl_ _cleanup_(systemctl_done)

/* Runs `systemctl status -l UNIT` on the machine, through ssh if it is another one; ssh asks the
 * user for nothing. Its exit status, EXIT_INTERRUPTED when the user ended it; negative: it could
 * not be asked, which has been told where it was to be expected. */
int systemctl_status(Systemctl *systemctl, const char *unit, const char *machine_id);
