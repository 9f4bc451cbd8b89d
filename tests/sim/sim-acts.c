#include "tests/sim/sim-acts.h"

#include "fleetd/base/macros.h"
#include "tests/sim/sim-node.h"
#include "tests/sim/sim-units.h"

#define ACTS_MAX 300
#define ACT_EVERY_MAX_USEC (40 * USEC_PER_SEC)
/* Now and then nothing happens for so long that promises about time must show (sim-timely.h). */
#define CALM_PERCENT 10
#define CALM_USEC (40 * USEC_PER_SEC)
#define MACHINES_MAX 5
/* In some simulations machines are rebooted; that takes its time, and makes much else impossible.
 */
#define REBOOTERS_PERCENT 25
#define REBOOTS_MAX 4

static const SimDeeds *const kinds[_DEED_KIND_MAX] = {
    [DEED_FLEETD] = &sim_deeds_fleetd,   [DEED_STORE] = &sim_deeds_store,
    [DEED_SYSTEMD] = &sim_deeds_systemd, [DEED_GUARD] = &sim_deeds_guard,
    [DEED_CLONE] = &sim_deeds_clone,     [DEED_DISASTER] = &sim_deeds_disasters,
    [DEED_USER] = &sim_deeds_users,      [DEED_REBOOTER] = &sim_deeds_rebooters,
    [DEED_UNAWARE] = &sim_deeds_unaware,
};

const SimDeed *sim_deed(size_t i, DeedKind *ret_kind) {
    for (DeedKind kind = 0; kind < _DEED_KIND_MAX; kind++) {
        if (ret_kind)
            *ret_kind = kind;
        if (i < kinds[kind]->n)
            return &kinds[kind]->deeds[i];
        i -= kinds[kind]->n;
    }
    return NULL;
}

static size_t first_deed(DeedKind kind) {
    size_t first = 0;
    for (DeedKind before = 0; before < kind; before++)
        first += kinds[before]->n;
    return first;
}

static size_t choose_deed(SimRandom *random, DeedKind kind) {
    const SimDeeds *deeds = kinds[kind];
    unsigned total = 0;
    for (size_t i = 0; i < deeds->n; i++)
        total += deeds->deeds[i].weight;
    size_t chosen = sim_random_below(random, total), i = 0;
    while (chosen >= deeds->deeds[i].weight)
        chosen -= deeds->deeds[i++].weight;
    return first_deed(kind) + i;
}

static DeedKind choose_fault(SimRandom *random) {
    unsigned total = 0;
    for (DeedKind kind = 0; kind < DEED_USER; kind++)
        total += kinds[kind]->weight;
    size_t chosen = sim_random_below(random, total);
    DeedKind kind = 0;
    while (chosen >= kinds[kind]->weight)
        chosen -= kinds[kind++]->weight;
    return kind;
}

/* Each draws as often as any other. */
static void act_make(SimActs *acts, SimRandom *random, usec_t at_usec, unsigned users_percent) {
    bool is_user = sim_random_chance(random, users_percent);
    DeedKind fault = choose_fault(random);
    acts->acts[acts->n++] = (SimAct){
        .at_usec = at_usec,
        .deed = choose_deed(random, is_user ? DEED_USER : fault),
        .machine = sim_random_below(random, acts->n_machines),
        .unit = acts->units[sim_random_below(random, acts->n_units)],
        .random = {sim_random(random)},
    };
}

/* At first every machine gets a way to the store of its own. */
static void make_ways(SimActs *acts, SimRandom *random) {
    for (size_t i = 0; i < acts->n_machines; i++)
        acts->acts[acts->n++] =
            (SimAct){.deed = first_deed(DEED_STORE), .machine = i, .random = {sim_random(random)}};
}

/* Some of them, so that they meet again and again: the first ones, in an order by chance. */
static void choose_units(SimActs *acts, SimRandom *random) {
    size_t n = sim_units_count();
    for (size_t i = 0; i < n; i++) {
        size_t j = sim_random_below(random, i + 1);
        acts->units[i] = acts->units[j];
        acts->units[j] = i;
    }
    acts->n_units = 3 + sim_random_below(random, n - 2);
}

/* In some there is a brake, and more than half of the machines vanish at once. */
#define DISASTERS_PERCENT 35
#define DISASTERS_MAX 2
#define MACHINES_OF_DISASTER 3 /* at least */
#define HOLD_MIN_USEC (20 * USEC_PER_SEC)
#define HOLD_MAX_USEC (90 * USEC_PER_SEC)

static void acts_insert(SimActs *acts, const SimAct *act) {
    size_t i = acts->n++;
    for (; i > 0 && acts->acts[i - 1].at_usec > act->at_usec; i--)
        acts->acts[i] = acts->acts[i - 1];
    acts->acts[i] = *act;
}

