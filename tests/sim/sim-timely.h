/* What must be done in time, also while things go wrong elsewhere: each bound counts from when
 * nothing stood in the way of it any more. Everything here is argued from constants of fleet's and
 * of fate's; what really was the longest is part of the report. */
#pragma once

#include "tests/sim/sim-check.h"

typedef struct SimTimely SimTimely;

SimTimely *sim_timely_new(SimCluster *cluster, SimCheck *check, SimTrace *trace, SimReport *report);
void sim_timely_free(SimTimely *timely);

/* After every step of the loop; looks once a second. */
void sim_timely_step(SimTimely *timely);

const char *sim_timely_name(
    size_t i); /* of a row of SimReport.longest_usec; NULL behind the last */
usec_t sim_timely_bound(size_t i);
