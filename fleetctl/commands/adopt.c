/* Units that machines have for another cluster: submitted as they are there, the cluster finds them
 * where it would put them (docs/architecture.md, "A store that has forgotten"). */
#include "fleetctl/api/api-changes.h"
#include "fleetctl/api/api-items.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-operand.h"
#include "fleetctl/wait/unit-wait.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"

#include <errno.h>

static int orphan_compare(const void *a, const void *b) {
    const ApiOrphan *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : strcmp(x->machine_id, y->machine_id);
}

/* By name. */
static int orphans_fetch(Context *context, ApiOrphans *ret, Error *reterr) {
    int r = api_list_orphans(context->api, ret, reterr);
    if (r >= 0)
        qsort(ret->items, ret->n, sizeof(ApiOrphan), orphan_compare);
    return r;
}

/* --- which ones --- */

static bool orphan_is_meant(const ApiOrphan *orphan, const char *const *operands) {
    if (!*operands)
        return true;
    STRV_FOREACH (operand, operands)
        if (operand_means_unit(*operand, orphan->name))
            return true;
    return false;
}

/* With a message for each. */
static bool operands_complain(const ApiOrphans *orphans, const char *const *operands) {
    bool is_bad = false;
    STRV_FOREACH (operand, operands) {
        size_t i = 0;
        while (i < orphans->n && !operand_means_unit(*operand, orphans->items[i].name))
            i++;
        if (i == orphans->n)
            complain("No machine has unit %s for another cluster.", *operand);
        is_bad = is_bad || i == orphans->n;
    }
    return is_bad;
}

/* Of several machines' the one whose file can be had, and that was started. */
static bool orphan_is_better(const ApiOrphan *orphan, const ApiOrphan *than) {
    if (!orphan->text != !than->text)
        return orphan->text;
    return orphan->desired > than->desired;
}

static bool orphan_is_refused(const ApiOrphan *orphan) {
    if (orphan->is_known)
        complain(
            "Unable to adopt unit %s: the cluster knows it; 'fleetctl start' takes over what is "
            "there, 'fleetctl load' stops it as well",
            orphan->name);
    else if (!orphan->text)
        complain("Unable to adopt unit %s: machine %s cannot tell its file", orphan->name,
                 orphan->machine_id);
    else
        return false;
    return true;
}

/* 1, or 0; a file that breaks a rule is nothing's, and fleetd says so. -ENOMEM. */
static int orphan_is_global(const ApiOrphan *orphan) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    int r = unit_file_parse(orphan->text, strlen(orphan->text), &file, NULL);
    if (r >= 0)
        r = requirements_parse(file, orphan->name, &requirements, NULL);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    return requirements->is_global;
}

/* One of each name that is meant; chosen has room for all. *status becomes 1 for what cannot be
 * had. */
static size_t orphans_choose(const ApiOrphans *orphans, const char *const *operands,
                             const ApiOrphan **chosen, int *status) {
    size_t n = 0;
    for (size_t i = 0, end; i < orphans->n; i = end) {
        const ApiOrphan *best = &orphans->items[i];
        for (end = i + 1; end < orphans->n && streq(orphans->items[end].name, best->name); end++)
            if (orphan_is_better(&orphans->items[end], best))
                best = &orphans->items[end];
        if (!orphan_is_meant(best, operands))
            continue;
        if (orphan_is_refused(best))
            *status = EXIT_FAILURE;
        else
            chosen[n++] = best;
    }
    return n;
}

/* --- and what is done with them --- */

static int say_what_would_be(Context *context, const ApiOrphan *const *chosen, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const ApiOrphan *orphan = chosen[i];
        _cleanup_free_ char *machine =
            machine_names_label(context->machines, orphan->machine_id, context->options->full);
        if (!machine)
            return -ENOMEM;
        say("Would %s unit %s, %s on %s", context->options->forget ? "forget" : "adopt",
            orphan->name, launch_state_to_string(orphan->desired), machine);
    }
    return 0;
}

/* 1: it was sent with this desired state, and comes to it in one place; or 0. -ENOMEM. */
static int orphan_is_awaited(const ApiOrphan *orphan, const ApiChange *change,
                             LaunchState desired) {
    if (change->outcome == API_OUTCOME_REFUSED || change->desired != desired)
        return 0;
    int r = orphan_is_global(orphan);
    return r < 0 ? r : !r;
}

/* Waits for those that were sent with this desired state. */
static int wait_for(Context *context, const ApiOrphan *const *chosen, const ApiChange *changes,
                    size_t n, LaunchState desired, WaitGoal goal, Error *reterr) {
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    int r = wait_tracker_new(goal, &tracker);
    for (size_t i = 0; i < n && r >= 0; i++) {
        r = orphan_is_awaited(chosen[i], &changes[i], desired);
        if (r > 0)
            r = wait_tracker_add(tracker, changes[i].name, changes[i].revision, false);
    }
    return r < 0 ? r : unit_wait(context, tracker, reterr);
}

static int changes_report(const ApiOrphan *const *chosen, const ApiChange *changes, size_t n,
                          bool is_waited_for) {
    int status = 0;
    for (size_t i = 0; i < n; i++) {
        int is_global = orphan_is_global(chosen[i]);
        if (is_global < 0)
            return is_global;
        if (changes[i].outcome == API_OUTCOME_REFUSED) {
            complain("Unable to adopt unit %s: %s", changes[i].name, changes[i].refusal);
            status = EXIT_FAILURE;
        } else if (is_global || !is_waited_for)
            say("Adopted %sunit %s", is_global ? "global " : "", changes[i].name);
    }
    return status;
}

