#include "fleetctl/commands/maintain.h"
#include "fleetctl/print/message.h"

static int undrain(Context *context, const char *machine_id, const char *label, Error *reterr) {
    bool keeps = context->options->keep_cordoned;
    int64_t revision;
    int r = keeps ? api_put_maintenance(context->api, machine_id, &(MaintenanceRequest){},
                                        &revision, reterr)
                  : api_delete_maintenance(context->api, machine_id, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Failed to end the drain of machine %s", label);
    if (keeps)
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
