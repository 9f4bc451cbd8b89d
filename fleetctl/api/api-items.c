#include "fleetctl/api/api-items.h"

#include "fleetctl/api/api-call.h"
#include "fleetctl/api/api-list.h"
#include "fleetd/base/strv.h"

#include <errno.h>

#define DEFINE_API_ITEMS(type, prefix, item_type, item_read, word) \
    void prefix##_done(type *items) { \
        json_object_put(items->array); \
        free(items->items); \
        *items = (type){}; \
    } \
    int prefix##_read(json_object *array, type *ret, Error *reterr) { \
        _cleanup_(prefix##_done) type items = {.array = json_object_get(array)}; \
        size_t n = array ? json_object_array_length(array) : 0; \
        items.items = calloc(n + 1, sizeof(item_type)); \
        if (!items.items) \
            return -ENOMEM; \
        for (; items.n < n; items.n++) { \
            json_object *json = json_object_array_get_idx(array, items.n); \
            int r = item_read(json, &items.items[items.n], reterr); \
            if (r < 0) \
                return error_prefix(reterr, r, "Bad " word " in the answer"); \
        } \
        *ret = items; \
        items = (type){}; \
        return 0; \
    }

#define DEFINE_API_LIST(type, prefix, resource, list) \
    int list(ApiClient *client, type *ret, Error *reterr) { \
        _cleanup_json_ json_object *array = NULL; \
        int r = api_list(client, resource, &array, reterr); \
        return r < 0 ? r : prefix##_read(array, ret, reterr); \
    }

DEFINE_API_ITEMS(ApiUnits, api_units, ApiUnit, api_unit_read, "unit")
DEFINE_API_ITEMS(ApiMachines, api_machines, ApiMachine, api_machine_read, "machine")
DEFINE_API_ITEMS(ApiOrphans, api_orphans, ApiOrphan, api_orphan_read, "orphan")
DEFINE_API_ITEMS(ApiReboots, api_reboots, ApiReboot, api_reboot_read, "reboot")
DEFINE_API_ITEMS(ApiMaintenances, api_maintenances, ApiMaintenance, api_maintenance_read,
                 "maintenance")
DEFINE_API_ITEMS(ApiVersions, api_versions, ApiVersion, api_version_read, "version")
DEFINE_API_ITEMS(ApiPlacements, api_placements, ApiPlacement, api_placement_read, "placement")

DEFINE_API_LIST(ApiUnits, api_units, API_UNITS, api_list_units)
DEFINE_API_LIST(ApiMachines, api_machines, API_MACHINES, api_list_machines)
DEFINE_API_LIST(ApiOrphans, api_orphans, API_ORPHANS, api_list_orphans)
DEFINE_API_LIST(ApiReboots, api_reboots, API_REBOOTS, api_list_reboots)
DEFINE_API_LIST(ApiMaintenances, api_maintenances, API_MAINTENANCE, api_list_maintenances)
