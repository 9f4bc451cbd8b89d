/* What this machine is: identity, address and capacity, read from the system once at start. */
#pragma once

#include "fleetd/configuration.h"
#include "fleetd/model/machine.h"

/* The machine as its presence will tell it. An error says what could not be found out and what to
 * do. */
int machine_info_load(const Config *config, Machine **ret, Error *reterr);
