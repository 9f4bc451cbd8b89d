/* Reboots, judged when the store has it: each goes from phase to phase as it should, only so many
 * are under way at a time, and none ends before its machine has another boot and what is launched
 * there is up. A machine has itself rebooted only if it was told so, in the boot that is to end,
 * and when all ordinary units have left it.
 *
 * Records are written by leaders, under their fence, and each knows all that was written before: so
 * what is counted here counts as it stands. */
#include "tests/sim/sim-reboots.h"

#include "fleetd/base/strv.h"
#include "tests/sim/sim-budget.h"
#include "tests/sim/sim-check-internal.h"
#include "tests/sim/sim-units.h"

#include <inttypes.h>
#include <stdio.h>

static bool is_ordinary(const char *name) {
    const SimUnit *unit = sim_unit_find(name);
    return unit && !unit->is_global;
}

const Order *sim_reboots_find_ordinary(const SimView *view, const char *machine_id) {
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, sim_view_all(view, KEY_SCHEDULE))
        if (streq(order->machine_id, machine_id) && is_ordinary(order->name))
            return order;
    return NULL;
}

size_t sim_reboots_count_under_way(const SimView *view) {
    size_t n = 0;
    const char *id;
    const Reboot *reboot;
    MAP_FOREACH (id, reboot, sim_view_all(view, KEY_REBOOT))
        n += reboot->phase != REBOOT_WAITING;
    return n;
}

/* --- from phase to phase --- */

#define BIT(phase) (1u << (phase))

/* One that has failed may be asked for anew. */
static const unsigned next_phases[_REBOOT_PHASE_MAX] = {
    [REBOOT_WAITING] = BIT(REBOOT_WAITING) | BIT(REBOOT_DRAINING),
    [REBOOT_DRAINING] = BIT(REBOOT_DRAINING) | BIT(REBOOT_REBOOTING) | BIT(REBOOT_RETURNING),
    [REBOOT_REBOOTING] = BIT(REBOOT_RETURNING) | BIT(REBOOT_FAILED),
    [REBOOT_RETURNING] = BIT(REBOOT_FAILED),
    [REBOOT_FAILED] = BIT(REBOOT_RETURNING) | BIT(REBOOT_WAITING),
};

static bool is_the_same(const Reboot *a, const Reboot *b) {
    return streq(a->boot_id, b->boot_id) && a->since_usec == b->since_usec &&
           a->max_parallel == b->max_parallel && a->drain_usec == b->drain_usec &&
           a->timeout_usec == b->timeout_usec;
}

static void judge_step(SimCheck *check, const char *id, const Reboot *old, const Reboot *new) {
    bool is_new = !old || (old->phase == REBOOT_FAILED && new->phase == REBOOT_WAITING);
    bool is_allowed =
        old ? (next_phases[old->phase] & BIT(new->phase)) != 0 : new->phase == REBOOT_WAITING;
    if (!is_allowed)
        sim_trace_fail(check->trace, "the reboot of %s goes from %s to %s", id,
                       old ? reboot_phase_to_string(old->phase) : "nothing",
                       reboot_phase_to_string(new->phase));
    if (!is_new && !is_the_same(old, new))
        sim_trace_fail(check->trace, "the reboot of %s is another than was asked for", id);
}

static void judge_places(SimCheck *check, const char *id, const Reboot *new) {
    size_t n = sim_reboots_count_under_way(check->cluster->view);
    if (n > new->max_parallel)
        sim_trace_fail(check->trace,
                       "%zu machines are rebooted at a time, with %s, and not %" PRIu64, n, id,
                       new->max_parallel);
}

/* One that has begun may say anew what it waits for, beside those that let more be under way; and
 * while machines are held the last one that is up might go down. */
static void judge_beginning(SimCheck *check, const char *id, const Reboot *old, const Reboot *new) {
    if (!old || old->phase == new->phase)
        return;
    if (new->phase == REBOOT_DRAINING) {
        judge_places(check, id, new);
        sim_brake_judge_beginning(check, id, "is drained to be rebooted");
    } else if (new->phase == REBOOT_REBOOTING)
        sim_brake_judge_beginning(check, id, "is told to reboot");
}

static void judge_drained(SimCheck *check, const char *id) {
    const Order *order = sim_reboots_find_ordinary(check->cluster->view, id);
    if (order)
        sim_trace_fail(check->trace, "%s is told to reboot, and still has %s", id, order->name);
}

static void note_word(SimCheck *check, const char *id, const Reboot *old, const Reboot *new) {
    const SimNode *node = sim_find_node(check->cluster, id);
    SimRebootWord *word = &check->reboot_words[node - check->cluster->nodes];
    if (new &&new->phase == REBOOT_REBOOTING) {
        snprintf(word->boot_id, sizeof(word->boot_id), "%s", new->boot_id);
        word->until = USEC_INFINITY;
    } else if (old && old->phase == REBOOT_REBOOTING)
        word->until = loop_now(check->cluster->loop);
}

static bool has_deadline(const Reboot *reboot) {
    return reboot && reboot->phase == REBOOT_DRAINING && reboot->drain_usec > 0;
}

/* --- the end --- */

