#include "fleetd/sched/preempt.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/rank.h"
#include "fleetd/sched/replaces.h"
#include "fleetd/sched/room.h"
#include "fleetd/sched/settle.h"

#include <errno.h>

#define VICTIMS_MAX 16 /* who asks for more asks for too much */

bool unit_preempts(const ClusterUnit *unit) {
    return unit->requirements && unit->requirements->ranking.preempts;
}

static unsigned unit_priority(const ClusterUnit *unit) {
    return unit->requirements ? unit->requirements->ranking.priority : PRIORITY_DEFAULT;
}

typedef struct Victims {
    Placement **items; /* on one machine, those that are rather spared first */
    size_t n;
} Victims;

static void victims_done(Victims *victims) {
    free(victims->items);
    *victims = (Victims){};
}
#define _cleanup_victims_ _cleanup_(victims_done)

/* --- who may be pushed --- */

/* Nobody that is everywhere, is on its way elsewhere, of whom nothing is known, or whom nobody
 * wants any more; and not who replaces the unit, which would only be replaced again. */
static bool placement_may_be_pushed(Cluster *cluster, const Placement *placement,
                                    const ClusterUnit *unit) {
    const ClusterUnit *other = placement->unit;
    return placement_is_active(placement) && other != unit && !other->is_held &&
           unit_is_wanted(other) && !unit_is_global(other) && other->n_orders == 1 &&
           !placement->order.is_unwritten && !placement->order.is_suspended &&
           unit_priority(other) < unit_priority(unit) && !unit_replaces(cluster, other, unit);
}

/* Rather spared: the higher priority, the smaller reservation, the first by name. */
static int victim_compare(const void *a, const void *b) {
    const Placement *x = *(Placement *const *) a, *y = *(Placement *const *) b;
    unsigned px = unit_priority(x->unit), py = unit_priority(y->unit);
    if (px != py)
        return px > py ? -1 : 1;
    if (x->reserved.memory_bytes != y->reserved.memory_bytes)
        return x->reserved.memory_bytes < y->reserved.memory_bytes ? -1 : 1;
    if (x->reserved.cpu_thousandths != y->reserved.cpu_thousandths)
        return x->reserved.cpu_thousandths < y->reserved.cpu_thousandths ? -1 : 1;
    return strcmp(x->unit->name, y->unit->name);
}

static int victims_collect(Cluster *cluster, const ClusterUnit *unit, const ClusterMachine *machine,
                           Victims *ret) {
    ret->items = calloc(machine->n_placements + 1, sizeof(Placement *));
    if (!ret->items)
        return -ENOMEM;
    for (size_t i = 0; i < machine->n_placements; i++)
        if (placement_may_be_pushed(cluster, machine->placements[i], unit))
            ret->items[ret->n++] = machine->placements[i];
    if (ret->n > 1)
        qsort(ret->items, ret->n, sizeof(Placement *), victim_compare);
    return 0;
}

/* --- who has to be --- */

static bool fits_without(Cluster *cluster, const ClusterUnit *unit, const ClusterMachine *machine) {
    Misfit misfit;
    return machine_can_take(cluster, unit, machine, &misfit);
}

/* Those that leave anyway are as good as gone: nobody is pushed where it is enough to wait. */
static void machine_ignore_leaving(const ClusterMachine *machine, bool is_ignored) {
    for (size_t i = 0; i < machine->n_placements; i++)
        if (order_is_withdrawn(machine->placements[i]))
            machine->placements[i]->is_ignored = is_ignored;
}

/* Spares one after the other, as far as the unit still fits. */
static void victims_spare(Victims *victims, Cluster *cluster, const ClusterUnit *unit,
                          const ClusterMachine *machine) {
    size_t n = 0;
    for (size_t i = 0; i < victims->n; i++) {
        Placement *victim = victims->items[i];
        victim->is_ignored = false;
        if (fits_without(cluster, unit, machine))
            continue;
        victim->is_ignored = true;
        victims->items[n++] = victim;
    }
    victims->n = n;
}

/* true: the unit fits when they have left; none of them if it is enough that those leave who do so
 * anyway. */
