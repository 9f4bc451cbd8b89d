/* The cluster at a glance, counted from the view: how its machines and units are, and what is wrong
 * with whom. Pure. */
#pragma once

#include "fleetd/api/view.h"

/* Of several machines' reports of a unit the first in this order speaks for it. */
typedef enum UnitCondition {
    UNIT_CONDITION_FAILED,
    UNIT_CONDITION_UNHEALTHY,
    UNIT_CONDITION_VANISHED, /* its machine is not there, and is not given up yet */
    UNIT_CONDITION_STARTING, /* or on its way */
    UNIT_CONDITION_STOPPING, /* by whomever */
    UNIT_CONDITION_UP,
    UNIT_CONDITION_WAITING, /* for a place */
    UNIT_CONDITION_LOADED,  /* these two: nobody wants more */
    UNIT_CONDITION_INACTIVE,
    _UNIT_CONDITION_MAX,
} UnitCondition;

const char *unit_condition_to_string(UnitCondition condition);

#define CENSUS_NAMES_MAX 3     /* units that are named for one reason to wait */
#define CENSUS_TROUBLES_MAX 20 /* units that are named as failed or unhealthy */

/* Units that wait for the same reason. Borrowed from the view. */
typedef struct WaitingGroup {
    const char *reason;
    size_t n;
    const char *names[CENSUS_NAMES_MAX];
} WaitingGroup;

/* A unit that has failed, or is unhealthy, on a machine. Borrowed from the view. */
typedef struct Trouble {
    const UnitView *unit;
    const Placement *placement;
    UnitCondition condition;
} Trouble;

typedef struct Census {
    size_t n_units, units[_UNIT_CONDITION_MAX];
    size_t n_orphans;
    size_t n_machines[_MACHINE_STATUS_MAX]; /* that are present */
    Map *missing;                           /* set of ids: they have orders, and are not present */
    WaitingGroup *waiting;                  /* the largest first; at most CENSUS_GROUPS_MAX */
    size_t n_waiting;
    Trouble troubles[CENSUS_TROUBLES_MAX];
    size_t n_troubles;      /* as far as they are named */
    size_t n_more_troubles; /* as far as they are not */
} Census;

#define CENSUS_GROUPS_MAX 10

/* -ENOMEM. What it borrows stays until the next turn of the loop. */
int census_take(View *view, Census *ret);
void census_done(Census *census);
#define _cleanup_census_ _cleanup_(census_done)

/* How a unit that the cluster knows is. */
UnitCondition unit_view_condition(const View *view, const UnitView *unit);
/* How it is on one machine that is ordered to have it launched. */
UnitCondition placement_condition(const View *view, const UnitView *unit,
                                  const Placement *placement);
