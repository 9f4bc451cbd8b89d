/* The rival: who holds the presence of this machine and is of another boot. It is this machine's
 * own last boot, whose place is free as soon as that surely has ended; or another machine with the
 * same id, which nobody may take for gone because its fleetd restarts (docs/architecture.md,
 * promise 2). Pure. */
#pragma once

#include "fleetd/base/time-units.h"
#include "fleetd/model/machine.h"

typedef struct Rival {
    char *refused_by;  /* the boot that was seen to run; NULL: none */
    int64_t revision;  /* of the presence of one that restarts, */
    usec_t since_usec; /* which has stood unchanged since then */
} Rival;

void rival_done(Rival *rival);

/* Whether self must not take over the presence that other holds, as of that revision. To be asked
 * at each look at it; what was seen before counts. ttl: how long the fleetd of a machine that has
 * just booted waits for that of its last boot to come back. */
bool rival_bars(Rival *rival, const Machine *self, const Machine *other, int64_t revision,
                usec_t now_usec, usec_t ttl_usec);
