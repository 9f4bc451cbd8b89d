/* GET of rollouts: what is deployed, and how far that has come. */
#include "fleetd/api/api-json.h"
#include "fleetd/api/list-page.h"
#include "fleetd/api/page.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

static int64_t seconds(usec_t usec) {
    return (int64_t) (usec / USEC_PER_SEC);
}

static json_object *unit_to_object(const RolloutUnit *unit) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "name", unit->name) < 0 ||
        json_add_string(object, "phase", rollout_unit_phase_to_string(unit->phase)) < 0 ||
        json_add_nullable(object, "why", unit->why) < 0)
        return NULL;
    return TAKE_PTR(object);
}

/* NULL: whoever leads has yet to begin. */
static json_object *units_to_array(const Rollout *rollout) {
    _cleanup_json_ json_object *array = json_object_new_array();
    for (size_t i = 0; rollout && i < rollout->n_units; i++)
        if (json_array_add_take(array, unit_to_object(&rollout->units[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

static int add_policy(json_object *object, const UpdatePolicy *policy) {
    if (json_add_int(object, "parallel", (int64_t) policy->parallel) < 0 ||
        json_add_int(object, "canaries", (int64_t) policy->canaries) < 0 ||
        json_add_int(object, "healthySeconds", seconds(policy->healthy_usec)) < 0 ||
        json_add_int(object, "deadlineSeconds", seconds(policy->deadline_usec)) < 0 ||
        json_add_string(object, "order", update_order_to_string(policy->order)) < 0)
        return -1;
    return json_add_string(object, "onFailure", update_on_failure_to_string(policy->on_failure));
}

/* What people want of it, for those who look on; the record of a former one says nothing of it. */
static const Rollout *rollout_of(const UnitView *unit) {
    const Rollout *rollout = unit->rollout;
    return rollout && rollout->deployment_usec == unit->deployment->since_usec ? rollout : NULL;
}

/* What users have said since it was written is as good as done. */
static RolloutPhase shown_phase(const Deployment *deployment, const Rollout *rollout) {
    bool is_resumed = rollout && deployment->n_resumed > rollout->n_resumed;
    if (!rollout)
        return ROLLOUT_UPDATING;
    if (deployment->is_undone && !rollout->is_undone && rollout->phase != ROLLOUT_SUPERSEDED)
        return ROLLOUT_ROLLING_BACK;
    if ((rollout->phase == ROLLOUT_PAUSED && is_resumed) ||
        (rollout->phase == ROLLOUT_WAITING && deployment->is_promoted))
        return ROLLOUT_UPDATING;
    return rollout->phase;
}

json_object *rollout_to_json(const UnitView *unit) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const Deployment *deployment = unit->deployment;
    const Rollout *rollout = rollout_of(unit);
    RolloutPhase phase = shown_phase(deployment, rollout);
    const char *why = rollout && rollout->phase == phase ? rollout->why : NULL;
    usec_t phase_since = rollout ? rollout->phase_since_usec : deployment->since_usec;
    if (!object || json_add_string(object, "name", unit->name) < 0 ||
        json_add_int(object, "id", (int64_t) deployment->since_usec) < 0 ||
        json_add_string(object, "hash", str_or(deployment->hash, "")) < 0 ||
        json_add_bool(object, "restart", deployment->is_restart) < 0 ||
        json_add_int(object, "since", seconds(deployment->since_usec)) < 0 ||
        json_add_string(object, "phase", rollout_phase_to_string(phase)) < 0 ||
        json_add_int(object, "phaseSince", seconds(phase_since)) < 0 ||
        json_add_nullable(object, "why", why) < 0 ||
        json_add_nullable(object, "message", deployment->message) < 0 ||
        add_policy(object, &deployment->policy) < 0 ||
        json_add_bool(object, "paused", deployment->is_paused) < 0 ||
        json_add_bool(object, "promoted", deployment->is_promoted) < 0 ||
        json_add_bool(object, "undone", deployment->is_undone) < 0 ||
        json_add_bool(object, "global", rollout && rollout->is_global) < 0 ||
        json_add_take(object, "units", units_to_array(rollout)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

bool rollout_is_under_way(const UnitView *unit) {
    return unit->deployment &&
           !rollout_phase_is_over(shown_phase(unit->deployment, rollout_of(unit)));
}

/* A template is there for instances to come: it counts nowhere else, either. */
static void count_units(const Rollout *rollout, size_t *ret_n, size_t *ret_n_done) {
    *ret_n = *ret_n_done = 0;
    for (size_t i = 0; rollout && i < rollout->n_units; i++) {
        const RolloutUnit *unit = &rollout->units[i];
        bool counts = !unit_name_is_template(unit->name);
        *ret_n += counts;
        *ret_n_done += counts && unit->phase == ROLLOUT_UNIT_DONE;
    }
}

static const RolloutUnit *find_waiting(const Rollout *rollout) {
    for (size_t i = 0; i < rollout->n_units; i++) {
        const RolloutUnit *unit = &rollout->units[i];
        bool has_turn =
            unit->phase == ROLLOUT_UNIT_UPDATING || unit->phase == ROLLOUT_UNIT_RESTORING;
        if (has_turn && unit->why)
            return unit;
    }
    return NULL;
}

/* Why it is as it is; where nothing is to be said of it as a whole, what a unit that has its turn
 * waits for. NULL: nothing. -ENOMEM. */
static int brief_why(const Rollout *rollout, RolloutPhase phase, char **ret) {
    const char *why = rollout && rollout->phase == phase ? rollout->why : NULL;
    bool may_wait = rollout && rollout->phase == phase && !why && !rollout_phase_is_over(phase);
    const RolloutUnit *unit = may_wait ? find_waiting(rollout) : NULL;
    if (unit)
        *ret =
            str_printf("%s%s: %s", rollout->is_global ? "on machine " : "", unit->name, unit->why);
    else
        *ret = why ? strdup(why) : NULL;
    return (unit || why) && !*ret ? -ENOMEM : 0;
}

json_object *rollout_brief_to_json(const UnitView *unit) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const Rollout *rollout = rollout_of(unit);
    RolloutPhase phase = shown_phase(unit->deployment, rollout);
    _cleanup_free_ char *why = NULL;
    size_t n, n_done;
    count_units(rollout, &n, &n_done);
    if (!object || brief_why(rollout, phase, &why) < 0 ||
        json_add_string(object, "name", unit->name) < 0 ||
        json_add_bool(object, "restart", unit->deployment->is_restart) < 0 ||
        json_add_string(object, "phase", rollout_phase_to_string(phase)) < 0 ||
        json_add_int(object, "since", seconds(unit->deployment->since_usec)) < 0 ||
        json_add_int(object, "done", (int64_t) n_done) < 0 ||
        json_add_int(object, "units", (int64_t) n) < 0 ||
        json_add_nullable(object, "why", why) < 0 ||
        json_add_nullable(object, "message", unit->deployment->message) < 0)
        return NULL;
    return TAKE_PTR(object);
}

json_object *rollout_event_to_json(const UnitView *unit) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "type", "rollout") < 0 ||
        json_add_string(object, "unit", unit->name) < 0)
        return NULL;
    if (unit->deployment && json_add_take(object, "rollout", rollout_to_json(unit)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

/* About as much as what is told of it. */
static size_t rollout_size(const UnitView *unit) {
    const Rollout *rollout = rollout_of(unit);
    return (rollout ? rollout->n_units : 0) * 128;
}

void rollouts_list(Api *api, ApiExchange *exchange, _unused_ const char *name, View *view) {
    _cleanup_list_page_ ListPage page = {};
    const char *const *names;
    size_t n_names;
    if (list_page_begin(&page, api, exchange, "rollouts") < 0)
        return;
    int r = view_unit_names(view, &names, &n_names);
    for (size_t i = r < 0 ? 0 : names_after(names, n_names, page.after); r >= 0 && i < n_names;
         i++) {
        const UnitView *unit = view_find_unit(view, names[i]);
        if (!unit->deployment)
            continue;
        if (!list_page_has_room(&page))
            break;
        r = list_page_add_take(&page, names[i], rollout_to_json(unit));
        page.n_bytes += rollout_size(unit);
    }
    list_page_answer(&page, r, view_revision(view));
}

/* Of an instance nothing else may have been asked for. */
static bool is_of_template(const View *view, const char *name, char **ret_template) {
    bool is_instance = unit_name_check(name, NULL) >= 0 && unit_name_is_instance(name);
    const UnitView *unit = is_instance && unit_name_template(name, ret_template) >= 0
                               ? view_find_unit(view, *ret_template)
                               : NULL;
    return unit && unit->deployment;
}

void rollouts_get(_unused_ Api *api, ApiExchange *exchange, const char *name, View *view) {
    const UnitView *unit = view_find_unit(view, name);
    _cleanup_free_ char *template = NULL;
    if (unit && unit->deployment)
        answer_object_take(exchange, rollout_to_json(unit), view_revision(view));
    else if (is_of_template(view, name, &template))
        answer_error(exchange, 404, "nothing was deployed over unit '%s' by itself: see '%s'", name,
                     template);
    else
        answer_error(exchange, 404, "nothing was deployed over unit '%s'", name);
}
