/* Where a unit may run, worked out the slow and obvious way, to judge the scheduler by. Knows
 * nothing of its code. */
#pragma once

#include "tests/sim/sim-view.h"

/* Whether all that the unit's file asks of the machine and of the units that have orders there
 * holds. Replaces= asks nothing. ret_why, a text for the caller to free, only when not. */
bool sim_fits(const SimView *view, const char *unit, const char *machine_id, char **ret_why);

/* Whether a unit that has no order could be given one there: sim_fits(), and the machine takes new
 * units, and none that replaces it is there. */
bool sim_could_go(const SimView *view, const char *unit, const char *machine_id);
