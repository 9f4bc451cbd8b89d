/* Lists of the API, with all their pages. As api-call.h. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetd/base/json.h"

typedef enum ApiResource {
    API_UNITS,
    API_STATES,
    API_MACHINES,
    API_UNIT_FILES, /* units with the texts of their files */
    API_ORPHANS,
    API_REBOOTS,
    API_MAINTENANCE, /* machines that are cordoned or drained, here or away */
    API_ROLLOUTS,
    API_SCALES,
    API_METADATA,   /* that were set, by machine */
    API_UNREADABLE, /* keys of the store */
    _API_RESOURCE_MAX,
} ApiResource;

/* Gives a handler the items of one page after another, while the next page is on its way; names
 * that begin a page come after those of the page before. The handler borrows them, and ends the
 * listing by a negative result. */
typedef int (*ApiPageHandler)(json_object *items, void *userdata, Error *reterr);
int api_list_pages(ApiClient *client, ApiResource resource, ApiPageHandler handler, void *userdata,
                   Error *reterr);

/* All items of all pages, in one array. The caller puts it. */
int api_list(ApiClient *client, ApiResource resource, json_object **ret_array, Error *reterr);
