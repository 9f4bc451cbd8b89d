/* The values that stand for a unit in the store, each with one kind of writer
 * (docs/architecture.md, "the store"): what users ask for, what the engine orders, what an agent
 * saw, and why something waits. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"
#include "fleetd/model/health-check.h"
#include "fleetd/model/launch-state.h"

#define UNIT_VERSION_MAX 1000000000000000 /* far from where counting on would overflow */
#define UNIT_RESTART_MAX (INT64_MAX / 2)

/* `unit/<name>`, written by the API on behalf of a user. */
typedef struct Unit {
    char *name;
    char *hash; /* of the unit file */
    LaunchState desired;
    int64_t version; /* of its file: fleetd/model/unit-version.h; 0: it has had none yet */
    int64_t restart; /* names the last time that it was to be restarted, growing; 0: it never was */
    int64_t revision; /* of the store when it was last written: names the request; not part of the
                         value */
    char *rest; /* what a later version wrote beside these, kept by whoever writes it anew; NULL:
                   nothing */
} Unit;

/* `schedule/<machine>/<name>`, written by the engine that leads. desired inactive withdraws the
 * order: the agent stops the unit and says so in its state, then the engine deletes the order.
 * Until then no other machine gets one. */
typedef struct Order {
    char *machine_id;
    char *name;
    char *hash;
    LaunchState desired;
    int64_t unit_revision; /* of the unit/ key that it carries out */
    char *reason;          /* why this machine, for people */
    /* Of a unit with StopAfterDisconnect=: how long it can run there after the machine was known to
     * be in the cluster for the last time; 0: for ever. While the order stands it only grows. */
    usec_t stop_within_usec;
    /* Written while the machine had no presence: whoever holds such an order must not prolong the
     * unit's life, so that from then on it ends in stop_within_usec (fleetd/engine/suspension.h).
     */
    bool is_suspended;
    int64_t restart; /* the unit's: what was started there for a lower one is started anew */
    /* What is told of it, and decides nothing. */
    usec_t since_usec; /* since 1970: when the unit was first ordered there; 0: not known */
    int64_t n_before;  /* orders on machines that the unit had before this one */
    int64_t version;   /* of the file that it names; 0: not known */
} Order;

#define ORDER_SINCE_NOW USEC_INFINITY /* of one that is new: whoever writes it knows the time */

/* What follows the reason of an order that stays on a machine which is drained, up to why. */
#define ORDER_STAYS "; stays on its machine, which is being drained: "

/* How the last job that the agent asked systemd for ended; systemd's words, besides the first two.
 */
typedef enum JobResult {
    JOB_RESULT_NONE, /* nothing was asked yet */
    JOB_RESULT_RUNNING,
    JOB_RESULT_DONE,
    JOB_RESULT_CANCELED,
    JOB_RESULT_TIMEOUT,
    JOB_RESULT_FAILED,
    JOB_RESULT_DEPENDENCY,
    JOB_RESULT_SKIPPED,
    JOB_RESULT_ERROR, /* systemd refused the request itself; the message says why */
    _JOB_RESULT_MAX,
    _JOB_RESULT_INVALID = -EINVAL,
} JobResult;

/* `state/<machine>/<name>`, written by that machine's agent. */
typedef struct UnitState {
    char *machine_id;
    char *name;
    char *hash; /* of the file on the machine; NULL when there is none */
    LaunchState
        current; /* inactive, with job done: stopped and removed, the answer to a withdrawn order */
    char *load, *active,
        *sub; /* systemd's LoadState, ActiveState, SubState; NULL when it does not know the unit */
    char *result; /* systemd's Result of a service (success, exit-code, signal, ...); NULL if it has
                     none */
    JobResult job;
    char *message; /* why the job or the order failed, for people; NULL if it did not */
    char **log;    /* last lines of the unit's journal when it or its job failed, oldest first; NULL
                      otherwise */
    int64_t unit_revision; /* of the order that this answers; 0: none yet */
    UnitHealth health;
    uint64_t restarts;    /* for its health's sake, since it was last well for long */
    char *health_message; /* why it is not well, and what was done about it, for people; NULL:
                             nothing is to be said */
} UnitState;

/* `pending/<name>`, written by the engine: the unit should run and fits nowhere now. */
typedef struct PendingReason {
    char *machine_id;
    char *reason;
} PendingReason;

