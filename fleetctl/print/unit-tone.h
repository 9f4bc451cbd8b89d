/* How a unit fares, by what systemd says of it. Pure. */
#pragma once

#include "fleetctl/print/look.h"

/* active is systemd's active state; "" when it does not know the unit. */
Tone unit_tone(const char *active);
