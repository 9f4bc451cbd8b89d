/* Unit files alone, as submit would check them; no fleetd is asked. */
#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-source.h"

int command_verify(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_unit_sources_ UnitSources sources = {};
    int status = 0;
    int r = unit_sources_load_local(operands, &sources);
    if (r < 0)
        return r;
    for (size_t i = 0; i < sources.n; i++) {
        const UnitSource *source = &sources.items[i];
        if (!source->problem) {
            say("Unit %s is valid", source->name);
            continue;
        }
        status = EXIT_FAILURE;
        if (source->origin == UNIT_ORIGIN_NONE)
            complain("There is no file of Unit(%s)", source->name);
        else
            complain("%s", source->problem);
    }
    return status;
}
