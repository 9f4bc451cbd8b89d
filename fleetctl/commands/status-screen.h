/* The sections of the cluster's status: each prints its lines, or nothing when there is nothing to
 * be said. -ENOMEM. */
#pragma once

#include "fleetctl/commands/cluster-status.h"

typedef struct Screen {
    const Context *context;
    json_object *status;
    size_t width;
    int64_t now; /* of fleetd's clock, which the times are of as well */
} Screen;

/* status-machines.c */
int section_machines(const Screen *screen);
int section_missing(const Screen *screen);
int section_leader(const Screen *screen);
int section_store(const Screen *screen);
int section_brake(const Screen *screen);
int section_reboots(const Screen *screen);
int section_rebalance(const Screen *screen);
int section_maintenance(const Screen *screen);
int section_unreadable(const Screen *screen);

/* status-units.c */
int section_units(const Screen *screen);
int section_failed(const Screen *screen);
int section_unhealthy(const Screen *screen);
int section_rollouts(const Screen *screen);
int section_scales(const Screen *screen);
int section_waiting(const Screen *screen);
int section_orphans(const Screen *screen);

/* cluster-status.c: what they share. */

/* A line; label "": one more of the same. text NULL is -ENOMEM; it is taken over. */
int line_say_take(const Screen *screen, const char *label, char *text);
/* Adds to a list of counts, "3 here, 1 missing", unless n is 0. */
int counts_add(char **text, int64_t n, const char *what);
/* These three are the caller's to free; NULL when out of memory. */
char *machine_label(const Screen *screen, json_object *object);
char *since_format(const Screen *screen, int64_t time);
char *names_join(json_object *object, const char *name); /* a list of strings, with commas */
