/* A rolling restart: stop and start, one unit after another, so that what several instances do
 * together goes on. */
#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-select.h"
#include "fleetctl/wait/unit-wait.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

/* One request, and the wait until it has been carried out. Result as of a CommandRun. */
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

static int step_run(Context *context, const Step *step, Error *reterr) {
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    int64_t revision;
    int r = step_send(context, step, &revision, reterr);
    if (r == 0)
        r = wait_tracker_new(step->goal, &tracker);
    if (r == 0)
        r = wait_tracker_add(tracker, step->name, revision, step->is_quiet);
    return r == 0 ? unit_wait(context, tracker, reterr) : r;
}

static int unit_restart(Context *context, const ApiUnit *unit, Error *reterr) {
    Step stop = {unit->name, LAUNCH_STATE_LOADED, WAIT_STOPPED, .is_quiet = true};
    Step start = {unit->name, LAUNCH_STATE_LAUNCHED, WAIT_LAUNCHED};
    int r = unit->desired == LAUNCH_STATE_LAUNCHED ? step_run(context, &stop, reterr) : 0;
    return r == 0 ? step_run(context, &start, reterr) : r;
}

/* It is stopped everywhere once it is on no machine any more: the one thing that can be waited for
 * without knowing on how many it is. */
static int global_unit_restart(Context *context, const ApiUnit *unit, Error *reterr) {
    Step unload = {unit->name, LAUNCH_STATE_INACTIVE, WAIT_INACTIVE, .is_quiet = true};
    Step start = {unit->name, LAUNCH_STATE_LAUNCHED, WAIT_LAUNCHED};
    int64_t revision;
    int r = unit->desired == LAUNCH_STATE_LAUNCHED ? step_run(context, &unload, reterr) : 0;
    if (r == 0)
        r = step_send(context, &start, &revision, reterr);
    if (r == 0)
        say("Triggered global unit %s start", unit->name);
    return r;
}

/* With a message. */
static bool unit_is_refused(const ApiUnit *unit) {
    if (unit_name_is_template(unit->name))
        complain("Unable to restart unit %s: it is a template", unit->name);
    else if (unit->desired == LAUNCH_STATE_INACTIVE)
        complain("Unable to restart unit %s in state inactive", unit->name);
    else
        return false;
    return true;
}

/* What the end of a roll leaves as it was. */
static int rest_complain(const UnitSelection *selection, size_t next) {
    _cleanup_(strv_freep) char **names = NULL;
    for (size_t i = next; i < selection->n_known; i++)
        if (strv_push(&names, selection->known[i]->name) < 0)
            return -ENOMEM;
    _cleanup_free_ char *joined = names ? strv_join(names, " ") : NULL;
    if (joined)
        complain("Not restarted: %s", joined);
    return 0;
}

int command_restart(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    int status = 0;
    int r = unit_select(context->api, operands, GLOB_NO_TEMPLATES, &selection, reterr);
    if (r < 0)
        return r;
    if (unit_selection_complain(context->api, &selection))
        status = EXIT_FAILURE;
    for (size_t i = 0; i < selection.n_known; i++) {
        const ApiUnit *unit = selection.known[i];
        if (unit_is_refused(unit)) {
            status = EXIT_FAILURE;
            continue;
        }
        r = (unit->is_global ? global_unit_restart : unit_restart)(context, unit, reterr);
        if (r != 0 && rest_complain(&selection, i + 1) < 0)
            return -ENOMEM;
        if (r != 0)
            return r;
    }
    return status;
}
