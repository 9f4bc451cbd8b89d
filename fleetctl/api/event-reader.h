/* A stream of events, line by line, that is opened again when it breaks: fleetd may be restarting.
 */
#pragma once

#include "fleetctl/api/api-client.h"

typedef struct EventReader EventReader;

typedef struct EventHandler {
    /* A stream begins, the first or another after one that broke. NULL: of no interest. */
    void (*on_begin)(void *userdata);
    /* A line that is not empty. Negative ends the stream with that result. */
    int (*on_line)(const char *line, size_t size, void *userdata);
    /* A stream broke, and is being had back. NULL: of no interest. */
    void (*on_lost)(void *userdata);
    /* No line comes any more: the stream could not be opened, or not be had back in time, or
     * on_line said so. */
    void (*on_end)(int r, void *userdata);
    void *userdata;
} EventHandler;

/* Opens GET path. Nothing is called from inside. reterr, which must live as long as the reader, has
 * the message when on_end is called. */
int event_reader_open(ApiClient *api, const char *path, const EventHandler *handler,
                      EventReader **ret, Error *reterr);
/* Not from inside the handler. NULL is fine. */
void event_reader_close(EventReader *reader);
DEFINE_POINTER_CLEANUP(EventReader, event_reader_close)

/* The path of the events of these units from that revision on, or of all events when so many units
 * are cheaper read about than asked for. NULL when out of memory; the caller frees. */
char *event_reader_path(const char *const *names, size_t n_names, int64_t revision);
