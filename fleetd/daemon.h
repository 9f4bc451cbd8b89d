/* fleetd as a whole: builds the parts from the configuration, wires them, and takes them apart in
 * the right order. */
#pragma once

#include "fleetd/configuration.h"

typedef struct Daemon Daemon;

int daemon_new(const Config *config, Daemon **ret, Error *reterr);
/* Runs until SIGTERM or SIGINT, and then until the cluster has been told, or could not be. */
int daemon_run(Daemon *daemon);
void daemon_free(Daemon *daemon);
DEFINE_POINTER_CLEANUP(Daemon, daemon_free)
