/* From what a person typed to units of the cluster, with their unit files. */
#pragma once

#include "fleetctl/api/api-items.h"
#include "fleetctl/units/unit-operand.h"

typedef struct UnitSelection {
    ApiUnits units;        /* what known points into */
    const ApiUnit **known; /* each unit once, in the order of the operands */
    size_t n_known;
    char **unknown; /* names that the cluster does not know, globs that match none; NULL: none */
} UnitSelection;

/* Looks the operands up in the cluster. */
int unit_select(ApiClient *api, const char *const *operands, GlobScope scope, UnitSelection *ret,
                Error *reterr);
/* One unit, by its name. 1: selected; 0: the cluster does not know it, which has been said. */
int unit_select_one(ApiClient *api, const char *operand, UnitSelection *ret, Error *reterr);
void unit_selection_done(UnitSelection *selection);
#define _cleanup_unit_selection_ _cleanup_(unit_selection_done)

/* Says which operands were unknown, and what may have been meant; false if there are none. */
bool unit_selection_complain(ApiClient *api, const UnitSelection *selection);
