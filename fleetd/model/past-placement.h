/* Where a unit was, and how that ended: `was/<name>/<slot>`, written by the leader in the
 * transaction that deletes the order. Orders count those of their unit that were before them, so
 * nothing has to be read for it, and a unit has no more keys than slots. What stands in a slot with
 * a number that the unit has not come to is of another life of it. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"
#include "fleetd/model/unit.h"

#define PAST_PLACEMENTS_KEPT 10 /* of a unit */

typedef struct PastPlacement {
    int64_t number; /* the first one that the unit had is 1 */
    char *machine_id;
    char *hash;        /* of the unit's file there */
    int64_t version;   /* of that file; 0: not known */
    usec_t since_usec; /* since 1970: when it was ordered there; 0: not known */
    usec_t until_usec; /* when the unit had left */
    char *why;         /* it left */
} PastPlacement;

/* The slot of a placement: the last part of its key. */
int64_t past_placement_slot(int64_t number);

/* JSON value; contracts as for machine_format() and machine_parse(). */
char *past_placement_format(const PastPlacement *past);
int past_placement_parse(const char *text, size_t size, PastPlacement **ret, Error *reterr);
void past_placement_free(PastPlacement *past);
DEFINE_POINTER_CLEANUP(PastPlacement, past_placement_free)
