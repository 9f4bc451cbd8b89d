/* The stream of one client: the present, told piece by piece as he takes it, so that a large
 * cluster is never queued whole; then whatever he is sent. */
#pragma once

#include "fleetd/api/context.h"
#include "fleetd/api/subscriptions.h"

typedef enum StreamPhase { /* what of the present is told next */
                           STREAM_MACHINES,
                           STREAM_MATCHES, /* units that the globs match, or all */
                           STREAM_NAMES,   /* units asked for by name */
                           STREAM_SYNCED,
                           STREAM_LIVE, /* nothing more: from here on there are only changes */
                           _STREAM_PHASE_MAX,
} StreamPhase;

typedef struct Stream {
    Events *events;
    ApiExchange *exchange;
    Subscription *subscription;
    StreamPhase phase;
    char *cursor;    /* the name told last in this phase; NULL: none yet */
    size_t n_queued; /* bytes since all was taken */
    bool is_broken;  /* does not read: to be dropped */
    LIST_ENTRY(Stream) siblings;
} Stream;

/* -ENOMEM. */
int stream_new(Events *events, Subscriptions *subscriptions, ApiExchange *exchange,
               char *const *patterns, Stream **ret);
void stream_free(Stream *stream);

/* NULL, or what the client does not take: the stream is broken. */
void stream_write(Stream *stream, const char *line);

/* Goes on with the present, as far as it may be queued now. */
void stream_tell(Stream *stream, View *view);

/* The text of a line; NULL when out of memory, and for no object. */
char *line_format_take(json_object *object);

/* The lines that there are to a unit: of the present, or of what has changed. */
typedef void (*LineSend)(char *line_take, const UnitView *unit, void *userdata);
void unit_lines_each(const View *view, const UnitView *unit, bool is_present, LineSend send,
                     void *userdata);
