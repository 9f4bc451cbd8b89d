/* Where a unit was, and where it is. As api-call.h. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetctl/api/api-items.h"

/* The first first; those where it is come last. An older fleetd, and a unit that is gone by now,
 * have none. */
int api_get_placements(ApiClient *client, const char *unit, ApiPlacements *ret, Error *reterr);
/* Where it is on that machine; NULL: it is not known. */
const ApiPlacement *api_placements_find(const ApiPlacements *placements, const char *machine_id);
