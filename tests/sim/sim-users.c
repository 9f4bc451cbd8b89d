#include "tests/sim/sim-run.h"
#include "tests/sim/sim-units.h"

static void put(Sim *sim, const SimUnit *unit, LaunchState desired, bool with_file) {
    unsigned version = (unsigned) sim_random_below(&sim->random, 2);
    _cleanup_free_ char *text = with_file ? sim_must(sim_unit_text(unit, version)) : NULL;
    int64_t revision = sim_put(sim->cluster, unit->name, text, desired);
    sim_trace(&sim->trace, "user: %s is to be %s (%s): revision %lld", unit->name,
              launch_state_to_string(desired),
              with_file ? version ? "version 1" : "version 0" : "as it is", (long long) revision);
}

static void start(Sim *sim, const SimUnit *unit) {
    put(sim, unit, LAUNCH_STATE_LAUNCHED, true);
}

static void start_known(Sim *sim, const SimUnit *unit) {
    put(sim, unit, LAUNCH_STATE_LAUNCHED, false);
}

static void load(Sim *sim, const SimUnit *unit) {
    put(sim, unit, LAUNCH_STATE_LOADED, sim_random_chance(&sim->random, 50));
}

static void unload(Sim *sim, const SimUnit *unit) {
    put(sim, unit, LAUNCH_STATE_INACTIVE, sim_random_chance(&sim->random, 20));
}

static void destroy(Sim *sim, const SimUnit *unit) {
    sim_trace(&sim->trace, "user: %s is destroyed", unit->name);
    sim_destroy(sim->cluster, unit->name);
}

static void set_metadata(Sim *sim, _unused_ const SimUnit *unit) {
    SimNode *node = &sim->cluster->nodes[sim_random_below(&sim->random, sim->cluster->n_nodes)];
    bool has_ssd = sim_random_chance(&sim->random, 65);
    sim_trace(&sim->trace, "user: machine %s has %s", node->id, has_ssd ? "an ssd" : "no ssd");
    sim_set_metadata(sim->cluster, node, "disk", has_ssd ? "ssd" : NULL);
}

static const struct {
    void (*act)(Sim *sim, const SimUnit *unit);
    unsigned weight;
} acts[] = {
    {start, 40}, {start_known, 8}, {load, 8}, {unload, 8}, {destroy, 14}, {set_metadata, 16},
};

void sim_user_acts(Sim *sim) {
    unsigned total = 0;
    for (size_t i = 0; i < ELEMENTSOF(acts); i++)
        total += acts[i].weight;
    size_t chosen = sim_random_below(&sim->random, total), i = 0;
    while (chosen >= acts[i].weight)
        chosen -= acts[i++].weight;
    const SimUnit *unit = sim_unit(sim_random_below(&sim->random, sim_units_count()));
    if (!sim->cluster->is_store_away)
        acts[i].act(sim, unit);
}
