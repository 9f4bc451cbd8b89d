#include "fleetctl/commands/take-down.h"

int command_unload(Context *context, const char *const *operands, Error *reterr) {
    static const TakeDown unload = {
        .verb = "unload",
        .participle = "unloaded",
        .target = LAUNCH_STATE_INACTIVE,
        .waits_for_global = true,
        .goal = WAIT_INACTIVE,
    };
    return take_down(context, &unload, operands, reterr);
}
