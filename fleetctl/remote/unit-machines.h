/* On which machines a unit is. */
#pragma once

#include "fleetctl/api/context.h"

/* typed becomes a whole name as everywhere. 1: *ret_name is the unit's name, and *ret_ids are the
 * machines that it is on (NULL: none); 0: the cluster knows no such unit. The caller frees. */
int unit_machines(const Context *context, const char *typed, char **ret_name, char ***ret_ids,
                  Error *reterr);
