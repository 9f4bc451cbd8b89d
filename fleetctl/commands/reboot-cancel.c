/* Those that wait go first, and of them the last in the queue: else the place of the one before
 * would be given to a machine that is about to be cancelled, and it would reboot. */
#include "fleetctl/commands/reboot-cancel.h"

#include "fleetctl/api/api-items.h"
#include "fleetctl/api/api-maintenance.h"
#include "fleetctl/print/message.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/reboot.h"

#include <errno.h>

static bool reboot_waits(const ApiReboot *reboot) {
    return streq(reboot->phase, "waiting");
}

static int compare(const void *a, const void *b) {
    const ApiReboot *x = a, *y = b;
    if (reboot_waits(x) != reboot_waits(y))
        return reboot_waits(x) ? -1 : 1;
    if (x->since != y->since)
        return x->since > y->since ? -1 : 1;
    return strcmp(y->machine_id, x->machine_id);
}

static int queue_fetch(ApiClient *api, ApiReboots *ret, Error *reterr) {
    int r = api_list_reboots(api, ret, reterr);
    if (r >= 0)
        qsort(ret->items, ret->n, sizeof(ApiReboot), compare);
    return r;
}

/* --- one --- */

/* Behind the machine's name. */
static const char *end_of(const char *phase) {
    static const char *const ends[_REBOOT_PHASE_MAX] = {
        [REBOOT_REBOOTING] = "is going down already; no other machine waits for it any more",
        [REBOOT_RETURNING] = "has been rebooted; no other machine waits for its units any more",
    };
    RebootPhase known = reboot_phase_from_string(phase);
    return known < 0 ? NULL : ends[known];
}

static int cancel(Context *context, const char *machine_id, const char *phase, Error *reterr) {
    _cleanup_free_ char *label =
        machine_names_label(context->machines, machine_id, context->options->full);
    const char *name = str_or(label, machine_id), *end = end_of(phase);
    int r = api_delete_reboot(context->api, machine_id, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Failed to cancel the reboot of machine %s", name);
    if (r == 0)
        say("Machine %s was not to be rebooted", name);
    else if (end)
        say("Machine %s %s", name, end);
    else
        say("The reboot of machine %s is cancelled", name);
    return 0;
}

/* --- several --- */

static bool is_meant(char *const *machine_ids, const ApiReboot *reboot) {
    return !machine_ids || strv_contains(machine_ids, reboot->machine_id);
}

static const ApiReboot *queue_find(const ApiReboots *queue, const char *machine_id) {
    for (size_t i = 0; i < queue->n; i++)
        if (streq(queue->items[i].machine_id, machine_id))
            return &queue->items[i];
    return NULL;
}

static int cancel_waiting(Context *context, const ApiReboots *queue, char *const *machine_ids,
                          Error *reterr) {
    int r = 0;
    for (size_t i = 0; i < queue->n && reboot_waits(&queue->items[i]) && r >= 0; i++)
        if (is_meant(machine_ids, &queue->items[i]))
            r = cancel(context, queue->items[i].machine_id, "waiting", reterr);
    return r;
}

/* How far they are is asked once more, as the others took their time. */
static int cancel_begun(Context *context, const ApiReboots *queue, char *const *machine_ids,
                        Error *reterr) {
    _cleanup_api_reboots_ ApiReboots now = {};
    bool is_fresh = false;
    int r = 0;
    for (size_t i = 0; i < queue->n && r >= 0; i++) {
        const ApiReboot *reboot = &queue->items[i];
        if (reboot_waits(reboot) || !is_meant(machine_ids, reboot))
            continue;
        if (!is_fresh && i > 0)
            r = queue_fetch(context->api, &now, reterr);
        is_fresh = true;
        const ApiReboot *anew = queue_find(&now, reboot->machine_id);
        if (r >= 0)
            r = cancel(context, reboot->machine_id, anew ? anew->phase : reboot->phase, reterr);
    }
    return r;
}

/* One that is not listed may be one that cannot be read. */
static int cancel_unlisted(Context *context, const ApiReboots *queue, char *const *machine_ids,
                           Error *reterr) {
    int r = 0;
    STRV_FOREACH (id, machine_ids)
        if (r >= 0 && !queue_find(queue, *id))
            r = cancel(context, *id, "", reterr);
    return r;
}

int reboot_cancel(Context *context, char *const *machine_ids, Error *reterr) {
    _cleanup_api_reboots_ ApiReboots queue = {};
    int r = queue_fetch(context->api, &queue, reterr);
    if (r >= 0 && !machine_ids && queue.n == 0)
        say("No machine is to be rebooted");
    if (r >= 0)
        r = cancel_waiting(context, &queue, machine_ids, reterr);
    if (r >= 0)
        r = cancel_begun(context, &queue, machine_ids, reterr);
    return r < 0 ? r : cancel_unlisted(context, &queue, machine_ids, reterr);
}
