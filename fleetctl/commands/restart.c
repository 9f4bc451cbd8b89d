/* Restarts: whoever leads does them, one after another, as a deployment that brings no file. So no
 * more of a group is down at a time than its budget allows, whatever else goes on. */
#include "fleetctl/api/api-changes.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/commands/deploy-request.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-select.h"
#include "fleetctl/wait/rollout-wait.h"
#include "fleetctl/wait/unit-wait.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

/* --- what there is to restart --- */

typedef struct Operands {
    char **templates; /* by their whole names; NULL: none */
    char **units;     /* as they were typed */
} Operands;

static void operands_done(Operands *operands) {
    strv_free(operands->templates);
    strv_free(operands->units);
}

/* A glob never means a template. */
static int operands_sort(const char *const *typed, Operands *ret) {
    int r = 0;
    for (size_t i = 0; r >= 0 && typed[i]; i++) {
        _cleanup_free_ char *name = NULL;
        r = unit_name_complete(typed[i], &name);
        bool is_template = r >= 0 && !operand_is_glob(typed[i]) && unit_name_is_template(name);
        if (r >= 0)
            r = is_template ? strv_push(&ret->templates, name) : strv_push(&ret->units, typed[i]);
    }
    return r;
}

/* --- a request --- */

/* 1: it was refused, which has been said. */
static int restart_send(Context *context, const char *name, const DeployRequest *request,
                        int64_t *ret_revision, Error *reterr) {
    _cleanup_error_ Error error = {};
    int r = api_put_rollout(context->api, name, request, ret_revision, &error);
    if (r == -EREMOTEIO) {
        complain("Unable to restart unit %s: %s", name, error_text(&error, r));
        return EXIT_FAILURE;
    }
    return r < 0 ? error_set(reterr, r, "%s", error_text(&error, r)) : 0;
}

/* One request for a unit's state, which is no restart. */
typedef struct Step {
    const char *name;
    LaunchState target;
    WaitGoal goal;
    bool is_quiet;
} Step;

static int step_send(Context *context, const Step *step, int64_t *ret_revision, Error *reterr) {
    ApiChange change = {.name = step->name, .desired = step->target};
    int r = api_send_changes(context->api, &change, 1, reterr);
    if (r >= 0 && change.outcome == API_OUTCOME_REFUSED) {
        complain("Unable to restart unit %s: %s", step->name, change.refusal);
        r = EXIT_FAILURE;
    }
    *ret_revision = change.revision;
    api_changes_done(&change, 1);
    return r;
}

static int step_wait(Context *context, const Step *step, int64_t revision, Error *reterr) {
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    int r = wait_tracker_new(step->goal, &tracker);
    if (r >= 0)
        r = wait_tracker_add(tracker, step->name, revision, step->is_quiet);
    return r < 0 ? r : unit_wait(context, tracker, reterr);
}

static int step_run(Context *context, const Step *step, Error *reterr) {
    int64_t revision;
    int r = step_send(context, step, &revision, reterr);
    return r == 0 ? step_wait(context, step, revision, reterr) : r;
}

/* --- units --- */

/* The wait is over when it is up: how it does from then on is not waited for, unless that is asked
 * for, and a failure is the end of it. */
static DeployRequest request_for_unit(const DeployRequest *asked) {
    DeployRequest request = *asked;
    if (request.healthy_usec == USEC_INFINITY)
        request.healthy_usec = 0;
    request.on_failure = str_or(request.on_failure, "continue");
    return request;
}

static int unit_restart(Context *context, const ApiUnit *unit, const DeployRequest *asked,
                        Error *reterr) {
    const DeployRequest request = request_for_unit(asked);
    const Step restart = {unit->name, LAUNCH_STATE_LAUNCHED, WAIT_RESTARTED};
    int64_t revision;
    int r = restart_send(context, unit->name, &request, &revision, reterr);
    if (r == 0 && context->options->detach)
        say("Restarting %s", unit->name);
    return r != 0 || context->options->detach ? r : step_wait(context, &restart, revision, reterr);
}

/* One that is only loaded has nothing to be stopped. */
static int unit_start(Context *context, const ApiUnit *unit, _unused_ const DeployRequest *asked,
                      Error *reterr) {
    const Step start = {unit->name, LAUNCH_STATE_LAUNCHED, WAIT_LAUNCHED};
    int64_t revision;
    if (!context->options->detach)
        return step_run(context, &start, reterr);
    int r = step_send(context, &start, &revision, reterr);
    if (r == 0)
        say("Triggered unit %s start", unit->name);
    return r;
}

