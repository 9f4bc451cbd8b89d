#include "tests/sim/sim-fit.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/resources.h"
#include "tests/sim/sim-node.h"

static Requirements *get_requirements_of_file(const SimView *view, const char *name,
                                              const char *hash) {
    const char *text = sim_view_file(view, hash);
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    Requirements *requirements = NULL;
    if (!text || unit_file_parse(text, strlen(text), &file, NULL) < 0 ||
        requirements_parse(file, name, &requirements, NULL) < 0)
        return NULL;
    return requirements;
}

Requirements *sim_get_requirements(const SimView *view, const char *name) {
    const Unit *unit = sim_view_unit(view, name);
    return unit ? get_requirements_of_file(view, name, unit->hash) : NULL;
}

static bool globs_match(char *const *globs, const char *name) {
    return globs && requirements_glob_matches(globs, name);
}

static bool machine_suits(const SimView *view, const Requirements *requirements,
                          const Machine *machine) {
    if (requirements->machine_id && !streq(requirements->machine_id, machine->id))
        return false;
    for (size_t i = 0; i < requirements->n_metadata; i++) {
        const MetadataRequirement *wanted = &requirements->metadata[i];
        const char *value = sim_view_metadata(view, machine->id, wanted->key);
        if (!value)
            value = metadata_get(&machine->metadata, wanted->key);
        if (!value || !strv_contains(wanted->values, value))
            return false;
    }
    return true;
}

/* The first unit that it follows and that is not there. */
static const char *find_missing_target(const SimView *view, const Requirements *requirements,
                                       const char *machine_id) {
    STRV_FOREACH (target, requirements->machine_of) {
        const Order *order = sim_view_order(view, machine_id, *target);
        if (!order || order->desired == LAUNCH_STATE_INACTIVE)
            return *target;
    }
    return NULL;
}

/* The first on the machine that the unit conflicts with; or that replaces it, is_replaced. */
static const char *find_enemy(const SimView *view, const Requirements *requirements,
                              const char *unit, const char *machine_id, bool is_replaced) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(view, KEY_SCHEDULE)) {
        if (!streq(order->machine_id, machine_id) || streq(order->name, unit))
            continue;
        _cleanup_(requirements_freep) Requirements *other = sim_get_requirements(view, order->name);
        if (is_replaced ? other && globs_match(other->replaces, unit)
                        : globs_match(requirements->conflicts, order->name) ||
                              (other && globs_match(other->conflicts, unit)))
            return order->name;
    }
    return NULL;
}

static Resources resources_of(const SimView *view, const char *unit, const Machine *machine) {
    _cleanup_(requirements_freep) Requirements *requirements = sim_get_requirements(view, unit);
    return requirements ? reserve_resources(&requirements->reserve, machine->memory_bytes)
                        : (Resources){};
}

/* Whether another that is there waits for it to leave, or it is the unit itself that would. */
static bool makes_room(const SimView *view, const Order *order, const Requirements *requirements) {
    const char *key;
    const Order *other;
    if (globs_match(requirements->replaces, order->name))
        return true;
    MAP_FOREACH (key, other, sim_view_all(view, KEY_SCHEDULE)) {
        if (!streq(other->machine_id, order->machine_id) || other == order)
            continue;
        _cleanup_(requirements_freep) Requirements *others =
            sim_get_requirements(view, other->name);
        if (others && globs_match(others->replaces, order->name))
            return true;
    }
    return false;
}

static bool order_is_newer(const SimView *view, const Order *order, const char *than) {
    const Unit *unit = sim_view_unit(view, order->name);
    const Unit *other = than ? sim_view_unit(view, than) : NULL;
    return unit && (!other || unit->revision > other->revision);
}

/* What is reserved there, by others; ret_newest: the one that was changed last. */
static Resources reserved_beside(const SimView *view, const Requirements *requirements,
                                 const char *unit, const Machine *machine,
                                 const char **ret_newest) {
    Resources sum = {};
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(view, KEY_SCHEDULE)) {
        if (!streq(order->machine_id, machine->id) || streq(order->name, unit) ||
            makes_room(view, order, requirements))
            continue;
        Resources resources = resources_of(view, order->name, machine);
        sum.memory_bytes += resources.memory_bytes;
        sum.cpu_thousandths += resources.cpu_thousandths;
        if (order_is_newer(view, order, *ret_newest))
            *ret_newest = order->name;
    }
    return sum;
}

static bool amount_fits(uint64_t asked, uint64_t reserved, uint64_t capacity) {
    return asked == 0 || asked + reserved <= capacity;
}

static bool has_room(const SimView *view, const Requirements *requirements, const char *unit,
                     const Machine *machine, const char **ret_newest) {
    Resources asked = resources_of(view, unit, machine), capacity = machine_capacity(machine);
    Resources sum = reserved_beside(view, requirements, unit, machine, ret_newest);
    return amount_fits(asked.memory_bytes, sum.memory_bytes, capacity.memory_bytes) &&
           amount_fits(asked.cpu_thousandths, sum.cpu_thousandths, capacity.cpu_thousandths);
}

static SimMisfit misfit(const char *why, const char *other) {
    return (SimMisfit){.why = why, .other = other ? sim_must(strdup(other)) : NULL};
}

void sim_misfit_done(SimMisfit *misfit) {
    free(misfit->other);
}

SimMisfit sim_find_misfit(const SimView *view, const char *unit, const char *machine_id) {
    const Machine *machine = sim_view_machine(view, machine_id);
    _cleanup_(requirements_freep) Requirements *requirements = sim_get_requirements(view, unit);
    if (!machine)
        return misfit("the machine is not there", NULL);
    if (!requirements)
        return misfit("it is not known", NULL);
    if (!machine_suits(view, requirements, machine))
        return misfit("the machine is another, or has other metadata", NULL);
    const char *target = find_missing_target(view, requirements, machine_id);
    if (target)
        return misfit("a unit that it follows is not there", target);
    const char *enemy = find_enemy(view, requirements, unit, machine_id, false);
    if (enemy)
        return misfit("it conflicts with another", enemy);
    const char *newest = NULL;
    return has_room(view, requirements, unit, machine, &newest)
               ? (SimMisfit){}
               : misfit("there is no room for what it reserves", newest);
}

bool sim_could_go(const SimView *view, const char *unit, const char *machine_id) {
    const Machine *machine = sim_view_machine(view, machine_id);
    _cleanup_(requirements_freep) Requirements *requirements = sim_get_requirements(view, unit);
    _cleanup_(sim_misfit_done) SimMisfit misfit = sim_find_misfit(view, unit, machine_id);
    Maintenance wanted;
    return machine && machine->status == MACHINE_STATUS_RUNNING &&
           !sim_view_wants(view, machine_id, &wanted) && requirements && !misfit.why &&
           !find_enemy(view, requirements, unit, machine_id, true);
}

bool sim_replaces_any(const SimView *view, const char *unit) {
    _cleanup_(requirements_freep) Requirements *requirements = sim_get_requirements(view, unit);
    return requirements && requirements->replaces && requirements->replaces[0];
}

bool sim_must_start_apart(const SimView *view, const char *unit, const char *hash,
                          const char *other) {
    _cleanup_(requirements_freep) Requirements *requirements =
        get_requirements_of_file(view, unit, hash);
    _cleanup_(requirements_freep) Requirements *others = sim_get_requirements(view, other);
    return requirements && others &&
           (globs_match(requirements->conflicts, other) || globs_match(others->conflicts, unit) ||
            globs_match(requirements->replaces, other));
}
