/* Objects of one kind, as an array of C values. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetctl/api/api-objects.h"

/* Declares a type of such arrays and its functions. PREFIX_read() reads all of a JSON array
 * (NULL: none) or nothing: -EBADMSG names what cannot be read. */
#define DECLARE_API_ITEMS(type, prefix, item_type) \
    typedef struct type { \
        json_object *array; /* what the items borrow from */ \
        item_type *items; \
        size_t n; \
    } type; \
    int prefix##_read(json_object *array, type *ret, Error *reterr); \
    void prefix##_done(type *items)

DECLARE_API_ITEMS(ApiUnits, api_units, ApiUnit);
DECLARE_API_ITEMS(ApiMachines, api_machines, ApiMachine);
DECLARE_API_ITEMS(ApiOrphans, api_orphans, ApiOrphan);
DECLARE_API_ITEMS(ApiReboots, api_reboots, ApiReboot);
DECLARE_API_ITEMS(ApiMaintenances, api_maintenances, ApiMaintenance);
DECLARE_API_ITEMS(ApiVersions, api_versions, ApiVersion);
DECLARE_API_ITEMS(ApiPlacements, api_placements, ApiPlacement);

#define _cleanup_api_units_ _cleanup_(api_units_done)
#define _cleanup_api_machines_ _cleanup_(api_machines_done)
#define _cleanup_api_orphans_ _cleanup_(api_orphans_done)
#define _cleanup_api_reboots_ _cleanup_(api_reboots_done)
#define _cleanup_api_maintenances_ _cleanup_(api_maintenances_done)
#define _cleanup_api_versions_ _cleanup_(api_versions_done)
#define _cleanup_api_placements_ _cleanup_(api_placements_done)

/* All of them that the API lists. As api_list(). */
int api_list_units(ApiClient *client, ApiUnits *ret, Error *reterr);
int api_list_machines(ApiClient *client, ApiMachines *ret, Error *reterr);
int api_list_orphans(ApiClient *client, ApiOrphans *ret, Error *reterr);
int api_list_reboots(ApiClient *client, ApiReboots *ret, Error *reterr);
int api_list_maintenances(ApiClient *client, ApiMaintenances *ret, Error *reterr);
