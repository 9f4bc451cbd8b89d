#include "tests/bench/sched-load.h"

#include "fleetd/base/strv.h"
#include "tests/bench/benchmark.h"

#include <stdio.h>

#define NOWHERE SIZE_MAX
#define MACHINE_MEMORY_MIB ((size_t) 64 << 10)
#define MACHINE_CORES 64

typedef enum Constraint {
    CONSTRAINT_NONE,
    CONSTRAINT_METADATA,
    CONSTRAINT_CONFLICTS,
    CONSTRAINT_MACHINE_OF,
    _CONSTRAINT_MIXED,
    CONSTRAINT_MIX = _CONSTRAINT_MIXED,
    CONSTRAINT_RACK,
    CONSTRAINT_MEMORY,
    CONSTRAINT_SPREAD,
} Constraint;

static const char *const constraint_names[] = {
    [CONSTRAINT_NONE] = "none",
    [CONSTRAINT_METADATA] = "metadata",
    [CONSTRAINT_CONFLICTS] = "conflicts",
    [CONSTRAINT_MACHINE_OF] = "machine-of",
    [CONSTRAINT_MIX] = "mix",
    [CONSTRAINT_RACK] = "rack",
    [CONSTRAINT_MEMORY] = "memory",
    [CONSTRAINT_SPREAD] = "spread",
};

struct SchedLoad {
    size_t n_machines, n_units;
    Constraint constraint;
    size_t *places; /* of the units */
    bool *is_gone;  /* of the machines */
    size_t n_lost;
};

SchedLoad *sched_load_new(size_t n_machines, size_t n_units, const char *kind) {
    Constraint constraint = 0;
    while (constraint < ELEMENTSOF(constraint_names) && !streq(constraint_names[constraint], kind))
        constraint++;
    if (constraint == ELEMENTSOF(constraint_names))
        return NULL;
    SchedLoad *load = calloc(1, sizeof(SchedLoad));
    bench_must(load && (load->places = calloc(n_units, sizeof(size_t))) &&
                   (load->is_gone = calloc(n_machines, sizeof(bool))),
               "out of memory");
    load->n_machines = n_machines;
    load->n_units = n_units;
    load->constraint = constraint;
    for (size_t i = 0; i < n_units; i++)
        load->places[i] = NOWHERE;
    return load;
}

void sched_load_free(SchedLoad *load) {
    if (!load)
        return;
    free(load->places);
    free(load->is_gone);
    free(load);
}

static Constraint unit_constraint(const SchedLoad *load, size_t i) {
    if (load->constraint != CONSTRAINT_MIX)
        return load->constraint;
    return (Constraint) (i / SCHED_GROUP % _CONSTRAINT_MIXED);
}

static size_t unit_region(size_t i) {
    return i / SCHED_GROUP / _CONSTRAINT_MIXED % SCHED_REGIONS;
}

static size_t machine_rack(const SchedLoad *load, size_t i) {
    return i % (load->n_machines / SCHED_RACK_MACHINES + 1);
}

static size_t unit_rack(const SchedLoad *load, size_t i) {
    return machine_rack(load, i / SCHED_GROUP);
}

/* Eight sizes, 1152 on average. */
static size_t unit_memory_mib(size_t i) {
    return (i % 8 + 1) * 256;
}

static bool unit_is_first(size_t i) {
    return i % SCHED_GROUP == 0;
}

static void unit_options(const SchedLoad *load, size_t i, char *ret, size_t size) {
    ret[0] = '\0';
    switch (unit_constraint(load, i)) {
    case CONSTRAINT_METADATA:
        snprintf(ret, size, "[X-Fleet]\nMachineMetadata=region=r%zu\n", unit_region(i));
        break;
    case CONSTRAINT_RACK:
        snprintf(ret, size, "[X-Fleet]\nMachineMetadata=rack=k%zu\n", unit_rack(load, i));
        break;
    case CONSTRAINT_CONFLICTS:
        snprintf(ret, size, "[X-Fleet]\nConflicts=%%p@*.service\n");
        break;
    case CONSTRAINT_MACHINE_OF:
        if (!unit_is_first(i))
            snprintf(ret, size, "[X-Fleet]\nMachineOf=%%p@0.service\n");
        break;
    case CONSTRAINT_SPREAD:
        snprintf(ret, size, "[X-Fleet]\nSpread=region\n");
        break;
    case CONSTRAINT_MEMORY:
        snprintf(ret, size, "[X-Fleet]\nReserveMemory=%zuM\nReserveCPU=0.5\n", unit_memory_mib(i));
        break;
    default:
        break;
    }
}

static void machine_id(size_t i, char ret[MACHINE_ID_LENGTH + 1]) {
    snprintf(ret, MACHINE_ID_LENGTH + 1, "%0*zx", MACHINE_ID_LENGTH, i + 1);
}

void sched_load_put_machine(const SchedLoad *load, Cluster *cluster, size_t i) {
    char id[MACHINE_ID_LENGTH + 1], region[32], rack[32];
    _cleanup_metadata_ Metadata metadata = {};
    machine_id(i, id);
    snprintf(region, sizeof(region), "r%zu", i % SCHED_REGIONS);
    snprintf(rack, sizeof(rack), "k%zu", machine_rack(load, i));
    bench_ok(metadata_set(&metadata, "region", region));
    bench_ok(metadata_set(&metadata, "rack", rack));
    const Machine machine = {.id = id,
                             .metadata = metadata,
                             .memory_bytes = (uint64_t) MACHINE_MEMORY_MIB << 20,
                             .cores = MACHINE_CORES};
    bench_ok(cluster_put_machine(cluster, &machine));
}

