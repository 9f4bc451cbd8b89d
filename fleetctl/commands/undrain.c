#include "fleetctl/commands/maintain.h"
#include "fleetctl/print/message.h"

/* One that is only cordoned stays so: somebody may have had another reason for that. */
static int undrain(Context *context, const char *machine_id, const char *label,
                   const ApiMaintenance *before, Error *reterr) {
    bool keeps = context->options->keep_cordoned;
    if (before && !before->is_drain) {
        say("Machine %s was not drained, and stays cordoned", label);
        return 0;
    }
    int64_t revision;
    const MaintenanceRequest request = {.message = wish_message(context, before)};
    int r = !keeps   ? api_delete_maintenance(context->api, machine_id, reterr)
            : before ? api_put_maintenance(context->api, machine_id, &request, &revision, reterr)
                     : 0;
    if (r < 0)
        return error_prefix(reterr, r, "Failed to end the drain of machine %s", label);
    if (keeps && before)
        say("Machine %s is not drained any more, and stays cordoned", label);
    else if (r == 0)
        say("Machine %s was not drained", label);
    else
        say("Machine %s is not drained any more", label);
    return 0;
}

int command_undrain(Context *context, const char *const *operands, Error *reterr) {
    return maintain_each(context, operands, undrain, reterr);
}
