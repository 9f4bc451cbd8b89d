/* fleetd as a whole: builds the parts from the configuration, wires them, and takes them apart in
 * the right order. */
#pragma once

#include "fleetd/configuration.h"

typedef struct Daemon Daemon;

typedef struct DaemonOptions {
    Config *config;          /* read; changed by a reload; outlives the daemon */
    const char *config_file; /* as config_load() takes it, for a reload */
    char *const *environment;
} DaemonOptions;

int daemon_new(const DaemonOptions *options, Daemon **ret, Error *reterr);
/* Runs until SIGTERM or SIGINT, and then until the cluster has been told, or could not be. SIGHUP
 * has the configuration read anew. */
int daemon_run(Daemon *daemon);
void daemon_free(Daemon *daemon);
DEFINE_POINTER_CLEANUP(Daemon, daemon_free)
