#include "fleetctl/commands/maintain.h"

#include "fleetctl/api/api-requests.h"
#include "fleetd/base/strv.h"

#include <errno.h>

void wishes_done(Wishes *wishes) {
    json_object_put(wishes->array);
    free(wishes->items);
}

int wishes_fetch(ApiClient *api, Wishes *ret, Error *reterr) {
    _cleanup_wishes_ Wishes wishes = {};
    int r = api_list(api, API_MAINTENANCE, &wishes.array, reterr);
    if (r < 0)
        return r;
    wishes.n = json_object_array_length(wishes.array);
    wishes.items = calloc(wishes.n + 1, sizeof(ApiMaintenance));
    r = wishes.items ? 0 : -ENOMEM;
    for (size_t i = 0; r >= 0 && i < wishes.n; i++)
        r = api_maintenance_read(json_object_array_get_idx(wishes.array, i), &wishes.items[i],
                                 reterr);
    if (r < 0)
        return r;
    *ret = wishes;
    wishes = (Wishes){};
    return 0;
}

const ApiMaintenance *wishes_find(const Wishes *wishes, const char *machine_id) {
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
    _cleanup_wishes_ Wishes wishes = {};
    int status = 0, r = machines_select_all(context->api, operands, &ids, reterr);
    if (r >= 0)
        r = wishes_fetch(context->api, &wishes, reterr);
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
