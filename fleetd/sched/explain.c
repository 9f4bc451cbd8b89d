#include "fleetd/sched/explain.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/rank.h"
#include "fleetd/sched/retry.h"

#include <errno.h>

#define CIRCLE_LENGTH_MAX 16 /* units of a circle that are named; nobody reads more */
#define GROUPS_MAX 32        /* kinds of reasons that are counted for a summary */
#define GROUPS_TOLD_MAX 4    /* the most frequent ones, which it tells */

const char *unit_unplaced_target(const Cluster *cluster, const ClusterUnit *unit) {
    if (!unit->requirements)
        return NULL;
    STRV_FOREACH (name, unit->requirements->machine_of) {
        const ClusterUnit *target = cluster_find_unit(cluster, *name);
        if (!target || !unit_is_placed(target))
            return *name;
    }
    return NULL;
}

/* A walk along MachineOf=, back to where it began. */
typedef struct Circle {
    const char *names[CIRCLE_LENGTH_MAX];
    size_t n;
    size_t search;
} Circle;

static bool circle_walk(const Cluster *cluster, ClusterUnit *unit, Circle *circle) {
    if (!unit || !unit->is_known || !unit->requirements || circle->n == CIRCLE_LENGTH_MAX)
        return false;
    if (circle->n > 0 && streq(unit->name, circle->names[0]))
        return true;
    if (unit->search == circle->search)
        return false;
    unit->search = circle->search;
    circle->names[circle->n++] = unit->name;
    STRV_FOREACH (target, unit->requirements->machine_of)
        if (circle_walk(cluster, cluster_find_unit(cluster, *target), circle))
            return true;
    circle->n--;
    return false;
}

static char *circle_text(const Circle *circle) {
    char *text = strdup("MachineOf goes in a circle: ");
    for (size_t i = 0; text && i < circle->n; i++) {
        char *longer = str_printf("%s%s -> ", text, circle->names[i]);
        free(text);
        text = longer;
    }
    char *whole = text ? str_printf("%s%s", text, circle->names[0]) : NULL;
    free(text);
    return whole;
}

/* The one cause that needs no look at the machines: a target that is nowhere. */
static char *target_text(Cluster *cluster, const ClusterUnit *unit, const char *target_name) {
    Circle circle = {.search = ++cluster->last_search};
    if (circle_walk(cluster, cluster_find_unit(cluster, unit->name), &circle))
        return circle_text(&circle);
    const ClusterUnit *target = cluster_find_unit(cluster, target_name);
    return str_printf("%s (MachineOf) is %s", target_name,
                      target && target->is_held    ? "not readable in the store"
                      : target && target->is_known ? "on no machine"
                                                   : "not known");
}

typedef struct Group {
    Misfit misfit;
    size_t n;
} Group;

/* Counts equal misfits together, as far as there are groups. */
static void groups_count(Group *groups, size_t *n_groups, const Misfit *misfit) {
    for (size_t i = 0; i < *n_groups; i++) {
        if (!misfit_equal(&groups[i].misfit, misfit))
            continue;
        groups[i].n++;
        if (misfit->left > groups[i].misfit.left) /* the one that comes closest is told */
            groups[i].misfit = *misfit;
        for (; i > 0 && groups[i].n > groups[i - 1].n; i--) { /* the largest first */
            Group larger = groups[i];
            groups[i] = groups[i - 1];
            groups[i - 1] = larger;
        }
        return;
    }
    if (*n_groups < GROUPS_MAX)
        groups[(*n_groups)++] = (Group){.misfit = *misfit, .n = 1};
}

/* "2 are cordoned". NULL when out of memory; the caller frees. */
static char *group_text(const Group *group) {
    static const char *const verbs[][2] = {
        {"is ", "are "}, {"has ", "have "}, {"does ", "do "}, {"conflicts ", "conflict "}};
    _cleanup_free_ char *text = misfit_text(&group->misfit);
    for (size_t i = 0; text && group->n > 1 && i < ELEMENTSOF(verbs); i++) {
        size_t n = strlen(verbs[i][0]);
        if (strncmp(text, verbs[i][0], n) == 0)
            return str_printf("%zu %s%s", group->n, verbs[i][1], text + n);
    }
    return text ? str_printf("%zu %s", group->n, text) : NULL;
}

