/* A stream of events, line by line, that is opened again when it breaks: fleetd may be restarting.
 */
#pragma once

#include "fleetctl/api-client.h"

typedef struct EventStream EventStream;

typedef struct EventStreamHandler {
    /* A line that is not empty. Negative ends the stream with that result. */
    int (*on_line)(const char *line, size_t size, void *userdata);
    /* No line comes any more: the stream could not be opened, or not be had back in time, or
     * on_line said so. */
    void (*on_end)(int r, void *userdata);
    void *userdata;
} EventStreamHandler;

/* Opens GET path. Nothing is called from inside. reterr, which must live as long as the stream, has
 * the message when on_end is called. */
int event_stream_open(ApiClient *api, const char *path, const EventStreamHandler *handler,
                      EventStream **ret, Error *reterr);
/* Not from inside the handler. NULL is fine. */
void event_stream_close(EventStream *stream);
DEFINE_POINTER_CLEANUP(EventStream, event_stream_close)

/* The path of the events of these units from that revision on, or of all events when so many units
 * are cheaper read about than asked for. NULL when out of memory; the caller frees. */
char *event_stream_path(const char *const *names, size_t n_names, int64_t revision);
