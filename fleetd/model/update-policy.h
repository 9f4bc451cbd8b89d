/* How a changed unit file is rolled out: the Update... options of [X-Fleet], which a deployment may
 * overrule. Pure. */
#pragma once

#include "fleetd/base/time-units.h"

#include <errno.h>

typedef enum UpdateOnFailure {
    UPDATE_ROLLBACK, /* all units get the files back that they had */
    UPDATE_PAUSE,    /* until somebody resumes, or undoes it */
    UPDATE_CONTINUE,
    _UPDATE_ON_FAILURE_MAX,
    _UPDATE_ON_FAILURE_INVALID = -EINVAL,
} UpdateOnFailure;

typedef enum UpdateOrder {
    UPDATE_STOP_FIRST,
    UPDATE_START_FIRST, /* on another machine, beside the one that runs */
    _UPDATE_ORDER_MAX,
    _UPDATE_ORDER_INVALID = -EINVAL,
} UpdateOrder;

typedef struct UpdatePolicy {
    uint64_t parallel;   /* so many units are under way at a time; at least 1 */
    uint64_t canaries;   /* so many first, then it waits to be promoted; 0: it does not */
    usec_t healthy_usec; /* a unit that was up and healthy for so long is done */
    usec_t deadline_usec;
    UpdateOnFailure on_failure;
    UpdateOrder order;
} UpdatePolicy;

#define UPDATE_COUNT_MAX 10000
#define UPDATE_TIME_MAX_USEC (24 * 60 * USEC_PER_MINUTE)
#define UPDATE_POLICY_DEFAULT \
    ((UpdatePolicy){ \
        .parallel = 1, .healthy_usec = 10 * USEC_PER_SEC, .deadline_usec = 5 * USEC_PER_MINUTE})

const char *update_on_failure_to_string(UpdateOnFailure on_failure);
const char *update_order_to_string(UpdateOrder order);

/* By the word that people write. -EINVAL: it is none, and which there are. */
int update_policy_set_on_failure(UpdatePolicy *policy, const char *word, Error *reterr);
int update_policy_set_order(UpdatePolicy *policy, const char *word, Error *reterr);

/* -EINVAL, with the reason: no unit could ever be done in time, or none is under way at all. */
int update_policy_check(const UpdatePolicy *policy, Error *reterr);
