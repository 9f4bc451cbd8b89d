/* What comes of machines that are to be rebooted. */
#pragma once

#include "tests/sim/sim-cluster.h"
#include "tests/sim/sim-trace.h"

/* When nothing is under way any more: each has had its turn, has ended, has failed, or waits for
 * units that stay, or for another that does. */
void sim_reboots_check_rest(const SimCluster *cluster, SimTrace *trace);

/* When it should go on by itself, since 1970; 0: now; USEC_INFINITY: it may stay as it is. */
usec_t sim_reboots_due(const SimView *view, const Reboot *reboot);

/* How long it may take until all have ended, besides all else. */
usec_t sim_reboots_limit(const SimView *view);

size_t sim_reboots_count_under_way(const SimView *view);
/* An order of a unit that has to leave before the machine is rebooted; NULL: there is none. */
const Order *sim_reboots_find_ordinary(const SimView *view, const char *machine_id);
