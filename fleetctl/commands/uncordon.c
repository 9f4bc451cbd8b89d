#include "fleetctl/commands/maintain.h"
#include "fleetctl/print/message.h"

static int uncordon(Context *context, const char *machine_id, const char *label,
                    _unused_ const ApiMaintenance *before, Error *reterr) {
    int r = api_delete_maintenance(context->api, machine_id, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Failed to uncordon machine %s", label);
    if (r == 0)
        say("Machine %s was not cordoned", label);
    else
        say("Uncordoned machine %s", label);
    return 0;
}

int command_uncordon(Context *context, const char *const *operands, Error *reterr) {
    return maintain_each(context, operands, uncordon, reterr);
}
