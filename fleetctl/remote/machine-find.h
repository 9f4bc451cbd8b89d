/* Which machine a person means. Pure. */
#pragma once

#include "fleetctl/api/api-objects.h"

/* Finds it in an array of the API's machines by its id, the beginning of its id, or its address; a
 * name as lists show it, "113f16a7.../10.0.0.1", means its id. 1: *ret (which borrows from the
 * array) is it; 0: there is none; -EINVAL with the choices when several begin so. */
int machine_find(json_object *machines, const char *word, ApiMachine *ret, Error *reterr);
