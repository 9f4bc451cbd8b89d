/* The Prober on sd-event. */
#pragma once

#include "fleetd/probe/prober.h"

#include <systemd/sd-event.h>

int event_prober_new(sd_event *event, Prober **ret);
