/* What comes next for a deployment: which unit gets another file now, or is restarted, if any, and
 * what has come of those that did. Pure: whoever leads gathers the facts, and stores the answer. */
#pragma once

#include "fleetd/model/deployment.h"
#include "fleetd/model/rollout.h"

/* A unit that it is about, as it is now; or of a global unit one of the machines that have it. */
typedef struct RolloutFact {
    const char *name;
    const char *hash;     /* of its file; NULL: of a template that the cluster does not know */
    int64_t restart;      /* names the last time that it was to be restarted; 0: it never was */
    bool is_new;          /* it came with the deployment: nobody had it before */
    bool is_held;         /* it cannot be read, or the machine is away: nothing is known of it */
    const char *unusable; /* what is wrong with the file that it has; NULL: nothing */
    bool is_wanted;       /* it is to run: else there is nothing to wait for */
    bool is_available;    /* launched as wanted, up, and healthy */
    bool has_failed;      /* systemd has given up on it, with that file, if only for the moment */
    bool may_go_down;     /* its group's budget allows it */
    bool has_no_budget;   /* that is none at all, as its file has it */
    bool may_stay;        /* it is up, and could run on while the next one is started elsewhere */
    const char *waits;    /* why it has no place; NULL: it has, or nothing is known */
    const char *machine;  /* where it is as wanted, up or not; NULL: nowhere, or that is its name */
    const char *trouble;  /* what is wrong there, in a word or two; NULL: nothing that is known */
} RolloutFact;

typedef struct RolloutFacts {
    usec_t now_usec;          /* since 1970 */
    const RolloutFact *units; /* by rollout_compare_names(); of a template, with itself */
    size_t n_units;
    bool is_global;
    const char *unit_hash; /* of the global unit's file; NULL: the unit cannot be read */
    const char *bar;       /* why that file cannot be rolled out over it; NULL: it can */
    bool is_held;          /* the brake holds */
    bool (*has_file)(const char *hash, void *userdata); /* it is in the store */
    /* With that file the unit must not be in two places; NULL: any may. */
    bool (*bars_beside)(const char *unit, const char *hash, void *userdata);
    void *userdata;
} RolloutFacts;

typedef struct RolloutStep {
    Rollout *next; /* the record from now on; NULL: as it is */
    bool is_void;  /* its unit is gone, and with it all that was wanted: the record goes */
    /* Of the one unit that gets another file, together with that record; NULL: none does. */
    const char *unit; /* borrowed, as the next two, from next, the deployment and the facts */
    const char *hash;
    const char *machine; /* that is to have the global unit's file from now on; NULL: none is */
    int64_t restart; /* it is to be started anew, as it is, for that number; 0: it gets the file */
    /* When the answer becomes another although no fact has changed but the time; USEC_INFINITY:
     * never. */
    usec_t look_at;
} RolloutStep;

/* known: the record as it stands, also of an earlier deployment of that name; NULL: none. One
 * that is replaced in the midst hands on what its units had before it. -ENOMEM. */
int rollout_step(const Deployment *deployment, const Rollout *known, const RolloutFacts *facts,
                 RolloutStep *ret);
/* A record in the place of one that cannot be read: nobody can tell what to go back to. The
 * machines of a global unit, whose orders tell what they have, get the unit's present file one
 * after the other. -ENOMEM. */
int rollout_rescue(const Deployment *deployment, const RolloutFacts *facts, Rollout **ret);
void rollout_step_done(RolloutStep *step);
#define _cleanup_rollout_step_ _cleanup_(rollout_step_done)
