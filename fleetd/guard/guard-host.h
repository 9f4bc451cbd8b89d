/* The machine that the guard really runs on: /run/fleet, and systemd. As root it asks PID 1 without
 * the help of the D-Bus daemon, which could be away, too. */
#pragma once

#include "fleetd/guard/guard.h"

#include <systemd/sd-event.h>

/* on_changed: a record was written or removed. */
int guard_host_new(sd_event *event, const char *run_directory, void (*on_changed)(void *userdata),
                   void *userdata, GuardHost **ret, Error *reterr);
void guard_host_free(GuardHost *host);
DEFINE_POINTER_CLEANUP(GuardHost, guard_host_free)
