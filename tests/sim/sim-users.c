/* What users do: they ask any fleetd that answers, for any unit. */
#include "tests/sim/sim-fate.h"
#include "tests/sim/sim-maintainers.h"
#include "tests/sim/sim-rebalance.h"
#include "tests/sim/sim-rebooters.h"
#include "tests/sim/sim-rollouts.h"
#include "tests/sim/sim-run.h"
#include "tests/sim/sim-scales.h"
#include "tests/sim/sim-units.h"

/* Most wait for an answer; some are gone soon. */
static usec_t patience(SimRandom *random) {
    bool is_gone = sim_random_chance(random, 12);
    usec_t usec = sim_random_span(random, 3 * USEC_PER_SEC);
    return is_gone ? usec : USEC_INFINITY;
}

/* Of who has just changed something. */
#define N_LOOKS 4
#define LOOKS_USEC (400 * USEC_PER_MSEC)

/* Mostly one of two files, so that units come back to what they were; else one that there was never
 * before. */
static unsigned version(const Sim *sim, SimAct *act) {
    bool is_new = sim_random_chance(&act->random, 25);
    size_t one_of_two = sim_random_below(&act->random, 2);
    return is_new ? 2 + (unsigned) (act - sim->acts.acts) : (unsigned) one_of_two;
}

static void put_text(Sim *sim, SimAct *act, const char *name, LaunchState desired,
                     const char *text) {
    const SimRequestWhat what = {
        .kind = SIM_REQUEST_PUT,
        .name = name,
        .text = text,
        .desired = desired,
        .patience_usec = patience(&act->random),
    };
    sim_requests_ask(sim->requests, sim_act_node(sim, act), &what);
}

static void put(Sim *sim, SimAct *act, LaunchState desired, bool with_file) {
    const SimUnit *unit = sim_unit(act->unit);
    _cleanup_free_ char *text = sim_must(sim_unit_text(unit, version(sim, act)));
    put_text(sim, act, unit->name, desired, with_file ? text : NULL);
}

static void start(Sim *sim, SimAct *act) {
    put(sim, act, LAUNCH_STATE_LAUNCHED, true);
}

static void start_known(Sim *sim, SimAct *act) {
    put(sim, act, LAUNCH_STATE_LAUNCHED, false);
}

static void load(Sim *sim, SimAct *act) {
    put(sim, act, LAUNCH_STATE_LOADED, sim_random_chance(&act->random, 50));
}

static void unload(Sim *sim, SimAct *act) {
    put(sim, act, LAUNCH_STATE_INACTIVE, sim_random_chance(&act->random, 20));
}

static void ask_node(Sim *sim, SimNode *node, SimAct *act, SimRequestKind kind) {
    const SimRequestWhat what = {.kind = kind,
                                 .name = sim_unit(act->unit)->name,
                                 .desired = LAUNCH_STATE_INACTIVE,
                                 .patience_usec = patience(&act->random)};
    sim_requests_ask(sim->requests, node, &what);
}

static void ask(Sim *sim, SimAct *act, SimRequestKind kind) {
    ask_node(sim, sim_act_node(sim, act), act, kind);
}

static void destroy(Sim *sim, SimAct *act) {
    ask(sim, act, SIM_REQUEST_DELETE);
}

static void look_later(Sim *sim, _unused_ SimNode *node, const void *data) {
    SimAct *act = (SimAct *) data;
    size_t machine = sim_random_below(&act->random, sim->cluster->n_nodes);
    ask_node(sim, &sim->cluster->nodes[machine], act, SIM_REQUEST_READ);
}

/* Half of them have just changed something, and look whether the others know of it by now. */
static void look(Sim *sim, SimAct *act) {
    bool has_asked = sim_random_chance(&act->random, 50);
    if (has_asked)
        start(sim, act);
    for (size_t i = 0; has_asked && i < N_LOOKS; i++)
        sim_later(sim, sim_random_span(&act->random, LOOKS_USEC), look_later, NULL, act);
    ask(sim, act, SIM_REQUEST_READ);
}

static void set_metadata_of(Sim *sim, SimAct *act, size_t machine) {
    const SimRequestWhat what = {
        .kind = SIM_REQUEST_PATCH,
        .name = sim->cluster->nodes[machine].id,
        .value = sim_random_chance(&act->random, 65) ? "ssd" : NULL,
        .patience_usec = patience(&act->random),
    };
    sim_requests_ask(sim->requests, sim_act_node(sim, act), &what);
}

static void set_metadata(Sim *sim, SimAct *act) {
    set_metadata_of(sim, act, sim_random_below(&act->random, sim->cluster->n_nodes));
}

/* --- who does not know what he wants: before the first word has come round, there is another ---
 */

#define GOES_ON_PERCENT 75
#define AGAIN_USEC (2 * USEC_PER_SEC)

static void go_on(Sim *sim, SimAct *act, SimLaterDo what) {
    usec_t usec = sim_random_span(&act->random, AGAIN_USEC);
    if (sim_random_chance(&act->random, GOES_ON_PERCENT))
        sim_later(sim, usec, what, NULL, act);
}

static void dither_later(Sim *sim, _unused_ SimNode *node, const void *data) {
    static void (*const ways[])(Sim * sim, SimAct * act) = {start_known, unload,  start_known, load,
                                                            unload,      destroy, start};
    SimAct *act = (SimAct *) data;
    ways[sim_random_below(&act->random, ELEMENTSOF(ways))](sim, act);
    go_on(sim, act, dither_later);
}

static void dither(Sim *sim, SimAct *act) {
    start(sim, act);
    go_on(sim, act, dither_later);
}

