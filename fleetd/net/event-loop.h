/* The real Loop, on sd-event. */
#pragma once

#include "fleetd/net/loop.h"

#include <systemd/sd-event.h>

/* Keeps a reference to the event loop. */
int event_loop_new(sd_event *event, Loop **ret);
void event_loop_free(Loop *loop); /* all its timers must be free */
DEFINE_POINTER_CLEANUP(Loop, event_loop_free)
