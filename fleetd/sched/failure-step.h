/* What comes of a unit that has failed, and that nobody on its machine restarts any more: it is
 * tried anew after a delay that grows with each failure, rather on a machine on which it has not
 * failed, until it has been well for long, or somebody asks for something else. Pure: whoever leads
 * gathers the facts, stores the answer, and goes by it. */
#pragma once

#include "fleetd/model/failures.h"

#define FAILURE_DELAY_USEC (30 * USEC_PER_SEC) /* and twice as long each further time */
#define FAILURE_DELAY_MAX_USEC (60 * USEC_PER_MINUTE)
#define FAILURE_FORGIVEN_USEC (10 * USEC_PER_MINUTE)       /* of being well */
#define FAILURE_FORGOTTEN_USEC (24 * 60 * USEC_PER_MINUTE) /* where it was not since */

/* On its way to auto-restart a unit of systemd's passes through failed, and one in a circle is up
 * for a moment: what does not last for so long says nothing. */
#define FAILURE_QUIET_USEC USEC_PER_SEC

/* A machine that is ordered to have the unit. */
typedef struct FailureFact {
    const char *machine_id;
    bool is_up;
    const char *failure; /* how it has failed there, by its present file and request; NULL: it has
                            not, or is on its way */
} FailureFact;

typedef struct FailureFacts {
    bool is_known;         /* what users want of it can be told; else nothing is changed */
    bool is_tried_anew;    /* they want it launched, and it may be rescheduled */
    bool is_global;        /* it is a unit of its own on each machine */
    int64_t unit_revision; /* of the request */
    FailureFact *places;
    size_t n_places;
} FailureFacts;

void failure_facts_done(FailureFacts *facts);
/* It is ordered there. */
bool failure_facts_have(const FailureFacts *facts, const char *machine_id);
#define _cleanup_failure_facts_ _cleanup_(failure_facts_done)

/* What is to be remembered from now on; NULL: nothing. known: what was; NULL: nothing. ret_look_at:
 * when the answer becomes another one although nothing has changed but the time; USEC_INFINITY:
 * never. -ENOMEM. */
int failure_step(const char *name, const Failures *known, const FailureFacts *facts,
                 usec_t now_usec, Failures **ret, usec_t *ret_look_at);

/* Whether it is time to try it anew, which is on that machine now. */
bool failure_is_due(const FailurePlace *place, const FailureFacts *facts, usec_t now_usec);
