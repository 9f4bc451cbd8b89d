/* What comes next for a machine that is to be rebooted. Pure: whoever leads gathers the facts, and
 * stores the answer. */
#pragma once

#include "fleetd/model/reboot.h"
#include "fleetd/sched/cluster.h"

typedef struct RebootFacts {
    usec_t now_usec;    /* since 1970 */
    size_t n_places;    /* that others have taken */
    const char *holder; /* the id of one of them; NULL: none has */
    bool is_next;       /* it was asked for before all others that wait and are there */
    bool is_held;       /* the brake holds: no machine more is to be taken away */
    bool is_here;
    const char *boot_id;     /* of its presence; NULL: it is not here */
    size_t n_ordinary;       /* units that it is ordered to have, but for global ones */
    const char *staying;     /* those of them that cannot leave, and why; NULL: none */
    const char *unavailable; /* its units that should be up and are not; NULL: all are */
} RebootFacts;

/* The phase that it is in from now on, and ret_why, for people (the caller frees; NULL: nothing to
 * be said), which may change without the phase. ret_look_at: when the answer becomes another one
 * although no fact has changed but the time; USEC_INFINITY: never. -ENOMEM. */
int reboot_next_phase(const Reboot *reboot, const RebootFacts *facts, RebootPhase *ret_phase,
                      char **ret_why, usec_t *ret_look_at);
