#include "fleetctl/commands/maintain.h"

#include "fleetd/base/strv.h"

#include <errno.h>

int maintain_each(Context *context, const char *const *operands,
                  int (*act)(Context *context, const char *machine_id, const char *label,
                             Error *reterr),
                  Error *reterr) {
    _cleanup_(strv_freep) char **ids = NULL;
    int status = 0, r = machines_select_all(context->api, operands, &ids, reterr);
    if (r < 0)
        return r;
    STRV_FOREACH (id, ids) {
        _cleanup_free_ char *label =
            machine_names_label(context->machines, *id, context->options->full);
        r = label ? act(context, *id, label, reterr) : -ENOMEM;
        if (r < 0)
            return r;
        status = MAX(status, r);
    }
    return status;
}
