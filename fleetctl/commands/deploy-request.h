/* What the flags say of how units are to be gone through, of whoever rolls something out. */
#pragma once

#include "fleetctl/api/api-rollouts.h"
#include "fleetctl/commands/command.h"

/* Borrows from the options. -EINVAL: a flag has a value that it cannot have. */
int deploy_request_fill(const Options *options, DeployRequest *ret, Error *reterr);
