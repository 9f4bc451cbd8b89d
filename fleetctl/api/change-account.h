/* What a person is told when fleetd was lost between the requests of one command. Pure. */
#pragma once

#include "fleetctl/api/api-changes.h"

/* Puts before the message of r which of the changes were carried out, and of which that is not
 * known; nothing if none was sent, or if there is but one. Returns r. */
int changes_account(const ApiChange *changes, size_t n, int r, Error *reterr);
/* Puts before the message of r, which is about the other units, how many had been created; nothing
 * if none had. Returns r. */
int creations_account(size_t n_created, size_t n, int r, Error *reterr);
