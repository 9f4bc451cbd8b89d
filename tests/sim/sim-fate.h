/* What the parts of fate know of one another. */
#pragma once

#include "tests/sim/sim-run.h"
#include "tests/sim/sim-units.h"

/* Nothing is wrong any more: on a machine's way to the store, with its systemd, with the store. */
void sim_way_rests(SimNode *node);
void sim_systemd_rests(Sim *sim, SimNode *node);
void sim_guard_rests(SimNode *node);
/* The guard takes so long to start there, for some minutes. */
void sim_guard_slow(Sim *sim, SimNode *node, usec_t usec);
/* What is started there ends after a moment, for some time. */
void sim_break_unit(Sim *sim, SimNode *node, const SimUnit *unit, SimRandom *random);
void sim_store_rests(Sim *sim);
void sim_clone_rests(Sim *sim); /* it is gone */
void sim_reboots_rest(Sim *sim);
/* It is there, and can reach the store. */
void sim_node_return(Sim *sim, SimNode *node);