/* 1 if one was refused, else 0, with a message for each. */
static int send_all(Context *context, const ApiOrphan *const *chosen, ApiChange *changes, size_t n,
                    bool is_waited_for, Error *reterr) {
    for (size_t i = 0; i < n; i++)
        changes[i] = (ApiChange){.name = chosen[i]->name,
                                 .desired = chosen[i]->desired,
                                 .text = chosen[i]->text,
                                 .text_size = strlen(chosen[i]->text)};
    int r = api_send_changes(context->api, changes, n, reterr);
    return r < 0 ? r : changes_report(chosen, changes, n, is_waited_for);
}

static int adopt(Context *context, const ApiOrphan *const *chosen, ApiChange *changes, size_t n,
                 Error *reterr) {
    static const struct {
        LaunchState desired;
        WaitGoal goal;
    } waits[] = {{LAUNCH_STATE_LAUNCHED, WAIT_LAUNCHED}, {LAUNCH_STATE_LOADED, WAIT_LOADED}};
    bool is_waited_for = !context->options->no_block;
    int status = send_all(context, chosen, changes, n, is_waited_for, reterr);
    for (size_t i = 0; i < ELEMENTSOF(waits) && is_waited_for && status >= 0; i++) {
        int r = wait_for(context, chosen, changes, n, waits[i].desired, waits[i].goal, reterr);
        if (r < 0 || r == EXIT_INTERRUPTED)
            return r;
        status = MAX(status, r);
    }
    return status;
}

/* --- to have them stopped --- */

static int wait_for_all(Context *context, const ApiChange *changes, size_t n, WaitGoal goal,
                        bool *ret_has_orphans, Error *reterr) {
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    int r = wait_tracker_new(goal, &tracker);
    for (size_t i = 0; i < n && r >= 0; i++)
        if (changes[i].outcome != API_OUTCOME_REFUSED)
            r = wait_tracker_add(tracker, changes[i].name, changes[i].revision, false);
    if (r >= 0)
        r = unit_wait(context, tracker, reterr);
    if (r >= 0)
        *ret_has_orphans = wait_tracker_has_orphans(tracker);
    return r;
}

/* What could not be adopted is no orphan of a known unit, so that its end cannot be asked for. */
static size_t removals_plan(ApiChange *changes, size_t n) {
    size_t n_adopted = 0;
    for (size_t i = 0; i < n; i++)
        if (changes[i].outcome == API_OUTCOME_REFUSED)
            free(TAKE_PTR(changes[i].refusal));
        else
            changes[n_adopted++] = (ApiChange){.name = changes[i].name, .is_removal = true};
    return n_adopted;
}

static int removals_report(const ApiChange *changes, size_t n) {
    int status = 0;
    for (size_t i = 0; i < n; i++) {
        if (changes[i].outcome != API_OUTCOME_REFUSED)
            continue;
        complain("Unable to destroy unit %s: %s", changes[i].name, changes[i].refusal);
        status = EXIT_FAILURE;
    }
    return status;
}

static int destroy(Context *context, ApiChange *changes, size_t n, Error *reterr) {
    bool has_orphans = false;
    int r = api_send_changes(context->api, changes, n, reterr);
    if (r < 0)
        return r;
    int status = removals_report(changes, n);
    r = wait_for_all(context, changes, n, WAIT_GONE, &has_orphans, reterr);
    if (r < 0)
        return r;
    return MAX(r, has_orphans ? EXIT_FAILURE : status);
}

/* Once they are the cluster's own it can have them stopped, and not before: what nobody has ordered
 * yet when its unit is destroyed stays an orphan. */
static int forget(Context *context, const ApiOrphan *const *chosen, ApiChange *changes, size_t n,
                  Error *reterr) {
    bool has_orphans = false;
    int status = send_all(context, chosen, changes, n, true, reterr);
    if (status < 0)
        return status;
    int r = wait_for_all(context, changes, n, WAIT_ADOPTED, &has_orphans, reterr);
    if (r < 0 || r == EXIT_INTERRUPTED)
        return r;
    r = destroy(context, changes, removals_plan(changes, n), reterr);
    return r < 0 ? r : MAX(r, status);
}

int command_adopt(Context *context, const char *const *operands, Error *reterr) {
    const Options *options = context->options;
    _cleanup_api_orphans_ ApiOrphans orphans = {};
    if (options->all && *operands)
        return error_set(reterr, -EINVAL, "adopt: either names or --all");
    if (!*operands && !options->all && !options->dry_run)
        return error_set(reterr, -EINVAL, "adopt: no units given; --all takes all orphans");
    int r = orphans_fetch(context, &orphans, reterr);
    if (r < 0)
        return r;
    _cleanup_free_ const ApiOrphan **chosen = calloc(orphans.n + 1, sizeof(ApiOrphan *));
    _cleanup_free_ ApiChange *changes = calloc(orphans.n + 1, sizeof(ApiChange));
    if (!chosen || !changes)
        return -ENOMEM;
    int status = operands_complain(&orphans, operands) ? EXIT_FAILURE : 0;
    size_t n = orphans_choose(&orphans, operands, chosen, &status);
    if (options->dry_run)
        r = say_what_would_be(context, chosen, n);
    else if (n > 0)
        r = (options->forget ? forget : adopt)(context, chosen, changes, n, reterr);
    api_changes_done(changes, n);
    return r != 0 ? r : status;
}
