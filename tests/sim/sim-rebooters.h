/* Users who have machines rebooted, think better of it, and have all of them rebooted in turn. */
#pragma once

#include "tests/sim/sim-run.h"

void sim_reboot(Sim *sim, SimAct *act);
void sim_reboot_each(Sim *sim, SimAct *act); /* of the machines */
void sim_cancel_reboot(Sim *sim, SimAct *act);

/* When nothing else happens any more: what did not come to an end is cancelled, until none is left
 * and all is as it should be. false: a promise was broken. */
bool sim_end_reboots(Sim *sim);
/* Asks for a reboot of each machine that is here, so many at a time, until that is taken. */
bool sim_reboot_all(Sim *sim, SimRandom *random, unsigned max_parallel);
