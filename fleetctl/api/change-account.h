/* What a person is told when fleetd was lost between the requests of one command. Pure. */
#pragma once

#include "fleetctl/api/api-requests.h"

/* Puts before the message of r which of the changes were carried out, and of which that is not
 * known; nothing if none was sent, or if there is but one. Returns r. */
int changes_account(const ApiChange *changes, size_t n, int r, Error *reterr);
