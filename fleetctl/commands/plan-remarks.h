/* What a plan cannot say in rows of units: that a template goes, and that a file is one which
 * deploy refuses. */
#pragma once

#include "fleetctl/units/unit-source.h"

typedef struct PlanRemarks {
    char **removals; /* lines; NULL: none, as in the next */
    char **refusals;
} PlanRemarks;

void plan_remarks_done(PlanRemarks *remarks);
#define _cleanup_plan_remarks_ _cleanup_(plan_remarks_done)

/* 0; -ENOMEM. */
int plan_remarks_add_removal(PlanRemarks *remarks, const ApiUnit *unit);
/* known: the unit as it is; without a name it is not known. Likewise. */
int plan_remarks_add_source(PlanRemarks *remarks, const UnitSource *source, const ApiUnit *known);
