#include "fleetctl/api/api-items.h"
#include "fleetctl/commands/maintain.h"
#include "fleetctl/commands/reboot-cancel.h"
#include "fleetctl/print/message.h"
#include "fleetctl/wait/reboot-wait.h"
#include "fleetd/base/strv.h"

#include <errno.h>

/* --- which machines --- */

static int select_all(Context *context, char ***ret_ids, Error *reterr) {
    _cleanup_api_machines_ ApiMachines machines = {};
    _cleanup_(strv_freep) char **ids = NULL;
    int r = api_list_machines(context->api, &machines, reterr);
    for (size_t i = 0; r >= 0 && i < machines.n; i++)
        r = strv_push(&ids, machines.items[i].id);
    if (r >= 0)
        *ret_ids = TAKE_PTR(ids);
    return MIN(r, 0);
}

static int select_machines(Context *context, const char *const *operands, char ***ret_ids,
                           Error *reterr) {
    return context->options->all ? select_all(context, ret_ids, reterr)
                                 : machines_select_all(context->api, operands, ret_ids, reterr);
}

static int operands_check(const Options *options, const char *const *operands, Error *reterr) {
    if (options->all && operands[0])
        return error_set(reterr, -EINVAL, "--all means all machines, so name none");
    return options->all || operands[0] ? 0 : error_set(reterr, -EINVAL, "No machines given");
}

/* --- asking for it --- */

static char *label_of(Context *context, const char *machine_id) {
    return machine_names_label(context->machines, machine_id, context->options->full);
}

static int tell_asked(Context *context, const char *machine_id, const ApiCall *call,
                      int64_t *revision, Error *reterr) {
    _cleanup_free_ char *found = label_of(context, machine_id);
    const char *label = str_or(found, machine_id);
    int64_t written = 0;
    int r = api_judge_reboot(call, &written, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Failed to reboot machine %s", label);
    if (r == 0)
        say("A reboot of machine %s is under way already", label);
    else
        say("Machine %s is to be rebooted", label);
    *revision = MAX(*revision, written);
    return 0;
}

/* What was answered is told even when others were not. */
static int tell_all_asked(Context *context, char *const *ids, const ApiCall *calls,
                          RebootTracker *tracker, int64_t *revision, Error *reterr) {
    for (size_t i = 0; ids[i]; i++) {
        int r = calls[i].status == 0 ? 0 : tell_asked(context, ids[i], &calls[i], revision, reterr);
        if (r < 0 || (r = reboot_tracker_add(tracker, ids[i])) < 0)
            return r;
    }
    return 0;
}

static int ask(Context *context, char *const *ids, RebootTracker *tracker, int64_t *revision,
               Error *reterr) {
    const Options *options = context->options;
    const RebootRequest request = {.max_parallel = options->max_parallel,
                                   .deadline_usec = options->deadline_usec,
                                   .timeout_usec = options->timeout_usec,
                                   .message = options->message};
    _cleanup_error_ Error other = {};
    ApiCall *calls = NULL;
    if (!ids || !ids[0])
        return 0;
    (void) machine_names_address(context->machines, ids[0]); /* while somebody answers */
    int r = api_put_reboots(context->api, ids, &request, &calls, reterr), told = 0;
    if (calls)
        told = tell_all_asked(context, ids, calls, tracker, revision, r < 0 ? &other : reterr);
    if (calls)
        api_calls_free(calls, strv_length(ids));
    return r < 0 ? error_prefix(reterr, r, "Failed to reboot all of them") : told;
}

static int take_out(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_(strv_freep) char **ids = NULL;
    int r = context->options->all ? 0 : machines_select_all(context->api, operands, &ids, reterr);
    return r < 0 ? r : reboot_cancel(context, ids, reterr);
}

static int ask_for(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_(strv_freep) char **ids = NULL;
    _cleanup_(reboot_tracker_freep) RebootTracker *tracker = NULL;
    int64_t revision = 0;
    int r = select_machines(context, operands, &ids, reterr);
    if (r >= 0)
        r = reboot_tracker_new(&tracker);
    if (r >= 0)
        r = ask(context, ids, tracker, &revision, reterr);
    if (r < 0 || context->options->detach)
        return MIN(r, 0);
    return reboot_wait(context, tracker, revision, reterr);
}

int command_reboot(Context *context, const char *const *operands, Error *reterr) {
    int r = operands_check(context->options, operands, reterr);
    if (r < 0)
        return r;
    return context->options->cancel ? take_out(context, operands, reterr)
                                    : ask_for(context, operands, reterr);
}
