#include "config.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"

int command_version(Context *context, const char *const *operands, Error *reterr) {
    say("fleetctl version %s", PACKAGE_VERSION);
    return 0;
}
