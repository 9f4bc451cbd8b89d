/* What everything that a command does works with. */
#pragma once

#include "fleetctl/api/api-client.h"
#include "fleetctl/api/machine-names.h"
#include "fleetctl/options/options.h"
#include "fleetctl/print/look.h"

/* Pointers are borrowed. */
typedef struct Context {
    const Options *options;
    ApiClient *api;            /* NULL for commands that need no fleetd */
    MachineNames *machines;    /* likewise */
    const char *machine_id;    /* of the machine that fleetctl runs on; "" when it has none */
    Look look;                 /* of standard output */
    const char *proxy_command; /* how ssh gets to the machines; NULL: without help */
} Context;

/* Exit statuses beside 0; those that systemctl has too are its. */
#define EXIT_NOT_RUNNING 3
#define EXIT_TIMED_OUT 124 /* as timeout(1) has it */
#define EXIT_INTERRUPTED 130
