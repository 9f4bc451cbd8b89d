/* Whether a deployment would change nothing: the unit, and of a template all instances, have its
 * file already, and none is under way that would give them another one. Asked of the store. */
#pragma once

#include "fleetd/model/deployment.h"
#include "fleetd/store/store.h"

typedef struct RolloutPresent {
    Store *store;
    StoreOp **op; /* what is being read, which may be cancelled */
    /* As the caller has found it, who knows, too, that the unit of that name has the file. */
    const char *name, *hash;
    const Deployment *last; /* NULL: none, or none that can be read */
    bool has_last;          /* there is one */
    /* r > 0: so it is, as of that revision; 0: something would change. */
    void (*done)(int r, int64_t revision, void *userdata);
    void *userdata;
} RolloutPresent;

/* Borrowed until it is done, as is what it points to. -ENOMEM: then it is not called. */
int rollout_present_ask(RolloutPresent *present);
