/* That users want a machine rebooted, and how far that has come: `reboot/<id>`. The API writes it
 * for a user, in phase waiting; from then on the engine that leads writes it, on the condition that
 * it is as it was read. The machines whose reboot is in a phase of draining to failed hold the
 * cluster's places to be rebooted: only so many do at a time. Who deletes the key cancels the
 * reboot, and takes the place back. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

#include <errno.h>

#define REBOOT_TIMEOUT_DEFAULT_USEC (10 * USEC_PER_MINUTE)
#define REBOOT_MAX_PARALLEL_DEFAULT 1

typedef enum RebootPhase {
    REBOOT_WAITING,   /* for its turn */
    REBOOT_DRAINING,  /* its ordinary units leave */
    REBOOT_REBOOTING, /* its agent has systemd reboot it */
    REBOOT_RETURNING, /* it is there with another boot id, and its units start */
    REBOOT_FAILED,    /* it is not back in time, or its units are not up; others wait */
    _REBOOT_PHASE_MAX,
    _REBOOT_PHASE_INVALID = -EINVAL,
    REBOOT_OVER = _REBOOT_PHASE_MAX, /* never stored: the key goes */
} RebootPhase;

typedef struct Reboot {
    char *machine_id;
    char *boot_id; /* of the boot that is to end */
    RebootPhase phase;
    usec_t since_usec, phase_since_usec; /* since 1970; the first asked is the first to have its
                                            turn */
    uint64_t max_parallel; /* its turn comes when fewer machines than that are under way */
    usec_t drain_usec;     /* then what is still there leaves, whatever it means; 0: never */
    usec_t timeout_usec;   /* to go down and be back; and again, for its units to be up */
    bool has_returned;     /* also of a failed one */
    char *message;         /* why, for people; NULL: not said */
    char *why;             /* it failed, or waits; NULL: nothing to be said */
} Reboot;

const char *reboot_phase_to_string(RebootPhase phase);
RebootPhase reboot_phase_from_string(const char *text);

/* It has one of the places; and: its machine's units are to leave. */
bool reboot_is_under_way(const Reboot *reboot);
bool reboot_drains(const Reboot *reboot);

/* JSON value; contracts as for machine_format() and machine_parse(). */
char *reboot_format(const Reboot *reboot);
int reboot_parse(const char *machine_id, const char *text, size_t size, Reboot **ret,
                 Error *reterr);
void reboot_free(Reboot *reboot);
DEFINE_POINTER_CLEANUP(Reboot, reboot_free)
