/* Whether a request has been carried out, judged from one line of the stream of events
 * (docs/api.md, "Events"). Pure. */
#pragma once

#include "fleetctl/api/api-objects.h"

typedef enum WaitGoal {
    WAIT_LAUNCHED,
    WAIT_LOADED,
    WAIT_STOPPED,     /* not started anywhere any more, but still loaded if it was on a machine */
    WAIT_INACTIVE,    /* on no machine any more */
    WAIT_GONE,        /* unknown to the cluster as well */
    WAIT_RESTARTED,   /* launched, and by a restart that waits for its turn */
    WAIT_WELL,        /* launched, and healthy if it has a health check */
    WAIT_FOR_RUNNING, /* from here to FAILED: how it is, whoever asked for what */
    WAIT_FOR_HEALTHY,
    WAIT_FOR_GONE,
    WAIT_FOR_FAILED,
    WAIT_ADOPTED, /* on no machine as an orphan any more; which a single line does not say */
    _WAIT_GOAL_MAX,
} WaitGoal;

typedef enum WaitStatus {
    WAIT_STATUS_OPEN,    /* under way */
    WAIT_STATUS_PENDING, /* still open: it fits on no machine now, or is not known well enough */
    WAIT_STATUS_STUCK,   /* still open: a machine could not stop it */
    WAIT_STATUS_UNASKED, /* still open: nobody has asked for it to run */
    WAIT_STATUS_ENDED,   /* still open, as it may be on its way into another state: it was started,
                          * or that was skipped, and it does not run */
    WAIT_STATUS_REACHED,
    WAIT_STATUS_FAILED,    /* carried out, but in vain */
    WAIT_STATUS_OVERTAKEN, /* somebody asked for something else meanwhile */
    _WAIT_STATUS_MAX,
} WaitStatus;

/* What one line says of the request with that revision. WAIT_STATUS_OPEN: nothing that ends the
 * wait. */
WaitStatus wait_judge(WaitGoal goal, int64_t revision, const ApiEvent *event);

/* Nothing was asked for: it is only waited for. */
bool wait_goal_is_state(WaitGoal goal);

bool wait_status_is_open(WaitStatus status);
