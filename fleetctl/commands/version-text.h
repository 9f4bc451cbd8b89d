/* The file of one version of a unit. */
#pragma once

#include "fleetctl/api/api-versions.h"

/* Borrowed. -ENOENT: there is no such version (any more), and reterr says which there are;
 * -EBADMSG: its file is lost. */
int version_text(const ApiVersions *versions, const char *unit, int64_t number, const char **ret,
                 Error *reterr);
