#include "fleetctl/commands/maintain.h"

#include "fleetd/base/strv.h"

#include <errno.h>

const ApiMaintenance *wishes_find(const ApiMaintenances *wishes, const char *machine_id) {
    for (size_t i = 0; i < wishes->n; i++)
        if (streq(wishes->items[i].machine_id, machine_id))
            return &wishes->items[i];
    return NULL;
}

const char *wish_message(const Context *context, const ApiMaintenance *before) {
    const char *message = context->options->message;
    return message || !before ? message : before->message;
}

int maintain_each(Context *context, const char *const *operands, MaintainAct act, Error *reterr) {
    _cleanup_(strv_freep) char **ids = NULL;
    _cleanup_api_maintenances_ ApiMaintenances wishes = {};
    int status = 0, r = machines_select_all(context->api, operands, &ids, reterr);
    if (r >= 0)
        r = api_list_maintenances(context->api, &wishes, reterr);
    if (r < 0)
        return r;
    STRV_FOREACH (id, ids) {
        _cleanup_free_ char *label =
            machine_names_label(context->machines, *id, context->options->full);
        r = label ? act(context, *id, label, wishes_find(&wishes, *id), reterr) : -ENOMEM;
        if (r < 0)
            return r;
        status = MAX(status, r);
    }
    return status;
}
