/* What a person types for units: names, and globs over the names that the cluster knows. */
#pragma once

#include "fleetctl/api/api-items.h"

/* Whether an operand is a glob: "web@*", "db-[12]". */
bool operand_is_glob(const char *operand);

/* Whether a name or a glob means that unit. */
bool operand_means_unit(const char *operand, const char *unit_name);

/* Whether the glob means that unit, as it stands or with ".service" behind it. */
bool operand_glob_matches(const char *glob, const char *unit_name);

/* What a glob means: templates are nothing that could run. */
typedef enum GlobScope {
    GLOB_ALL_UNITS,
    GLOB_NO_TEMPLATES, /* unless it matches nothing else: the command can say why it will not do */
} GlobScope;

/* Replaces each glob by the names of the cluster's units that it means; what is none, or matches
 * none, stays as it was typed. */
int operands_expand(ApiClient *api, const char *const *operands, GlobScope scope, char ***ret,
                    Error *reterr);
