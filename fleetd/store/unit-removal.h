/* The writes by which a unit is destroyed, with all that is kept together with it, for whoever
 * destroys one: they belong into one transaction, which has to hold only while the unit is as it
 * was read. Of a template also the wish that so many instances be kept goes. */
#pragma once

#include "fleetd/store/store.h"

#define REMOVAL_WRITES_MAX 5

typedef struct UnitRemoval {
    StoreWrite writes[REMOVAL_WRITES_MAX]; /* borrow from keys; the first is the unit itself */
    char *keys[REMOVAL_WRITES_MAX];
    size_t n;
} UnitRemoval;

/* To be freed also on failure. -ENOMEM. */
int unit_removal_fill(const char *name, UnitRemoval *ret);
void unit_removal_done(UnitRemoval *removal);
#define _cleanup_unit_removal_ _cleanup_(unit_removal_done)