void sched_load_lose_machine(SchedLoad *load, Cluster *cluster, size_t i) {
    char id[MACHINE_ID_LENGTH + 1];
    machine_id(i, id);
    load->is_gone[i] = true;
    load->n_lost++;
    bench_ok(cluster_remove_machine(cluster, id, false));
}

void sched_load_put_unit(const SchedLoad *load, Cluster *cluster, size_t i) {
    char name[64], options[64], text[128];
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    Requirements *requirements;
    snprintf(name, sizeof(name), "g%zu@%zu.service", i / SCHED_GROUP, i % SCHED_GROUP);
    unit_options(load, i, options, sizeof(options));
    snprintf(text, sizeof(text), "[Service]\nExecStart=/bin/true\n%s", options);
    bench_ok(unit_file_parse(text, strlen(text), &file, NULL));
    bench_ok(requirements_parse(file, name, &requirements, NULL));
    const Unit unit = {
        .name = name,
        .hash = (char *) unit_file_hash(file),
        .desired = LAUNCH_STATE_LAUNCHED,
        .revision = (int64_t) i + 1,
    };
    bench_ok(cluster_put_unit_take(cluster, &unit, requirements));
}

static size_t order_machine(const Order *order) {
    return strtoul(order->machine_id, NULL, 16) - 1;
}

static void order_follow(SchedLoad *load, const Order *order) {
    size_t group, member;
    bench_must(sscanf(order->name, "g%zu@%zu.service", &group, &member) == 2, "'%s' is no unit",
               order->name);
    size_t i = group * SCHED_GROUP + member, machine = order_machine(order);
    bench_must(i < load->n_units && machine < load->n_machines, "'%s' on '%s' is unknown",
               order->name, order->machine_id);
    bench_must(load->places[i] == NOWHERE || load->is_gone[load->places[i]],
               "'%s' is moved from a machine that is there", order->name);
    load->places[i] = machine;
}

void sched_load_follow(SchedLoad *load, const Plan *plan) {
    for (size_t i = 0; i < plan->n_steps; i++) {
        const PlanStep *step = &plan->steps[i];
        if (step->kind == PLAN_PUT_ORDER)
            order_follow(load, step->order);
        else
            bench_must(step->kind == PLAN_DELETE_ORDER && load->is_gone[order_machine(step->order)],
                       "a step is no order: '%s' has no place",
                       step->pending ? step->pending->name : step->order->name);
    }
}

static bool conflicts_hold(const SchedLoad *load, size_t i, size_t n) {
    size_t first = i - i % SCHED_GROUP;
    for (size_t j = first; j < MIN(first + SCHED_GROUP, n); j++)
        if (j != i && load->places[j] == load->places[i])
            return false;
    return true;
}

/* Of a group no region has more than its part; told of a group that is whole, as machines that are
 * lost leave the others where they are. */
static bool spread_holds(const SchedLoad *load, size_t i, size_t n) {
    size_t first = i - i % SCHED_GROUP, of_region[SCHED_REGIONS] = {};
    for (size_t j = first; j < MIN(first + SCHED_GROUP, n); j++)
        if (++of_region[load->places[j] % SCHED_REGIONS] > SCHED_GROUP / SCHED_REGIONS + 1)
            return load->n_lost > 0;
    return true;
}

static bool place_suits(const SchedLoad *load, size_t i, size_t n) {
    size_t place = load->places[i];
    if (place == NOWHERE || load->is_gone[place])
        return false;
    switch (unit_constraint(load, i)) {
    case CONSTRAINT_METADATA:
        return place % SCHED_REGIONS == unit_region(i);
    case CONSTRAINT_RACK:
        return machine_rack(load, place) == unit_rack(load, i);
    case CONSTRAINT_CONFLICTS:
        return conflicts_hold(load, i, n);
    case CONSTRAINT_SPREAD:
        return spread_holds(load, i, n);
    case CONSTRAINT_MACHINE_OF:
        return place == load->places[i - i % SCHED_GROUP];
    default:
        return true;
    }
}

/* No machine lends more than it has. */
static void check_memory(const SchedLoad *load, size_t n) {
    size_t *left = calloc(load->n_machines, sizeof(size_t));
    bench_must(left, "out of memory");
    for (size_t i = 0; i < load->n_machines; i++)
        left[i] = MACHINE_MEMORY_MIB;
    for (size_t i = 0; i < n; i++) {
        bench_must(unit_memory_mib(i) <= left[load->places[i]], "unit %zu has no memory", i);
        left[load->places[i]] -= unit_memory_mib(i);
    }
    free(left);
}

void sched_load_check(const SchedLoad *load, size_t n) {
    for (size_t i = 0; i < n; i++)
        bench_must(place_suits(load, i, n), "unit %zu of %zu has a wrong place, or none", i, n);
    if (load->constraint == CONSTRAINT_MEMORY)
        check_memory(load, n);
}
