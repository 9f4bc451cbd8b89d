/* Which machine a person means. Pure. */
#pragma once

#include "fleetctl/api/api-objects.h"

/* Finds the one machine in an array of the API's that the word means (machine_is_meant()); a whole
 * id or address means no other. 1: *ret (which borrows from the array) is it; 0: there is none;
 * -EINVAL with the choices: there are several. */
int machine_find(json_object *machines, const char *word, ApiMachine *ret, Error *reterr);
