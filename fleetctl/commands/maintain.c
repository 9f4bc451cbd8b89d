#include "fleetctl/commands/maintain.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"

#include <errno.h>

static int ids_add(char ***ids, const char *id) {
    return strv_contains(*ids, id) ? 0 : strv_push(ids, id);
}

static int operand_select(Context *context, const char *operand, char ***ids, Error *reterr) {
    _cleanup_(strv_freep) char **found = NULL;
    _cleanup_error_ Error error = {};
    int r = machines_select(context->api, operand, &found, &error);
    if (r == -ENOENT && machine_id_check(operand, NULL) >= 0)
        return ids_add(ids, operand);
    if (r < 0)
        return error_set(reterr, r, "%s", error_text(&error, r));
    STRV_FOREACH (id, found)
        if ((r = ids_add(ids, *id)) < 0)
            return r;
    return 0;
}

int maintain_select(Context *context, const char *const *operands, char ***ret_ids, Error *reterr) {
    _cleanup_(strv_freep) char **ids = NULL;
    for (size_t i = 0; operands[i]; i++) {
        int r = operand_select(context, operands[i], &ids, reterr);
        if (r < 0)
            return r;
    }
    if (strv_length(ids) == 0)
        return error_set(reterr, -ENOENT, "no machine is meant by that");
    *ret_ids = TAKE_PTR(ids);
    return 0;
}

int maintain_each(Context *context, const char *const *operands,
                  int (*act)(Context *context, const char *machine_id, const char *label,
                             Error *reterr),
                  Error *reterr) {
    _cleanup_(strv_freep) char **ids = NULL;
    int status = 0, r = maintain_select(context, operands, &ids, reterr);
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
