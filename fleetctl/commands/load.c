#include "fleetctl/commands/bring-up.h"

int command_load(Context *context, const char *const *operands, Error *reterr) {
    static const BringUp load = {
        .verb = "load", .target = LAUNCH_STATE_LOADED, .goal = WAIT_LOADED};
    return bring_up(context, &load, operands, reterr);
}
