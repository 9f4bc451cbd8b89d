#include "fleetctl/commands/take-down.h"

#include "fleetctl/api/api-changes.h"
#include "fleetctl/api/api-scales.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-select.h"
#include "fleetctl/wait/unit-wait.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>
#include <inttypes.h>

typedef struct Withdrawal {
    const ApiUnit *unit;
    ApiChange *change;
} Withdrawal;

/* With a message. */
static bool unit_is_refused(const TakeDown *kind, const ApiUnit *unit) {
    if (!kind->is_removal && unit_name_is_template(unit->name))
        complain("Unable to %s unit %s: it is a template", kind->verb, unit->name);
    else if (kind->needs_activity && unit->desired == LAUNCH_STATE_INACTIVE)
        complain("Unable to %s unit %s in state inactive", kind->verb, unit->name);
    else
        return false;
    return true;
}

/* Which requests to send; withdrawals and changes have room for all units. *status becomes 1 when a
 * unit cannot be taken down. */
static size_t withdrawals_plan(const TakeDown *kind, const UnitSelection *selection,
                               Withdrawal *withdrawals, ApiChange *changes, int *status) {
    size_t n = 0;
    for (size_t i = 0; i < selection->n_known; i++) {
        const ApiUnit *unit = selection->known[i];
        if (unit_is_refused(kind, unit)) {
            *status = EXIT_FAILURE;
            continue;
        }
        changes[n] = (ApiChange){
            .name = unit->name, .is_removal = kind->is_removal, .desired = kind->target};
        withdrawals[n] = (Withdrawal){.unit = unit, .change = &changes[n]};
        n++;
    }
    return n;
}

static bool was_as_wanted(const TakeDown *kind, const ApiUnit *unit) {
    return !kind->is_removal && unit->desired == kind->target && unit->current <= kind->target;
}

static bool is_waited_for(const Context *context, const TakeDown *kind, const ApiUnit *unit) {
    return !context->options->no_block && (!unit->is_global || kind->waits_for_global);
}

static void withdrawal_report(const Context *context, const TakeDown *kind, const ApiUnit *unit) {
    bool is_waited = is_waited_for(context, kind, unit);
    if (was_as_wanted(kind, unit))
        return;
    if (kind->is_removal && !is_waited)
        say("Destroyed %s", unit->name);
    else if (!kind->is_removal && (unit->is_global || !is_waited))
        say("Triggered %sunit %s %s", unit->is_global ? "global " : "", unit->name, kind->verb);
}

/* Reports on all requests and adds those that are waited for. 1 if one was refused, else 0, or
 * -ENOMEM. */
static int withdrawals_report(const Context *context, const TakeDown *kind,
                              const Withdrawal *withdrawals, size_t n, WaitTracker *tracker) {
    int status = 0;
    for (size_t i = 0; i < n; i++) {
        const ApiUnit *unit = withdrawals[i].unit;
        const ApiChange *change = withdrawals[i].change;
        if (change->outcome == API_OUTCOME_REFUSED) {
            complain("Unable to %s unit %s: %s", kind->verb, unit->name, change->refusal);
            status = EXIT_FAILURE;
            continue;
        }
        withdrawal_report(context, kind, unit);
        if (is_waited_for(context, kind, unit) &&
            wait_tracker_add(tracker, unit->name, change->revision, was_as_wanted(kind, unit)) < 0)
            return -ENOMEM;
    }
    return status;
}

static int success_complain(const TakeDown *kind, const WaitTracker *tracker) {
    _cleanup_(strv_freep) char **names = NULL;
    const WaitUnit *unit;
    for (size_t i = 0; (unit = wait_tracker_get(tracker, i)); i++)
        if (!unit->is_quiet && strv_push(&names, unit->name) < 0)
            return -ENOMEM;
    _cleanup_free_ char *joined = strv_join(names, " ");
    if (!joined)
        return -ENOMEM;
    if (names && kind->participle)
        complain("Successfully %s units [%s].", kind->participle, joined);
    return 0;
}

static bool is_removed(const Withdrawal *withdrawal) {
    return withdrawal->change->is_removal && withdrawal->change->outcome != API_OUTCOME_REFUSED;
}

static bool instance_is_removed(const Withdrawal *withdrawals, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (is_removed(&withdrawals[i]) && unit_name_is_instance(withdrawals[i].unit->name))
            return true;
    return false;
}

/* Who thought a unit gone for good learns here that it is not. Templates that were destroyed with
 * their instances keep nothing any more. */
static void returns_explain(Context *context, const Withdrawal *withdrawals, size_t n) {
    if (!instance_is_removed(withdrawals, n))
        return;
    _cleanup_json_ json_object *scales = api_scales_learn(context->api);
    for (size_t i = 0; i < n; i++) {
        const char *name = withdrawals[i].unit->name;
        ApiScale scale = {};
        uint64_t number = api_scales_find(scales, name, &scale);
        if (is_removed(&withdrawals[i]) && number > 0 && number <= (uint64_t) scale.count)
            complain("Unit %s is created anew: %s is scaled to %" PRIi64
                     "; see 'fleetctl help scale'",
                     name, scale.name, scale.count);
    }
}

static int withdrawals_carry_out(Context *context, const TakeDown *kind,
                                 const Withdrawal *withdrawals, ApiChange *changes, size_t n,
                                 Error *reterr) {
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    int r = wait_tracker_new(kind->goal, &tracker);
    if (r >= 0)
        r = api_send_changes(context->api, changes, n, reterr);
    if (r >= 0)
        r = withdrawals_report(context, kind, withdrawals, n, tracker);
    if (r < 0)
        return r;
    int waited = unit_wait(context, tracker, reterr);
    if (waited == 0)
        returns_explain(context, withdrawals, n);
    if (waited == 0)
        waited = success_complain(kind, tracker);
    return waited != 0 ? waited : r;
}

int take_down(Context *context, const TakeDown *kind, const char *const *operands, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    GlobScope scope = kind->is_removal ? GLOB_ALL_UNITS : GLOB_NO_TEMPLATES;
    int r = unit_select(context->api, operands, scope, &selection, reterr);
    if (r < 0)
        return r;
    _cleanup_free_ Withdrawal *withdrawals = calloc(selection.n_known + 1, sizeof(Withdrawal));
    _cleanup_free_ ApiChange *changes = calloc(selection.n_known + 1, sizeof(ApiChange));
    if (!withdrawals || !changes)
        return -ENOMEM;

    int status = unit_selection_complain(context->api, &selection) ? EXIT_FAILURE : 0;
    size_t n = withdrawals_plan(kind, &selection, withdrawals, changes, &status);
    r = withdrawals_carry_out(context, kind, withdrawals, changes, n, reterr);
    api_changes_done(changes, n);
    return r != 0 ? r : status;
}
