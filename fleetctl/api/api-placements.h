/* Where a unit was, and where it is. As api-requests.h. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetctl/api/api-objects.h"

typedef struct ApiPlacements {
    json_object *array;  /* what the items borrow from */
    ApiPlacement *items; /* the first first; those where it is come last */
    size_t n;
} ApiPlacements;

/* An older fleetd, and a unit that is gone by now, have none. */
int api_get_placements(ApiClient *client, const char *unit, ApiPlacements *ret, Error *reterr);
/* Where it is on that machine; NULL: it is not known. */
const ApiPlacement *api_placements_find(const ApiPlacements *placements, const char *machine_id);
void api_placements_done(ApiPlacements *placements);
#define _cleanup_api_placements_ _cleanup_(api_placements_done)
