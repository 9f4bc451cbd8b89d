/* The files that a unit has had. As api-call.h. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetctl/api/api-items.h"

/* Of that unit, the oldest first; read by api_version_read(). The caller puts it. */
int api_list_versions(ApiClient *client, const char *unit, bool with_text, json_object **ret_array,
                      Error *reterr);

/* With their texts. */
int api_get_versions(ApiClient *client, const char *unit, ApiVersions *ret, Error *reterr);
/* NULL: it is too old, or was never there. */
const ApiVersion *api_versions_find(const ApiVersions *versions, int64_t number);
