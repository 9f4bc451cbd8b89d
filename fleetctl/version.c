#include "config.h"
#include "fleetctl/command.h"
#include "fleetctl/message.h"

int command_version(Context *context, const char *const *operands, Error *reterr) {
    say("fleetctl version %s", PACKAGE_VERSION);
    return 0;
}
