#include "fleetctl/commands/bring-up.h"

int command_submit(Context *context, const char *const *operands, Error *reterr) {
    static const BringUp submit = {
        .verb = "submit", .target = LAUNCH_STATE_INACTIVE, .goal = WAIT_INACTIVE};
    return bring_up(context, &submit, operands, reterr);
}
