/* What names this boot of this machine, for good measure against a second machine with the same
 * /etc/machine-id. The kernel's boot id does not: all containers of a host share it, and a cloned
 * container has the machine id as well. So fleetd makes an id of its own and keeps it in
 * /run/fleet, which every container has for itself, which outlives fleetd, and which no boot
 * outlives. */
#pragma once

#include "fleetd/base/error.h"

/* Reads it from run_directory, or makes it there, with the directory. 32 hexadecimal digits; the
 * caller frees. */
int boot_id_load(const char *run_directory, char **ret, Error *reterr);
