/* Waits for what others asked for, or what came by itself. */
#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-select.h"
#include "fleetctl/wait/unit-wait.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

static const struct {
    const char *name;
    WaitGoal goal;
} states[] = {
    {"running", WAIT_FOR_RUNNING},
    {"healthy", WAIT_FOR_HEALTHY},
    {"gone", WAIT_FOR_GONE},
    {"failed", WAIT_FOR_FAILED},
};

static int goal_find(const char *name, WaitGoal *ret, Error *reterr) {
    for (size_t i = 0; i < ELEMENTSOF(states); i++)
        if (streq(name, states[i].name)) {
            *ret = states[i].goal;
            return 0;
        }
    return error_set(reterr, -EINVAL, "--for: '%s' is none of running, healthy, gone and failed",
                     name);
}

/* It is nothing that could run, and waited for it would be for ever. */
static bool template_complain(const char *name) {
    bool is_template = unit_name_is_template(name);
    if (is_template)
        complain("Unable to wait for unit %s: it is a template", name);
    return is_template;
}

/* A name that is unknown is gone already, and told so; a glob that matches none means nothing. 1:
 * some were refused. */
static int units_add(const UnitSelection *selection, WaitGoal goal, WaitTracker *tracker) {
    int status = 0;
    for (size_t i = 0; i < selection->n_known; i++)
        if (template_complain(selection->known[i]->name))
            status = EXIT_FAILURE;
        else if (wait_tracker_add(tracker, selection->known[i]->name, 0, false) < 0)
            return -ENOMEM;
    STRV_FOREACH (name, selection->unknown)
        if (goal == WAIT_FOR_GONE && !operand_is_glob(*name) &&
            wait_tracker_add(tracker, *name, 0, false) < 0)
            return -ENOMEM;
    return status;
}

int command_wait(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    WaitGoal goal;
    int r = goal_find(str_or(context->options->wait_for, "running"), &goal, reterr);
    if (r >= 0)
        r = unit_select(context->api, operands, GLOB_NO_TEMPLATES, &selection, reterr);
    if (r >= 0)
        r = wait_tracker_new(goal, &tracker);
    if (r >= 0)
        r = units_add(&selection, goal, tracker);
    if (r < 0)
        return r;
    bool is_unknown = goal != WAIT_FOR_GONE && unit_selection_complain(context->api, &selection);
    int waited = unit_wait(context, tracker, reterr);
    return waited != 0 ? waited : is_unknown ? EXIT_FAILURE : r;
}