static void dither_about_metadata_later(Sim *sim, _unused_ SimNode *node, const void *data) {
    SimAct *act = (SimAct *) data;
    set_metadata_of(sim, act, act->machine);
    go_on(sim, act, dither_about_metadata_later);
}

static void dither_about_metadata(Sim *sim, SimAct *act) {
    dither_about_metadata_later(sim, NULL, act);
}

/* --- two get along, then one has a file that does not bear the other, which is to start just then
 * --- */

#define IN_PEACE_USEC (15 * USEC_PER_SEC)

static const struct {
    const char *name, *other;
} quarrels[] = {
    {"slow-stop.service", "job@2.service"},
    {"job@1.service", "slow-stop.service"},
};

static void put_version(Sim *sim, SimAct *act, const char *name, LaunchState desired,
                        unsigned version) {
    _cleanup_free_ char *text = sim_must(sim_unit_text(sim_unit_find(name), version));
    put_text(sim, act, name, desired, text);
}

static void quarrel_start_other(Sim *sim, _unused_ SimNode *node, const void *data) {
    SimAct *act = (SimAct *) data;
    put_text(sim, act, quarrels[act->unit % ELEMENTSOF(quarrels)].other, LAUNCH_STATE_LAUNCHED,
             NULL);
}

static void quarrel_begin(Sim *sim, _unused_ SimNode *node, const void *data) {
    SimAct *act = (SimAct *) data;
    put_version(sim, act, quarrels[act->unit % ELEMENTSOF(quarrels)].name, LAUNCH_STATE_LAUNCHED,
                1);
    sim_later(sim, sim_random_span(&act->random, AGAIN_USEC), quarrel_start_other, NULL, act);
}

static void quarrel(Sim *sim, SimAct *act) {
    size_t i = act->unit % ELEMENTSOF(quarrels);
    put_version(sim, act, quarrels[i].name, LAUNCH_STATE_LAUNCHED, 0);
    put_version(sim, act, quarrels[i].other, LAUNCH_STATE_LOADED, 0);
    sim_later(sim, sim_random_span(&act->random, IN_PEACE_USEC), quarrel_begin, NULL, act);
}

/* --- who thinks better of a start that waits for the guard --- */

#define GUARD_TAKES_USEC (8 * USEC_PER_SEC)
#define REGRET_USEC (4 * USEC_PER_SEC)

static const char *guarded_unit(const SimAct *act) {
    size_t n = 0, chosen;
    for (size_t i = 0; sim_unit(i); i++)
        n += sim_unit(i)->runs_once;
    chosen = act->unit % n;
    for (size_t i = 0;; i++)
        if (sim_unit(i)->runs_once && chosen-- == 0)
            return sim_unit(i)->name;
}

static void regret_later(Sim *sim, _unused_ SimNode *node, const void *data) {
    SimAct *act = (SimAct *) data;
    put_text(sim, act, guarded_unit(act), LAUNCH_STATE_LOADED, NULL);
}

static void regret(Sim *sim, SimAct *act) {
    for (size_t i = 0; i < sim->cluster->n_nodes; i++)
        sim_guard_slow(sim, &sim->cluster->nodes[i], GUARD_TAKES_USEC);
    put_version(sim, act, guarded_unit(act), LAUNCH_STATE_LAUNCHED, 0);
    sim_later(sim, sim_random_span(&act->random, REGRET_USEC), regret_later, NULL, act);
}

static const SimDeed deeds[] = {
    {"start", start, 40},       {"start as it is", start_known, 8},
    {"load", load, 8},          {"unload", unload, 8},
    {"destroy", destroy, 14},   {"set metadata", set_metadata, 14},
    {"read", look, 16},         {"dither", dither, 14},
    {"quarrel", quarrel, 10},   {"dither about metadata", dither_about_metadata, 8},
    {"regret", regret, 6},      {"cordon", sim_cordon, 3},
    {"drain", sim_drain, 10},   {"uncordon", sim_uncordon, 8},
    {"deploy", sim_deploy, 12}, {"say of a deployment", sim_say_of_deployment, 8},
    {"scale", sim_scale, 12},   {"rebalance", sim_rebalance, 10},
};

const SimDeeds sim_deeds_users = {deeds, ELEMENTSOF(deeds), 0};

static const SimDeed rebooters_deeds[] = {
    {"reboot", sim_reboot, 4},
    {"cancel a reboot", sim_cancel_reboot, 1},
};

const SimDeeds sim_deeds_rebooters = {rebooters_deeds, ELEMENTSOF(rebooters_deeds), 0};

/* --- who goes on while more than half of the machines are gone: each asks who may be the only one
 * left --- */

#define FAILS_NAME "flaky.service"

/* Wherever it gets to. */
static void start_what_fails(Sim *sim, SimAct *act) {
    put_version(sim, act, FAILS_NAME, LAUNCH_STATE_LAUNCHED, 0);
    for (size_t i = 0; i < sim->cluster->n_nodes; i++)
        sim_break_unit(sim, &sim->cluster->nodes[i], sim_unit_find(FAILS_NAME), &act->random);
}

static const SimDeed unaware_deeds[] = {
    {"reboot each, whoever is gone", sim_reboot_each, 5},
    {"deploy, whoever is gone", sim_deploy, 3},
    {"say of a deployment, whoever is gone", sim_say_of_deployment, 1},
    {"rebalance, whoever is gone", sim_rebalance, 1},
    {"start what fails, whoever is gone", start_what_fails, 4},
};

const SimDeeds sim_deeds_unaware = {unaware_deeds, ELEMENTSOF(unaware_deeds), 0};
