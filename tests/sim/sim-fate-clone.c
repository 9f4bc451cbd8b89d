/* What happens with copied disks. */
#include "tests/sim/sim-fate.h"

#define LIFE_MAX_USEC (5 * USEC_PER_MINUTE)

static void end_later(Sim *sim, _unused_ SimNode *node, _unused_ const void *data) {
    sim_clone_end(sim->clone);
}

static void boot_clone(Sim *sim, SimAct *act) {
    bool has_its_address = sim_random_chance(&act->random, 50);
    sim_clone_boot(sim->clone, sim_act_node(sim, act), has_its_address);
    sim_later(sim, sim_random_span(&act->random, LIFE_MAX_USEC), end_later, NULL, NULL);
}

void sim_clone_rests(Sim *sim) {
    sim_clone_end(sim->clone);
}

static const SimDeed deeds[] = {
    {"a clone of it boots", boot_clone, 1},
};

const SimDeeds sim_deeds_clone = {deeds, ELEMENTSOF(deeds), 8};
