#include "fleetctl/commands/take-down.h"

int command_stop(Context *context, const char *const *operands, Error *reterr) {
    static const TakeDown stop = {
        .verb = "stop",
        .participle = "stopped",
        .target = LAUNCH_STATE_LOADED,
        .needs_activity = true,
        .goal = WAIT_STOPPED,
    };
    return take_down(context, &stop, operands, reterr);
}