/* By a chance of its own: all else is as it would be without. */
static void add_rebooter(SimActs *acts, uint64_t seed, usec_t end_usec) {
    SimRandom random = {~seed + 3};
    if (!sim_random_chance(&random, REBOOTERS_PERCENT))
        return;
    size_t n = 1 + sim_random_below(&random, REBOOTS_MAX);
    for (size_t i = 0; i < n; i++) {
        const SimAct act = {
            .at_usec = sim_random(&random) % (end_usec + 1),
            .deed = choose_deed(&random, DEED_REBOOTER),
            .machine = sim_random_below(&random, acts->n_machines),
            .random = {sim_random(&random)},
        };
        acts_insert(acts, &act);
    }
}

/* In most of these users go on meanwhile, and in some they have machines rebooted just before. Whom
 * they ask is the last one to vanish. */
#define UNAWARE_PERCENT 85
#define UNAWARE_MAX 4
#define UNAWARE_USEC (60 * USEC_PER_SEC)
#define REBOOTS_BEFORE_PERCENT 50
#define BEFORE_USEC (8 * USEC_PER_SEC)

static void add_unaware_act(SimActs *acts, SimRandom *random, const SimAct *disaster, size_t deed,
                            usec_t at_usec) {
    const SimAct act = {
        .at_usec = at_usec,
        .deed = deed,
        .machine = (disaster->machine + acts->n_machines - 1) % acts->n_machines,
        .random = {sim_random(random)},
    };
    acts_insert(acts, &act);
}

static void add_unaware(SimActs *acts, SimRandom *random, const SimAct *disaster) {
    bool is_any = sim_random_chance(random, UNAWARE_PERCENT),
         reboots = sim_random_chance(random, REBOOTS_BEFORE_PERCENT);
    usec_t before = sim_random_below(random, BEFORE_USEC), at = disaster->at_usec;
    size_t n = 1 + sim_random_below(random, UNAWARE_MAX);
    if (reboots)
        add_unaware_act(acts, random, disaster, first_deed(DEED_UNAWARE), at - MIN(at, before));
    for (size_t i = 0; is_any && i < n; i++) {
        usec_t later = sim_random_below(random, UNAWARE_USEC);
        add_unaware_act(acts, random, disaster, choose_deed(random, DEED_UNAWARE), at + later);
    }
}

static void add_disasters(SimActs *acts, uint64_t seed, usec_t end_usec) {
    SimRandom random = {~seed + 5}, unaware = {~seed + 6};
    if (acts->n_machines < MACHINES_OF_DISASTER || !sim_random_chance(&random, DISASTERS_PERCENT))
        return;
    size_t n = 1 + sim_random_below(&random, DISASTERS_MAX);
    if (sim_random_chance(&random, 40)) /* what is held is given up in the end */
        acts->come_back = 1;
    acts->hold_usec = HOLD_MIN_USEC + sim_random_below(&random, HOLD_MAX_USEC - HOLD_MIN_USEC);
    for (size_t i = 0; i < n; i++) {
        const SimAct act = {
            .at_usec = sim_random(&random) % (end_usec + 1),
            .deed = choose_deed(&random, DEED_DISASTER),
            .machine = sim_random_below(&random, acts->n_machines),
            .random = {sim_random(&random)},
        };
        acts_insert(acts, &act);
        add_unaware(acts, &unaware, &act);
    }
}

void sim_acts_make(uint64_t seed, SimActs *ret) {
    SimRandom random = {seed};
    SimActs acts = {.n_machines = 1 + sim_random_below(&random, MACHINES_MAX)};
    size_t n = 5 + sim_random_below(&random, ACTS_MAX);
    unsigned users_percent = 20 + (unsigned) sim_random_below(&random, 70);
    usec_t every_max_usec = ACT_EVERY_MAX_USEC >> sim_random_below(&random, 5), at_usec = 0;
    acts.acts = sim_must(
        calloc(n + MACHINES_MAX + REBOOTS_MAX + DISASTERS_MAX * (2 + UNAWARE_MAX), sizeof(SimAct)));
    choose_units(&acts, &random);
    make_ways(&acts, &random);
    for (size_t i = 0; i < n; i++) {
        act_make(&acts, &random, at_usec, users_percent);
        bool is_calm = sim_random_chance(&random, CALM_PERCENT);
        usec_t gap_usec = sim_random_span(&random, every_max_usec);
        at_usec += is_calm ? CALM_USEC + gap_usec : gap_usec;
    }
    acts.come_back = 1;
    for (size_t i = 1; i < acts.n_machines; i++)
        acts.come_back |= (uint32_t) sim_random_chance(&random, 70) << i;
    add_rebooter(&acts, seed, at_usec);
    add_disasters(&acts, seed, at_usec);
    *ret = acts;
}

void sim_acts_done(SimActs *acts) {
    free(acts->acts);
    *acts = (SimActs){};
}
