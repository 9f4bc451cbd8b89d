#include "fleetctl/commands/take-down.h"

int command_destroy(Context *context, const char *const *operands, Error *reterr) {
    static const TakeDown destroy = {
        .verb = "destroy",
        .is_removal = true,
        .waits_for_global = true,
        .goal = WAIT_GONE,
    };
    return take_down(context, &destroy, operands, reterr);
}
