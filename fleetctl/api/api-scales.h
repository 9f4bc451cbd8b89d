/* How many instances of templates are to be kept. As api-call.h. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetctl/api/api-objects.h"

/* 0; -EREMOTEIO: refused, in the API's words. ret_revision: names the request in the events. */
int api_put_scale(ApiClient *client, const char *template, uint64_t count, int64_t *ret_revision,
                  Error *reterr);
int api_delete_scale(ApiClient *client, const char *template, Error *reterr);

/* All numbers that are kept, for a hint: NULL when they cannot be learnt. The caller puts them. */
json_object *api_scales_learn(ApiClient *client);
/* The one of the template that a unit is a numbered instance of; its number, as 3 of
 * "web@3.service". 0: none is kept. Borrowed; scales may be NULL. */
uint64_t api_scales_find(json_object *scales, const char *unit, ApiScale *ret);
