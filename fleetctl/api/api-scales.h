/* How many instances of templates are to be kept. As api-requests.h. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetctl/api/api-objects.h"

/* 0; -EREMOTEIO: refused, in the API's words. ret_revision: names the request in the events. */
int api_put_scale(ApiClient *client, const char *template, uint64_t count, int64_t *ret_revision,
                  Error *reterr);
int api_delete_scale(ApiClient *client, const char *template, Error *reterr);
