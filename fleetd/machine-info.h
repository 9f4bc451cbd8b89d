/* What this machine is: identity and capacity, read from the system once at start, and what may
 * change while fleetd runs. */
#pragma once

#include "fleetd/configuration.h"
#include "fleetd/model/machine.h"

/* The machine as its presence will tell it. An error says what could not be found out and what to
 * do. */
int machine_info_load(const Config *config, Machine **ret, Error *reterr);
/* Where this machine is shown to be; NULL: nobody said so, and it cannot be guessed. The caller
 * frees. */
char *machine_address(const Config *config);

/* Looks at address, metadata and what is kept for the system again. 1: they have changed; 0: not;
 * -ENOMEM: as before. */
int machine_info_update(Machine *machine, const Config *config);