static bool victims_choose(Victims *victims, Cluster *cluster, const ClusterUnit *unit,
                           const ClusterMachine *machine) {
    for (size_t i = 0; i < victims->n; i++)
        victims->items[i]->is_ignored = true;
    machine_ignore_leaving(machine, true);
    bool fits = fits_without(cluster, unit, machine);
    if (fits)
        victims_spare(victims, cluster, unit, machine);
    machine_ignore_leaving(machine, false);
    for (size_t i = 0; i < machine->n_placements; i++)
        machine->placements[i]->is_ignored = false;
    return fits && victims->n <= VICTIMS_MAX;
}

/* The fewest; of as many, those whose highest priority is the lowest. What is equal is decided by
 * the machine that came first, by its id. */
static bool victims_are_better(const Victims *victims, const Victims *than) {
    if (!than->items || victims->n != than->n)
        return !than->items || victims->n < than->n;
    return victims->n > 0 &&
           unit_priority(victims->items[0]->unit) < unit_priority(than->items[0]->unit);
}

/* *ret_machine NULL: there is no such machine. */
static int find_victims(Cluster *cluster, const ClusterUnit *unit, Victims *ret,
                        ClusterMachine **ret_machine) {
    for (size_t i = 0; i < cluster->here.machines.n; i++) {
        ClusterMachine *machine = cluster->here.machines.items[i];
        _cleanup_victims_ Victims victims = {};
        int r = victims_collect(cluster, unit, machine, &victims);
        if (r < 0)
            return r;
        if (!victims_choose(&victims, cluster, unit, machine) || !victims_are_better(&victims, ret))
            continue;
        victims_done(ret);
        *ret = victims;
        victims = (Victims){};
        *ret_machine = machine;
    }
    return 0;
}

/* --- pushing --- */

static char *push_reason(const Victims *victims) {
    char *text = strdup("pushes away what has a lower priority: ");
    for (size_t i = 0; text && i < victims->n; i++) {
        char *longer = str_printf("%s%s%s", text, i > 0 ? ", " : "", victims->items[i]->unit->name);
        free(text);
        text = longer;
    }
    return text;
}

/* If only the first of that comes to be written, the unit has only to wait for what leaves. */
static int push(Planner *planner, ClusterUnit *unit, ClusterMachine *machine,
                const Victims *victims) {
    Placement *placement;
    _cleanup_free_ char *why = push_reason(victims);
    _cleanup_free_ char *leaves = str_printf("makes room for %s (Preempt)", unit->name);
    if (!why || !leaves)
        return -ENOMEM;
    int r = cluster_need_placement(planner->cluster, unit, machine, &placement);
    for (size_t i = 0; r >= 0 && i < victims->n; i++)
        r = settle(planner, victims->items[i], false, leaves);
    return r < 0 ? r : settle(planner, placement, true, why);
}

int preempt(Planner *planner, ClusterUnit *unit, const ClusterMachine **ret_machine) {
    _cleanup_victims_ Victims victims = {};
    ClusterMachine *machine = NULL;
    *ret_machine = NULL;
    if (!unit_preempts(unit))
        return 0;
    int r = find_victims(planner->cluster, unit, &victims, &machine);
    if (r < 0 || !machine || victims.n == 0)
        return r;
    r = push(planner, unit, machine, &victims);
    if (r >= 0)
        *ret_machine = machine;
    return r;
}

/* --- waiting for them --- */

static bool placement_lacks_room(Cluster *cluster, const Placement *placement) {
    Misfit misfit;
    return placement->order.exists
               ? placement_overbooks(placement)
               : !machine_has_room(cluster, placement->unit, placement->machine, &misfit);
}

const Placement *preempt_find_in_the_way(Cluster *cluster, const Placement *placement) {
    const ClusterMachine *machine = placement->machine;
    const Placement *found = NULL;
    if (!unit_preempts(placement->unit) || !placement_lacks_room(cluster, placement))
        return NULL;
    for (size_t i = 0; i < machine->n_placements; i++) {
        const Placement *other = machine->placements[i];
        bool reserves = other->reserved.memory_bytes > 0 || other->reserved.cpu_thousandths > 0;
        if (order_is_withdrawn(other) && reserves &&
            (!found || strcmp(other->unit->name, found->unit->name) < 0))
            found = other;
    }
    return found;
}
