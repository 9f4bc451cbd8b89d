/* GET /status (docs/api.md). What is not there counts as nothing, so that what an older fleetd does
 * not tell is not shown. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetd/base/json.h"

/* The whole answer; the caller puts it. */
int api_get_status(ApiClient *client, json_object **ret, Error *reterr);

/* Whether vanished machines are held, and which: the field failover of the above. */
int api_get_failover(ApiClient *client, json_object **ret, Error *reterr);

/* Fields, with what stands for one that is absent or of another type: 0, NULL, NULL. object may be
 * NULL. Borrowed. */
int64_t status_number(json_object *object, const char *name);
bool status_flag(json_object *object, const char *name);
const char *status_text(json_object *object, const char *name);
json_object *status_field(json_object *object, const char *name); /* an object or a list */
size_t status_length(json_object *object, const char *name);      /* of a list */
json_object *status_item(json_object *object, const char *name, size_t i);

/* "113f16a7.../10.0.0.1" of an object with machineID and primaryIP. NULL when out of memory; the
 * caller frees. */
char *status_machine(json_object *object, bool full);
