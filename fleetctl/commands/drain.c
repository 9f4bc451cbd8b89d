#include "fleetctl/commands/maintain.h"
#include "fleetctl/print/message.h"
#include "fleetctl/wait/drain-wait.h"
#include "fleetd/base/strv.h"

/* What leaves one of several is not to move to the next one, from which it would have to leave
 * again. */
static int cordon_all(Context *context, char *const *ids, const ApiMaintenances *wishes,
                      Error *reterr) {
    const MaintenanceRequest request = {.message = context->options->message};
    int r = 0;
    STRV_FOREACH (id, ids) {
        int64_t revision;
        if (r >= 0 && !wishes_find(wishes, *id))
            r = api_put_maintenance(context->api, *id, &request, &revision, reterr);
    }
    return r < 0 ? error_prefix(reterr, r, "Failed to cordon all of them before they are drained")
                 : 0;
}

static int drain(Context *context, const char *machine_id, const ApiMaintenance *before,
                 int64_t *revision, Error *reterr) {
    const Options *options = context->options;
    const MaintenanceRequest request = {.is_drain = true,
                                        .ignores_global = options->ignore_global,
                                        .deadline_usec = options->deadline_usec,
                                        .message = wish_message(context, before)};
    _cleanup_free_ char *label = machine_names_label(context->machines, machine_id, options->full);
    int64_t written = 0;
    int r = api_put_maintenance(context->api, machine_id, &request, &written, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Failed to drain machine %s", str_or(label, machine_id));
    say("Draining machine %s", str_or(label, machine_id));
    *revision = MAX(*revision, written);
    return 0;
}

int command_drain(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_(strv_freep) char **ids = NULL;
    _cleanup_(drain_tracker_freep) DrainTracker *tracker = NULL;
    _cleanup_api_maintenances_ ApiMaintenances wishes = {};
    int64_t revision = 0;
    int r = machines_select_all(context->api, operands, &ids, reterr);
    if (r >= 0)
        r = api_list_maintenances(context->api, &wishes, reterr);
    if (r >= 0 && strv_length(ids) > 1)
        r = cordon_all(context, ids, &wishes, reterr);
    if (r >= 0)
        r = drain_tracker_new(context->options->ignore_global, &tracker);
    STRV_FOREACH (id, ids) {
        r = r < 0 ? r : drain(context, *id, wishes_find(&wishes, *id), &revision, reterr);
        r = r < 0 ? r : drain_tracker_add(tracker, *id);
    }
    if (r < 0 || context->options->detach)
        return MIN(r, 0);
    return drain_wait(context, tracker, revision, reterr);
}
