/* What a person types for units: names, and globs over the names that the cluster knows. */
#pragma once

#include "fleetctl/api/api-requests.h"

/* Whether an operand is a glob: "web@*", "db-[12]". */
bool operand_is_glob(const char *operand);

/* Whether the glob means that unit, as it stands or with ".service" behind it. */
bool operand_glob_matches(const char *glob, const char *unit_name);

/* Replaces each glob by the names of the cluster's units that it matches; what is none, or matches
 * none, stays as it was typed. */
int operands_expand(ApiClient *api, const char *const *operands, char ***ret, Error *reterr);
