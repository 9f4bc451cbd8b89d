#include "fleetctl/commands/bring-up.h"

int command_start(Context *context, const char *const *operands, Error *reterr) {
    static const BringUp start = {
        .verb = "start", .target = LAUNCH_STATE_LAUNCHED, .goal = WAIT_LAUNCHED};
    BringUp kind = start;
    if (context->options->wait_healthy)
        kind.goal = WAIT_WELL;
    return bring_up(context, &kind, operands, reterr);
}
