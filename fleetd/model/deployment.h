/* That users want a file rolled out over a unit, or over the instances of a template, or have them
 * restarted in the same way: `deployment/<name>`. The API writes it for a user, also what is said
 * of it later. How far it has come is in `rollout/<name>` (rollout.h), which the engine that leads
 * writes. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/model/update-policy.h"

typedef struct Deployment {
    char *name;        /* of the unit, or of the template */
    char *hash;        /* of the file; NULL: of a restart, in which each unit keeps its own */
    bool is_restart;   /* units are started anew as they are */
    usec_t since_usec; /* since 1970; tells it from any other of that name */
    UpdatePolicy policy;
    char *message;      /* why, for people; NULL: not said */
    bool is_paused;     /* no further unit has its turn */
    uint64_t n_resumed; /* so many times it was resumed: what has failed is tried anew */
    bool is_promoted;   /* its canaries are well, so the others may follow */
    bool is_undone;     /* all units get back what they had */
} Deployment;

/* JSON value; contracts as for machine_format() and machine_parse(). */
char *deployment_format(const Deployment *deployment);
int deployment_parse(const char *name, const char *text, size_t size, Deployment **ret,
                     Error *reterr);
void deployment_free(Deployment *deployment);
DEFINE_POINTER_CLEANUP(Deployment, deployment_free)