/* It is stopped everywhere once it is on no machine any more: the one thing that can be waited for
 * without knowing on how many it is. */
static int global_unit_restart(Context *context, const ApiUnit *unit,
                               _unused_ const DeployRequest *asked, Error *reterr) {
    const Step unload = {unit->name, LAUNCH_STATE_INACTIVE, WAIT_INACTIVE, .is_quiet = true};
    const Step start = {unit->name, LAUNCH_STATE_LAUNCHED, WAIT_LAUNCHED};
    int64_t revision;
    int r = unit->desired == LAUNCH_STATE_LAUNCHED ? step_run(context, &unload, reterr) : 0;
    if (r == 0)
        r = step_send(context, &start, &revision, reterr);
    if (r == 0)
        say("Triggered global unit %s start", unit->name);
    return r;
}

static int one_restart(Context *context, const ApiUnit *unit, const DeployRequest *request,
                       Error *reterr) {
    if (unit->is_global)
        return global_unit_restart(context, unit, request, reterr);
    return (unit->desired == LAUNCH_STATE_LAUNCHED ? unit_restart : unit_start)(context, unit,
                                                                                request, reterr);
}

/* With a message. */
static bool unit_is_refused(const ApiUnit *unit) {
    if (unit_name_is_template(unit->name))
        complain("Unable to restart unit %s: it is a template: to restart its instances, name it",
                 unit->name);
    else if (unit->desired == LAUNCH_STATE_INACTIVE)
        complain("Unable to restart unit %s in state inactive", unit->name);
    else
        return false;
    return true;
}

/* What the end of one leaves as it was. No selection: only templates are left. */
static int rest_complain(const UnitSelection *selection, size_t next, char *const *templates) {
    _cleanup_(strv_freep) char **names = NULL;
    for (size_t i = next; selection && i < selection->n_known; i++)
        if (strv_push(&names, selection->known[i]->name) < 0)
            return -ENOMEM;
    STRV_FOREACH (template, templates)
        if (strv_push(&names, *template) < 0)
            return -ENOMEM;
    _cleanup_free_ char *joined = names ? strv_join(names, " ") : NULL;
    if (joined)
        complain("Not restarted: %s", joined);
    return 0;
}

/* *status becomes 1 when one cannot be restarted, which keeps no other from it. */
static int units_restart(Context *context, const Operands *operands, const DeployRequest *request,
                         int *status, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    int r = unit_select(context->api, (const char *const *) operands->units, GLOB_NO_TEMPLATES,
                        &selection, reterr);
    if (r < 0)
        return r;
    if (unit_selection_complain(context->api, &selection))
        *status = EXIT_FAILURE;
    for (size_t i = 0; i < selection.n_known; i++) {
        const ApiUnit *unit = selection.known[i];
        if (unit_is_refused(unit)) {
            *status = EXIT_FAILURE;
            continue;
        }
        r = one_restart(context, unit, request, reterr);
        if (r != 0 && rest_complain(&selection, i + 1, operands->templates) < 0)
            return -ENOMEM;
        if (r != 0)
            return r;
    }
    return 0;
}

/* --- templates --- */

static int template_restart(Context *context, const char *name, const DeployRequest *request,
                            Error *reterr) {
    _cleanup_(rollout_tracker_freep) RolloutTracker *tracker = NULL;
    int64_t revision = 0;
    int r = restart_send(context, name, request, &revision, reterr);
    if (r != 0)
        return r;
    say("Restarting %s", name);
    if (context->options->detach)
        return 0;
    r = rollout_tracker_new(&tracker);
    if (r >= 0)
        r = rollout_tracker_add(tracker, name);
    return r < 0 ? r : rollout_wait(context, tracker, false, revision, reterr);
}

static int templates_restart(Context *context, char *const *templates, const DeployRequest *request,
                             Error *reterr) {
    STRV_FOREACH (template, templates) {
        int r = template_restart(context, *template, request, reterr);
        if (r != 0)
            return rest_complain(NULL, 0, template + 1) < 0 ? -ENOMEM : r;
    }
    return 0;
}

int command_restart(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_(operands_done) Operands sorted = {};
    DeployRequest request;
    int status = 0;
    int r = deploy_request_fill(context->options, &request, reterr);
    if (r >= 0)
        r = operands_sort(operands, &sorted);
    if (r >= 0 && sorted.units)
        r = units_restart(context, &sorted, &request, &status, reterr);
    if (r == 0)
        r = templates_restart(context, sorted.templates, &request, reterr);
    return r != 0 ? r : status;
}
