/* How far the reboots of machines are, line by line of the stream of events. Pure. */
#pragma once

#include "fleetctl/api/api-objects.h"

typedef enum RebootEnd {
    REBOOT_END_NONE,
    REBOOT_END_BACK,
    REBOOT_END_FAILED, /* for now: it may come back */
    REBOOT_END_CANCELLED,
} RebootEnd;

typedef struct RebootProgress {
    char *machine_id;
    char *phase;   /* NULL: nothing was told yet */
    char *why;     /* it failed, or waits; NULL: nothing to be said */
    char *boot_id; /* of the boot that is to end; NULL: not known yet */
    RebootEnd end;
    bool is_mentioned; /* by the stream that is being read */
    bool is_told;      /* kept by whoever tells it; false again when it changes */
} RebootProgress;

typedef struct RebootTracker RebootTracker;

int reboot_tracker_new(RebootTracker **ret);
void reboot_tracker_free(RebootTracker *tracker);
DEFINE_POINTER_CLEANUP(RebootTracker, reboot_tracker_free)
int reboot_tracker_add(RebootTracker *tracker, const char *machine_id);

void reboot_tracker_begin(RebootTracker *tracker); /* a stream begins, with the present */
/* Takes a line in. -EBADMSG: not a line of the stream. -ENOMEM. */
int reboot_tracker_feed(RebootTracker *tracker, const char *line, size_t size, Error *reterr);

/* The present was told, and all have ended, or wait for one that has failed. */
bool reboot_tracker_is_over(const RebootTracker *tracker);
size_t reboot_tracker_count(const RebootTracker *tracker, RebootEnd end);
/* In the order in which they were added; NULL behind the last. */
RebootProgress *reboot_tracker_get(const RebootTracker *tracker, size_t i);
