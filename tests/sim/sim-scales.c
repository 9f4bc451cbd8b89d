#include "tests/sim/sim-scales.h"

#include "fleetd/base/strv.h"
#include "tests/sim/sim-check-internal.h"
#include "tests/sim/sim-units.h"

/* --- what users ask for --- */

/* sim-units.c has its first instances, and one that is named by a larger number. */
#define TEMPLATE "roll@.service"
#define SOURCE "roll@1.service"
#define COUNT_MAX 3
#define LATER_USEC (10 * USEC_PER_SEC)
#define NUMBERS_MAX 16 /* numbers that its instances can have are smaller */

static void ask(Sim *sim, SimAct *act, const SimRequestWhat *what) {
    SimRequestWhat asked = *what;
    asked.name = TEMPLATE;
    asked.patience_usec = sim_random_chance(&act->random, 12)
                              ? sim_random_span(&act->random, USEC_PER_SEC)
                              : USEC_INFINITY;
    sim_requests_ask(sim->requests, sim_act_node(sim, act), &asked);
}

static void scale_later(Sim *sim, _unused_ SimNode *node, const void *data) {
    SimAct *act = (SimAct *) data;
    bool is_end = sim_random_chance(&act->random, 15);
    uint64_t count = sim_random_below(&act->random, COUNT_MAX + 1);
    ask(sim, act,
        &(SimRequestWhat){.kind = is_end ? SIM_REQUEST_FORGET : SIM_REQUEST_SCALE, .count = count});
    if (sim_random_chance(&act->random, 50))
        sim_later(sim, sim_random_span(&act->random, LATER_USEC), scale_later, NULL, act);
}

/* There may be no template of it yet. */
void sim_scale(Sim *sim, SimAct *act) {
    _cleanup_free_ char *text = sim_must(sim_unit_text(sim_unit_find(SOURCE), 0));
    bool with_template = sim_random_chance(&act->random, 60);
    if (with_template)
        ask(sim, act,
            &(SimRequestWhat){
                .kind = SIM_REQUEST_PUT, .text = text, .desired = LAUNCH_STATE_INACTIVE});
    sim_later(sim, with_template ? sim_random_span(&act->random, USEC_PER_SEC) : 0, scale_later,
              NULL, act);
}

/* --- what must hold of each step --- */

static uint64_t number_of(const char *unit_key) {
    bool is_unit = strncmp(unit_key, KEY_UNIT_PREFIX, strlen(KEY_UNIT_PREFIX)) == 0;
    return is_unit ? template_instance_number(TEMPLATE, unit_key + strlen(KEY_UNIT_PREFIX)) : 0;
}

bool sim_txn_scales(const StoreTxn *txn) {
    for (size_t i = 0; i < txn->n_compares; i++)
        if (strncmp(txn->compares[i].key, "scale/", strlen("scale/")) == 0)
            return txn->n_compares >
                   2; /* who only writes the wish compares that and the template */
    return false;
}

/* What becomes of each number. */
typedef struct Step {
    bool was_there[NUMBERS_MAX], is_there[NUMBERS_MAX];
    size_t n_before, n_after;
} Step;

/* Whatever the view has heard of the transaction itself. */
static Step step_of(const SimView *view, const StoreTxn *txn) {
    Step step = {};
    const char *name;
    _unused_ const Unit *unit;
    MAP_FOREACH (name, unit, sim_view_all(view, KEY_UNIT)) {
        uint64_t number = template_instance_number(TEMPLATE, name);
        if (number > 0 && number < NUMBERS_MAX)
            step.was_there[number] = step.is_there[number] = true;
    }
    for (size_t i = 0; i < txn->n_writes; i++) {
        uint64_t number = number_of(txn->writes[i].key);
        if (number == 0 || number >= NUMBERS_MAX)
            continue;
        step.is_there[number] = txn->writes[i].kind == STORE_PUT;
        step.was_there[number] = !step.is_there[number];
    }
    for (size_t i = 1; i < NUMBERS_MAX; i++) {
        step.n_before += step.was_there[i];
        step.n_after += step.is_there[i];
    }
    return step;
}

/* Who leads must have heard of all that others did to instances, and of what is wanted. */
static bool others_have_settled(const SimCheck *check, const Step *step) {
    for (uint64_t number = 1; number < NUMBERS_MAX; number++) {
        _cleanup_free_ char *name = sim_must(template_instance_name(TEMPLATE, number));
        if (step->was_there[number] == step->is_there[number] &&
            !sim_check_has_settled(check, KEY_UNIT, NULL, name))
            return false;
    }
    return true;
}

static void judge_count(SimCheck *check, const Step *step, uint64_t wanted) {
    if (step->n_after > step->n_before && step->n_after > wanted)
        sim_trace_fail(check->trace, "there are %zu instances, and %" PRIu64 " are wanted",
                       step->n_after, wanted);
    if (step->n_after < step->n_before && step->n_after < wanted)
        sim_trace_fail(check->trace, "%zu instances are left, and %" PRIu64 " are wanted",
                       step->n_after, wanted);
}

static void judge_numbers(SimCheck *check, const Step *step) {
    for (size_t i = 1; i < NUMBERS_MAX; i++)
        for (size_t j = 1; j < i; j++) {
            if (step->is_there[i] && !step->was_there[i] && !step->is_there[j])
                sim_trace_fail(check->trace, "instance %zu is created, and %zu is free", i, j);
            if (step->was_there[j] && !step->is_there[j] && step->is_there[i])
                sim_trace_fail(check->trace, "instance %zu is removed, and %zu is there", j, i);
        }
}

void sim_scales_judge(SimCheck *check, const StoreTxn *txn) {
    const SimView *view = check->cluster->view;
    const TemplateScale *scale = map_get(sim_view_all(view, KEY_SCALE), TEMPLATE);
    Step step = step_of(view, txn);
    if (!scale) {
        sim_trace_fail(check->trace, "instances come or go, and nobody wants a number of them");
        return;
    }
    if (!others_have_settled(check, &step))
        return;
    judge_count(check, &step, scale->count);
    judge_numbers(check, &step);
}

/* --- what holds in the end --- */

void sim_scales_check_rest(const SimCluster *cluster, SimTrace *trace) {
    const StoreTxn nothing = {};
    const TemplateScale *scale = map_get(sim_view_all(cluster->view, KEY_SCALE), TEMPLATE);
    bool has_template = sim_view_unit(cluster->view, TEMPLATE);
    size_t n = step_of(cluster->view, &nothing).n_after;
    if (scale && (n > scale->count || (n < scale->count && has_template)))
        sim_trace_fail(trace, "there are %zu instances in the end, and %" PRIu64 " are wanted", n,
                       scale->count);
}
