/* Where a unit has failed, when it is tried anew, and how long it has been well since:
 * `failures/<unit>`, written by the engine that leads, on the condition that it is as it was read
 * (fleetd/sched/failure-step.h). Of an ordinary unit it is all one row of failures, wherever they
 * were; of a global one each machine has its own. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

#define FAILURE_PLACES_MAX 64 /* a value of the store stays small; the oldest are forgotten */

typedef struct FailurePlace {
    char *machine_id;
    uint64_t count;         /* so often it failed there; 0: it is only known to be well there */
    usec_t failed_usec;     /* the last time, since 1970, as the other times are */
    usec_t next_usec;       /* it has failed there and is tried anew then; 0: that is over */
    usec_t well_since_usec; /* it is up there; 0: it is not, or it does not matter */
    char *why;              /* the last time, for people; NULL: it has not failed */
} FailurePlace;

typedef struct Failures {
    char *name;
    int64_t unit_revision; /* of the request that failed; a later one begins anew */
    FailurePlace *places;  /* sorted by machine id */
    size_t n_places;
} Failures;

const FailurePlace *failures_find(const Failures *failures, const char *machine_id);
uint64_t failures_count(const Failures *failures); /* wherever they were */
/* The place that is to be left, or tried again, next; NULL: there is none. */
const FailurePlace *failures_next(const Failures *failures);

/* The place of that machine; made if there is none, for which the oldest one goes where nothing is
 * to be tried. -ENOSPC: there is no such, and no room. -ENOMEM. */
int failures_need(Failures *failures, const char *machine_id, FailurePlace **ret);
void failures_drop(Failures *failures, FailurePlace *place);

int failures_copy(const Failures *failures, Failures **ret); /* -ENOMEM */
bool failures_equal(const Failures *a, const Failures *b);

/* JSON value; contracts as for machine_format() and machine_parse(). */
char *failures_format(const Failures *failures);
int failures_parse(const char *name, const char *text, size_t size, Failures **ret, Error *reterr);
void failures_free(Failures *failures);
DEFINE_POINTER_CLEANUP(Failures, failures_free)
