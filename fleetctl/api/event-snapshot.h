/* The present, read from the beginning of the stream of events. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetd/base/json.h"

/* What the stream tells of these units up to "synced", as an array of its objects, which the caller
 * puts. -ETIMEDOUT. Not from inside a callback of the loop. */
int event_snapshot(ApiClient *api, const char *const *names, size_t n_names, usec_t timeout_usec,
                   json_object **ret_array, Error *reterr);