typedef struct Pending {
    char *name;
    char *summary;          /* one line: "0 of 3 machines fit: ..." */
    PendingReason *reasons; /* sorted by machine id; at most PENDING_REASONS_MAX of them */
    size_t n_reasons;
    int64_t unit_revision;
    int64_t n_before; /* orders on machines that the unit had before; decides nothing */
} Pending;

/* `orphan/<machine>/<name>`, written by that machine's agent: a unit that runs, or is loaded, there
 * for another cluster than the one whose store this is, so that nobody here asked for it. */
typedef struct Orphan {
    char *machine_id;
    char *name;
    char *hash;
    LaunchState desired; /* what it was ordered to be: loaded or launched */
    char *cluster;       /* the id of the one that it is of; NULL: not known */
    char *text;          /* of its file, which has that hash; NULL: it cannot be had */
} Orphan;

#define PENDING_REASONS_MAX \
    64 /* a value of the store stays small also with thousands of machines */

const char *job_result_to_string(JobResult result);
JobResult job_result_from_string(const char *text);
bool job_result_is_final(JobResult result); /* neither none nor running */

/* JSON values; contracts as for machine_format() and machine_parse(). Names and machine ids come
 * from the key, and a unit's revision from the store. */
char *unit_format(const Unit *unit);
int unit_parse(const char *name, const char *text, size_t size, Unit **ret, Error *reterr);
void unit_free(Unit *unit);
DEFINE_POINTER_CLEANUP(Unit, unit_free)

char *order_format(const Order *order);
int order_parse(const char *machine_id, const char *name, const char *text, size_t size,
                Order **ret, Error *reterr);
bool order_equal(const Order *a, const Order *b); /* in what decides, and the reason */
/* Why a unit stays on its machine, although that is being drained, as the reason of its order has
 * it; NULL: it does not. Borrowed. */
const char *order_reason_stays(const char *reason);
/* What stays on a machine, for people: "web@1.service: why; and 2 more", of the first and how many
 * there are. NULL when out of memory; the caller frees. */
char *stays_format(const char *unit, const char *why, size_t n);
void order_free(Order *order);
DEFINE_POINTER_CLEANUP(Order, order_free)

char *unit_state_format(const UnitState *state);
int unit_state_parse(const char *machine_id, const char *name, const char *text, size_t size,
                     UnitState **ret, Error *reterr);
void unit_state_free(UnitState *state);
DEFINE_POINTER_CLEANUP(UnitState, unit_state_free)

/* What it was launched for is there: it is active, and healthy if it is asked for that, or has done
 * its work. */
bool unit_state_is_up(const UnitState *state);
/* It is up in that it has done its work: it would do that once more if it were started. */
bool unit_state_has_ended(const UnitState *state);
/* It is active, and has yet to show that it is healthy. */
bool unit_state_is_starting(const UnitState *state);
/* systemd has given it up, or refused to start it: it will not come up by itself. */
bool unit_state_is_given_up(const UnitState *state);
/* It was launched, and whoever is on its machine to put that right is through with it: systemd says
 * that it failed, or has not started it; or it is not healthy after so many restarts. may_restart:
 * its agent restarts it when it is unhealthy. */
#define HEALTH_RESTARTS_ENOUGH 3
bool unit_state_has_failed(const UnitState *state, bool may_restart);
/* In what way, for people; of a state that has failed. NULL when out of memory; the caller frees.
 */
char *unit_state_failure(const UnitState *state);
/* Why it is not up, as far as it says; NULL: it does not, or it is up. Borrowed. */
const char *unit_state_trouble(const UnitState *state);

char *orphan_format(const Orphan *orphan);
int orphan_parse(const char *machine_id, const char *name, const char *text, size_t size,
                 Orphan **ret, Error *reterr);
void orphan_free(Orphan *orphan);
DEFINE_POINTER_CLEANUP(Orphan, orphan_free)

char *pending_format(const Pending *pending);
int pending_parse(const char *name, const char *text, size_t size, Pending **ret, Error *reterr);
bool pending_equal(const Pending *a, const Pending *b);
void pending_free(Pending *pending);
DEFINE_POINTER_CLEANUP(Pending, pending_free)