void sim_reboots_note_machine(SimCheck *check, const Machine *machine) {
    const SimNode *node = sim_find_node(check->cluster, machine->id);
    SimBoot *boot = &check->boots[node - check->cluster->nodes];
    if (streq(boot->id, machine->boot_id))
        return;
    snprintf(boot->id, sizeof(boot->id), "%s", machine->boot_id);
    boot->since = loop_now(check->cluster->loop);
}

/* Global units are ordered there as soon as it gets units again, and before it is over: the leader
 * knows of these, though they are new. */
static bool is_known(const SimCheck *check, const Order *order) {
    const SimUnit *unit = sim_unit_find(order->name);
    bool is_due = unit && unit->is_global && !unit->may_rest &&
                  sim_check_has_settled(check, KEY_UNIT, NULL, order->name) &&
                  sim_check_has_settled(check, KEY_METADATA, order->machine_id, "disk");
    return is_due || sim_check_has_settled(check, KEY_SCHEDULE, order->machine_id, order->name);
}

/* Who has heard of this boot has heard all that was said before. */
static bool is_surely_down(SimCheck *check, const SimNode *node, const Order *order) {
    usec_t since = check->boots[node - check->cluster->nodes].since;
    return order->desired == LAUNCH_STATE_LAUNCHED && is_known(check, order) &&
           !sim_check_was_up_since(check, order, since);
}

/* NULL: it may be over. */
static const char *why_not_over(SimCheck *check, const char *id, const Reboot *old) {
    const SimNode *node = sim_find_node(check->cluster, id);
    const char *key;
    const Order *order;
    if (old->phase != REBOOT_RETURNING && old->phase != REBOOT_FAILED)
        return reboot_phase_to_string(old->phase);
    if (streq(node->boot_id, old->boot_id))
        return "not rebooted";
    MAP_FOREACH (key, order, sim_view_all(check->cluster->view, KEY_SCHEDULE))
        if (streq(order->machine_id, id) && is_surely_down(check, node, order))
            return order->name;
    return NULL;
}

static void judge_end(SimCheck *check, const char *id, const Reboot *old) {
    SimRebootEnd *end = &check->reboot_end;
    const char *why_not = why_not_over(check, id, old);
    if (!why_not)
        return;
    end->unfounded_revision = sim_view_revision(check->cluster->view);
    snprintf(end->why_not, sizeof(end->why_not), "the reboot of %s is said to be over: %s", id,
             why_not);
    if (end->leader_revision == end->unfounded_revision)
        sim_trace_fail(check->trace, "%s", end->why_not);
}

static bool txn_ends_reboot(const StoreTxn *txn) {
    bool is_fenced = false, ends = false;
    for (size_t i = 0; i < txn->n_compares; i++)
        is_fenced |= streq(txn->compares[i].key, KEY_LEADER_TEXT);
    for (size_t i = 0; i < txn->n_writes; i++)
        ends |=
            txn->writes[i].kind == STORE_DELETE && strncmp(txn->writes[i].key, "reboot/", 7) == 0;
    return is_fenced && ends;
}

void sim_reboots_judge_txn(SimCheck *check, const StoreTxn *txn, const StoreTxnResult *result) {
    if (!result->succeeded || !txn_ends_reboot(txn))
        return;
    check->reboot_end.leader_revision = result->revision;
    if (check->reboot_end.unfounded_revision == result->revision)
        sim_trace_fail(check->trace, "%s", check->reboot_end.why_not);
}

void sim_reboots_judge_record(SimCheck *check, const char *machine_id, const Reboot *old,
                              const Reboot *new) {
    sim_trace(check->trace, "store: the reboot of %s: %s", machine_id,
              new ? reboot_phase_to_string(new->phase) : "none");
    note_word(check, machine_id, old, new);
    if (has_deadline(old) || has_deadline(new))
        sim_moves_note_hurry(check, machine_id);
    if (new) {
        judge_step(check, machine_id, old, new);
        judge_beginning(check, machine_id, old, new);
    } else if (old && !check->cluster->is_store_lost)
        judge_end(check, machine_id, old);
    if (new &&new->phase == REBOOT_REBOOTING)
        judge_drained(check, machine_id);
}

/* --- the machine --- */

/* What others have started there, or nobody has stopped yet that was cut off, is not ordered. */
static void judge_units(SimCheck *check, SimNode *node) {
    for (size_t i = 0; sim_unit(i); i++) {
        const char *name = sim_unit(i)->name;
        if (!sim_unit(i)->is_global && sim_node_has(node, name) &&
            !sim_place_may_run_on(sim_check_need_place(check, node->id, name)))
            sim_trace_fail(check->trace, "machine %s is rebooted, and %s runs there", node->id,
                           name);
    }
}

/* Whoever cancels it may come too late, and then there may be units again. */
void sim_reboots_judge_action(SimCheck *check, SimNode *node) {
    const SimRebootWord *word = &check->reboot_words[node - check->cluster->nodes];
    if (!streq(word->boot_id, node->boot_id) || word->until < sim_actions_heard_since(check, node))
        sim_trace_fail(check->trace, "machine %s is rebooted, and nobody wants that", node->id);
    else if (word->until == USEC_INFINITY) {
        judge_drained(check, node->id);
        judge_units(check, node);
    }
}
