/* What must hold of the versions of units: numbers grow with each other file, and never fall while
 * the unit is known; the files of versions are kept, and nothing else of units that are gone. */
#pragma once

#include "tests/sim/sim-check-internal.h"

void sim_versions_judge_unit(SimCheck *check, const Unit *old, const Unit *new);
void sim_versions_judge_lost_file(SimCheck *check, const char *hash);

bool sim_versions_use_file(const SimCluster *cluster, const char *hash);
/* At rest: each unit's present file is its newest version, and none is left over. */
void sim_versions_check_rest(const SimCluster *cluster, SimTrace *trace);
