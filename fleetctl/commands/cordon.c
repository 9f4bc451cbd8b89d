#include "fleetctl/commands/maintain.h"
#include "fleetctl/print/message.h"

static int cordon(Context *context, const char *machine_id, const char *label,
                  const ApiMaintenance *before, Error *reterr) {
    const MaintenanceRequest request = {.message = wish_message(context, before)};
    int64_t revision;
    int r = api_put_maintenance(context->api, machine_id, &request, &revision, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Failed to cordon machine %s", label);
    say("Cordoned machine %s", label);
    return 0;
}

int command_cordon(Context *context, const char *const *operands, Error *reterr) {
    return maintain_each(context, operands, cordon, reterr);
}
