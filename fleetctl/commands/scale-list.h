/* Of which templates so many instances are kept. Result as of a CommandRun. */
#pragma once

#include "fleetctl/commands/command.h"

int scale_list(Context *context, const char *const *operands, Error *reterr);
