/* What is to happen to a machine some time later: mostly that something is mended. */
#pragma once

#include "tests/sim/sim-node.h"

#include <sys/queue.h>

struct Sim;
typedef void (*SimLaterDo)(struct Sim *sim, SimNode *node, const void *data);

typedef LIST_HEAD(SimLaters, SimLater) SimLaters;

/* node may be NULL. data is static. */
void sim_later(struct Sim *sim, usec_t usec, SimLaterDo what, SimNode *node, const void *data);
void sim_laters_clear(SimLaters *laters); /* nothing of it happens any more */
