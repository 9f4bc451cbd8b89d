/* Single units, by their names. As api-call.h. */
#pragma once

#include "fleetctl/api/api-items.h"

/* One item per name, in their order, with the text of its unit file; an item without a name is
 * unknown to the cluster. */
int api_get_units(ApiClient *client, char *const *names, ApiUnits *ret, Error *reterr);
