#include "tests/sim/sim-wishes.h"

#include "fleetd/base/strv.h"
#include "tests/sim/sim-units.h"

/* What was asked of a fleetd that has ended meanwhile is asked for again. */
#define TRY_USEC (6 * USEC_PER_SEC)
#define TRIES 10

typedef struct Wish {
    SimRequestKind kind;
    char *name, *text, *value; /* NULL where the kind has none */
    LaunchState desired;
} Wish;

struct SimWishes {
    Sim *sim;
    SimRandom *random;
    Wish *items;
    size_t n_machines, n; /* what is wanted of machines comes first */
    size_t first, end;    /* of those that are being asked for */
};

/* --- what there was --- */

static void remember_metadata(SimWishes *wishes) {
    const SimCluster *cluster = wishes->sim->cluster;
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        const char *id = cluster->nodes[i].id,
                   *value = sim_view_metadata(cluster->view, id, "disk");
        if (value)
            wishes->items[wishes->n++] = (Wish){.kind = SIM_REQUEST_PATCH,
                                                .name = sim_must(strdup(id)),
                                                .value = sim_must(strdup(value))};
    }
}

/* Nobody drains anything before all is there again. */
static void remember_cordons(SimWishes *wishes) {
    const SimCluster *cluster = wishes->sim->cluster;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (sim_view_maintenance(cluster->view, cluster->nodes[i].id))
            wishes->items[wishes->n++] = (Wish){.kind = SIM_REQUEST_MAINTAIN,
                                                .name = sim_must(strdup(cluster->nodes[i].id))};
}

static void remember_units(SimWishes *wishes) {
    const SimView *view = wishes->sim->cluster->view;
    _cleanup_free_ const char **names = NULL;
    sim_must_be_zero(map_sorted_keys(sim_view_all(view, KEY_UNIT), &names));
    for (const char **name = names; *name; name++) {
        const Unit *unit = sim_view_unit(view, *name);
        const char *text = sim_must((char *) sim_view_file(view, unit->hash));
        wishes->items[wishes->n++] = (Wish){.kind = SIM_REQUEST_PUT,
                                            .name = sim_must(strdup(*name)),
                                            .text = sim_must(strdup(text)),
                                            .desired = unit->desired};
    }
}

static void shuffle_units(SimWishes *wishes) {
    Wish *units = wishes->items + wishes->n_machines;
    for (size_t i = 1; i < sim_wishes_count_units(wishes); i++) {
        size_t j = sim_random_below(wishes->random, i + 1);
        Wish other = units[i];
        units[i] = units[j];
        units[j] = other;
    }
}

SimWishes *sim_wishes_new(Sim *sim, SimRandom *random) {
    SimWishes *wishes = sim_must(calloc(1, sizeof(SimWishes)));
    *wishes = (SimWishes){.sim = sim, .random = random};
    wishes->items = sim_must(calloc(2 * SIM_NODES_MAX + sim_units_count(), sizeof(Wish)));
    remember_metadata(wishes);
    remember_cordons(wishes);
    wishes->n_machines = wishes->n;
    remember_units(wishes);
    if (sim_random_chance(random, 50))
        shuffle_units(wishes);
    return wishes;
}

void sim_wishes_free(SimWishes *wishes) {
    for (size_t i = 0; i < wishes->n; i++) {
        free(wishes->items[i].name);
        free(wishes->items[i].text);
        free(wishes->items[i].value);
    }
    free(wishes->items);
    free(wishes);
}

size_t sim_wishes_count_units(const SimWishes *wishes) {
    return wishes->n - wishes->n_machines;
}

/* --- asking --- */

static bool is_granted(const SimView *view, const Wish *wish) {
    if (wish->kind == SIM_REQUEST_MAINTAIN)
        return sim_view_maintenance(view, wish->name);
    if (wish->kind == SIM_REQUEST_PATCH)
        return streq_ptr(sim_view_metadata(view, wish->name, "disk"), wish->value);
    const Unit *unit = sim_view_unit(view, wish->name);
    return unit && unit->desired == wish->desired &&
           streq_ptr(sim_view_file(view, unit->hash), wish->text);
}

static bool all_are_granted(void *userdata) {
    const SimWishes *wishes = userdata;
    for (size_t i = wishes->first; i < wishes->end; i++)
        if (!is_granted(wishes->sim->cluster->view, &wishes->items[i]))
            return false;
    return sim_requests_are_answered(wishes->sim->requests);
}

/* Any that answers; NULL: none does. */
static SimNode *choose_node(const SimWishes *wishes) {
    SimCluster *cluster = wishes->sim->cluster;
    size_t first = sim_random_below(wishes->random, cluster->n_nodes);
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        SimNode *node = &cluster->nodes[(first + i) % cluster->n_nodes];
        if (node->api && !node->is_leaving)
            return node;
    }
    return NULL;
}

static void ask(const SimWishes *wishes, const Wish *wish) {
    SimCluster *cluster = wishes->sim->cluster;
    SimNode *node = choose_node(wishes);
    const SimRequestWhat what = {.kind = wish->kind,
                                 .name = wish->name,
                                 .text = wish->text,
                                 .value = wish->value,
                                 .desired = wish->desired,
                                 .patience_usec = USEC_INFINITY};
    if (node && !is_granted(cluster->view, wish))
        sim_requests_ask(wishes->sim->requests, node, &what);
}

static bool try_all(SimWishes *wishes, usec_t gap_usec) {
    for (size_t i = wishes->first; i < wishes->end; i++) {
        ask(wishes, &wishes->items[i]);
        if (!sim_pass(wishes->sim, sim_random_span(wishes->random, gap_usec)))
            return false;
    }
    return sim_pass_until(wishes->sim, all_are_granted, wishes, TRY_USEC);
}

static bool ask_for(SimWishes *wishes, size_t first, size_t end) {
    usec_t gap_usec = sim_random_chance(wishes->random, 50) ? 0 : USEC_PER_SEC;
    wishes->first = first;
    wishes->end = end;
    for (unsigned i = 0; i < TRIES && !all_are_granted(wishes); i++)
        if (!try_all(wishes, gap_usec))
            return false;
    if (!all_are_granted(wishes))
        sim_trace_fail(&wishes->sim->trace, "what users ask for again is not taken");
    return !wishes->sim->trace.failure;
}

bool sim_wishes_ask(SimWishes *wishes, size_t n_units) {
    return ask_for(wishes, 0, wishes->n_machines) &&
           ask_for(wishes, wishes->n_machines, wishes->n_machines + n_units);
}
