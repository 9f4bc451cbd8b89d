/* How far a deployment (deployment.h) has come, as a whole and unit by unit: `rollout/<name>`,
 * written by the engine that leads, step by step, so that any other can go on with it. Of a global
 * unit its machines stand in the place of units. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

#include <errno.h>

typedef enum RolloutPhase {
    ROLLOUT_UPDATING,
    ROLLOUT_WAITING, /* its canaries are well: to be promoted */
    ROLLOUT_PAUSED,  /* by a user, or as a unit failed */
    ROLLOUT_ROLLING_BACK,
    ROLLOUT_DONE,        /* and so it is over, as in those that follow */
    ROLLOUT_ROLLED_BACK, /* all units have again what they had */
    ROLLOUT_FAILED,      /* not all units are well */
    ROLLOUT_SUPERSEDED,  /* somebody has changed the unit otherwise */
    _ROLLOUT_PHASE_MAX,
    _ROLLOUT_PHASE_INVALID = -EINVAL,
} RolloutPhase;

typedef enum RolloutUnitPhase {
    ROLLOUT_UNIT_WAITING, /* for its turn */
    ROLLOUT_UNIT_UPDATING,
    ROLLOUT_UNIT_DONE,
    ROLLOUT_UNIT_FAILED,
    ROLLOUT_UNIT_RESTORING, /* it has its former file again, and has yet to be up */
    ROLLOUT_UNIT_RESTORED,
    ROLLOUT_UNIT_LEFT, /* somebody has given it another file: it is left alone */
    _ROLLOUT_UNIT_PHASE_MAX,
    _ROLLOUT_UNIT_PHASE_INVALID = -EINVAL,
} RolloutUnitPhase;

typedef struct RolloutUnit {
    char *name;   /* of a global unit: the machine's id */
    char *before; /* hash of the file to go back to; NULL: there is none */
    char *found; /* of the one that it had at first, from a deployment that this one replaced; NULL:
                    that is before */
    char *keeps; /* of a machine: hash of the file that it has there until its turn; NULL: that of
                    the unit */
    int64_t restart; /* of a restart: the number that it was given for it; 0: none yet */
    RolloutUnitPhase phase;
    bool is_beside;    /* until it is done it may run beside the one with its former file */
    bool had_no_place; /* when it got the file of the deployment; until then, at the last look */
    usec_t since_usec; /* since 1970: it is updating or restoring; 0: neither */
    usec_t failed_since_usec; /* likewise: systemd says that it has failed, if only on its way */
    usec_t up_since_usec;     /* of one that is updating: up and healthy; 0: it is not */
    char *why;                /* it failed or was left; NULL: nothing to be said */
} RolloutUnit;

typedef struct Rollout {
    char *name;
    usec_t deployment_usec; /* since_usec of the one that this is of */
    uint64_t n_resumed;     /* as of that deployment, as far as it has been heard */
    uint64_t n_tolerated;   /* so many failed units were known then: they pause it no more */
    bool is_undone;         /* it was, or is, rolled back, whoever wanted that */
    RolloutPhase phase;
    usec_t phase_since_usec; /* since 1970 */
    char *why;               /* it waits, failed, or is undone; NULL: nothing to be said */
    bool is_global;          /* units are the machines of a global unit, and this is the unit: */
    char *unit_hash;         /* its file, as this has last found or changed it */
    char *before;            /* the one to go back to; until all is done, also of new machines */
    bool is_kept; /* it is over, and machines go on with what they keep: they cannot go back */
    int64_t unit_revision; /* with that file, if nobody has asked for it since; 0: this record's */
    RolloutUnit *units;    /* in the order of their turns; a template is the last */
    size_t n_units;
} Rollout;

const char *rollout_phase_to_string(RolloutPhase phase);
RolloutPhase rollout_phase_from_string(const char *text);
const char *rollout_unit_phase_to_string(RolloutUnitPhase phase);
RolloutUnitPhase rollout_unit_phase_from_string(const char *text);
bool rollout_phase_is_over(RolloutPhase phase);
/* Whether machines keep files as it says. */
bool rollout_keeps_files(const Rollout *rollout);

/* JSON value; contracts as for machine_format() and machine_parse(). */
char *rollout_format(const Rollout *rollout);
int rollout_parse(const char *name, const char *text, size_t size, Rollout **ret, Error *reterr);
void rollout_free(Rollout *rollout);
DEFINE_POINTER_CLEANUP(Rollout, rollout_free)

/* The order of their turns: app@2 before app@10, and a template behind its instances. */
int rollout_compare_names(const char *a, const char *b);
/* NULL: it has none of that name. */
RolloutUnit *rollout_find_unit(const Rollout *rollout, const char *name);
/* Into its place, of which it must be the only one. -ENOMEM: unchanged. */
int rollout_add_unit(Rollout *rollout, const RolloutUnit *unit);
void rollout_remove_unit(Rollout *rollout, size_t i);
int rollout_copy(const Rollout *rollout, Rollout **ret);
size_t rollout_count(const Rollout *rollout, RolloutUnitPhase phase);
/* Whether to undo it, which rolls out the file hash, changes anything, or keeps it from doing so:
 * some unit has yet to get the file, or had another one. */
bool rollout_can_be_undone(const Rollout *rollout, const char *hash);
#define ROLLOUT_UNDONE_IN_VAIN \
    "there is nothing to go back to, as it has replaced no file (fleetctl history has the former " \
    "ones)"
