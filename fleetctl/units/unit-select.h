/* From what a person typed to units of the cluster: names, and globs over the names that it knows.
 */
#pragma once

#include "fleetctl/api/api-requests.h"

/* Whether an operand is a glob: "web@*", "db-[12]". */
bool operand_is_glob(const char *operand);

/* Whether the glob means that unit, as it stands or with ".service" behind it. */
bool operand_glob_matches(const char *glob, const char *unit_name);

/* Replaces each glob by the names of the cluster's units that it matches; what is none, or matches
 * none, stays as it was typed. */
int operands_expand(ApiClient *api, const char *const *operands, char ***ret, Error *reterr);

typedef struct UnitSelection {
    ApiUnits units;        /* what known points into */
    const ApiUnit **known; /* each unit once, in the order of the operands */
    size_t n_known;
    char **unknown; /* names that the cluster does not know, globs that match none; NULL: none */
} UnitSelection;

/* Looks the operands up in the cluster. */
int unit_select(ApiClient *api, const char *const *operands, UnitSelection *ret, Error *reterr);
void unit_selection_done(UnitSelection *selection);
#define _cleanup_unit_selection_ _cleanup_(unit_selection_done)

/* Says which operands were unknown, and what may have been meant; false if there are none. */
bool unit_selection_complain(ApiClient *api, const UnitSelection *selection);
