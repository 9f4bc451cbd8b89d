#include "fleetctl/api/api-maintenance.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"

#include <errno.h>

int command_failover(Context *context, const char *const *operands, Error *reterr) {
    if (!context->options->now)
        return error_set(reterr, -EINVAL,
                         "failover needs --now: machines that vanished are given up at once then, "
                         "and their units started elsewhere");
    int r = api_release_failover(context->api, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Failed to release the failover");
    say(r == 0 ? "No machines are held" : "Released: the units of vanished machines move now");
    return 0;
}
