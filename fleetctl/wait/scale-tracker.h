/* Which instances of a template there are, and whether they are as many as were asked for, line by
 * line of the stream of events. How each of them fares is wait-tracker.h's. Pure. */
#pragma once

#include "fleetctl/api/api-objects.h"

/* One that a number names. */
typedef struct ScaleUnit {
    char *name;
    int64_t revision;    /* of its last request */
    LaunchState desired; /* by that */
    bool is_there;       /* the cluster knows it; else it was removed, and may be on its way out */
    bool is_unreadable;  /* it is not known what it is, and it stays so; not there then */
    bool is_mentioned;   /* by the stream that is being read */
} ScaleUnit;

typedef enum ScaleEnd {
    SCALE_END_NONE,
    SCALE_END_REACHED,  /* there are as many as asked for, with those that cannot be read; or only
                         * such are left, which stay */
    SCALE_END_REPLACED, /* by another number */
    SCALE_END_GONE,     /* no number is kept any more, or the template was destroyed */
} ScaleEnd;

typedef struct ScaleTracker ScaleTracker;

int scale_tracker_new(const char *template, uint64_t count, ScaleTracker **ret);
void scale_tracker_free(ScaleTracker *tracker);
DEFINE_POINTER_CLEANUP(ScaleTracker, scale_tracker_free)

/* A stream begins, with the present. Not is_asked: it is of before the request, so that which
 * instances there are is known although some may be gone at once; what is kept then says nothing.
 */
void scale_tracker_begin(ScaleTracker *tracker, bool is_asked);
/* Takes a line in. -EBADMSG: not a line of the stream. -ENOMEM. */
int scale_tracker_feed(ScaleTracker *tracker, const char *line, size_t size, Error *reterr);

bool scale_tracker_is_synced(const ScaleTracker *tracker); /* the present was told */
ScaleEnd scale_tracker_end(
    const ScaleTracker *tracker); /* once the present after the request was told */
/* In order of appearance; NULL behind the last. */
const ScaleUnit *scale_tracker_get(const ScaleTracker *tracker, size_t i);