static char *groups_text(const Group *groups, size_t n_groups, size_t n_machines) {
    _cleanup_free_ char *text = str_printf("0 of %zu machines fit:", n_machines);
    size_t n_left = n_machines;
    for (size_t i = 0; text && i < MIN(n_groups, (size_t) GROUPS_TOLD_MAX); i++) {
        _cleanup_free_ char *reason = group_text(&groups[i]);
        char *longer = reason ? str_printf("%s%s %s", text, i > 0 ? ";" : "", reason) : NULL;
        free(text);
        text = longer;
        n_left -= groups[i].n;
    }
    if (text && n_left > 0)
        return str_printf("%s; %zu for other reasons", text, n_left);
    return TAKE_PTR(text);
}

static int pending_add_reason(Pending *pending, const ClusterMachine *machine,
                              const Misfit *misfit) {
    if (pending->n_reasons == PENDING_REASONS_MAX)
        return 0;
    PendingReason *reason = &pending->reasons[pending->n_reasons++];
    reason->machine_id = strdup(machine->id);
    reason->reason = misfit_text(misfit);
    return reason->machine_id && reason->reason ? 0 : -ENOMEM;
}

static int explain_machines(Cluster *cluster, const ClusterUnit *unit, Pending *pending) {
    size_t n_machines = cluster->here.machines.n, n_groups = 0;
    Group groups[GROUPS_MAX];
    pending->reasons =
        calloc(MIN(n_machines, (size_t) PENDING_REASONS_MAX) + 1, sizeof(PendingReason));
    if (!pending->reasons)
        return -ENOMEM;
    for (size_t i = 0; i < n_machines; i++) {
        const ClusterMachine *machine = cluster->here.machines.items[i];
        Misfit misfit = {};
        machine_can_take(cluster, unit, machine, &misfit);
        groups_count(groups, &n_groups, &misfit);
        int r = pending_add_reason(pending, machine, &misfit);
        if (r < 0)
            return r;
    }
    pending->summary = groups_text(groups, n_groups, n_machines);
    return 0;
}

int explain_move(Cluster *cluster, const ClusterUnit *unit, char **ret) {
    Pending pending = {};
    int r = explain_machines(cluster, unit, &pending);
    *ret = TAKE_PTR(pending.summary);
    for (size_t i = 0; i < pending.n_reasons; i++) {
        free(pending.reasons[i].machine_id);
        free(pending.reasons[i].reason);
    }
    free(pending.reasons);
    return r < 0 ? r : *ret ? 0 : -ENOMEM;
}

int explain_waiting(Cluster *cluster, const ClusterUnit *unit, Pending **ret) {
    _cleanup_(pending_freep) Pending *pending = calloc(1, sizeof(Pending));
    if (!pending || !(pending->name = strdup(unit->name)))
        return -ENOMEM;
    pending->unit_revision = unit->is_held ? unit->held.revision : unit->revision;
    pending->n_before = unit->n_places_known;
    const char *target = unit->is_held ? NULL : unit_unplaced_target(cluster, unit);
    if (unit->is_held)
        pending->summary = strdup(unit->held.why);
    else if (unit_is_between_tries(unit))
        pending->summary = strdup("it has failed, and is about to be tried anew");
    else if (target)
        pending->summary = target_text(cluster, unit, target);
    else if (cluster->here.machines.n == 0)
        pending->summary = strdup("no machine is in the cluster");
    else {
        int r = explain_machines(cluster, unit, pending);
        if (r < 0)
            return r;
    }
    if (!pending->summary)
        return -ENOMEM;
    *ret = TAKE_PTR(pending);
    return 0;
}
