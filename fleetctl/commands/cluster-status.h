/* 'fleetctl status' without units: the cluster on one screen. */
#pragma once

#include "fleetctl/api/api-status.h"
#include "fleetctl/commands/command.h"

/* Asks and prints. 0: all is as it should be; EXIT_NOT_RUNNING: something is not. */
int cluster_status_show(const Context *context, Error *reterr);

/* What the screen begins with. */
typedef struct Verdict {
    Tone tone;
    bool is_wrong; /* something needs somebody, or waits */
    char *text;
} Verdict;

/* -ENOMEM. Pure. */
int verdict_find(json_object *status, Verdict *ret);
