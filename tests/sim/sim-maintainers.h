/* What users want of machines: that they get no units, or lose those they have, at any time; and
 * mostly that that be over, some time later. */
#pragma once

#include "tests/sim/sim-run.h"

void sim_cordon(Sim *sim, SimAct *act);
void sim_drain(Sim *sim, SimAct *act);
void sim_uncordon(Sim *sim, SimAct *act);

#define SIM_DRAIN_DEADLINE_MAX_SECONDS 60
