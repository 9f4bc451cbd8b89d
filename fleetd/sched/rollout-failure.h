/* In what words it is kept why a unit of a deployment has failed. Inside sched only. */
#pragma once

#include "fleetd/sched/rollout-step.h"

/* One line: what, and whatever else is known of it now, as afterwards nobody can tell any more.
 * NULL when out of memory; the caller frees. */
char *rollout_failure_format(const RolloutFact *fact, const char *what);
