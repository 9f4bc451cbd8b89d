#include "fleetctl/api/event-reader.h"

#include "fleetd/base/strv.h"
#include "fleetd/net/byte-buffer.h"

#include <errno.h>
#include <inttypes.h>

#define RETRY_USEC (300 * USEC_PER_MSEC)
/* A fleetd that is upgraded is back well before; longer, and waiting on would only look like
 * waiting for the units. */
#define LOST_MAX_USEC (30 * USEC_PER_SEC)
/* The server sends an empty line every 15 s. */
#define SILENCE_MAX_USEC (45 * USEC_PER_SEC)
/* A line with 64 reasons and the last lines of a log is far from it. */
#define LINE_MAX_SIZE ((size_t) 4 * 1024 * 1024)
/* Beyond, it is cheaper to read about all units, and a server may refuse so long a path. */
#define FILTER_UNITS_MAX 64
#define PATH_LENGTH_MAX 4096

struct EventReader {
    ApiClient *api;
    char *path;
    EventHandler handler;
    Error *reterr;
    HttpRequest *request;
    ByteBuffer buffer; /* an unfinished line */
    Timer *retry, *silence;
    bool was_open;
    bool is_new;      /* nothing has come yet of the stream that was asked for */
    int result;       /* negative: why this side ended it */
    usec_t lost_usec; /* since when it is lost; 0: it is not */
};

/* Hands out the whole lines and keeps the rest. */
static int lines_take(EventReader *reader) {
    size_t begin = 0;
    int r = 0;
    char *newline;
    while (r >= 0 &&
           (newline = memchr(reader->buffer.data + begin, '\n', reader->buffer.size - begin))) {
        size_t size = (size_t) (newline - (reader->buffer.data + begin));
        if (size > 0)
            r = reader->handler.on_line(reader->buffer.data + begin, size,
                                        reader->handler.userdata);
        begin += size + 1;
    }
    byte_buffer_consume(&reader->buffer, begin);
    if (r >= 0 && reader->buffer.size > LINE_MAX_SIZE)
        return error_set(reader->reterr, -EMSGSIZE, "A line in the stream of events has no end");
    return r;
}

static int on_data(const char *data, size_t size, void *userdata) {
    EventReader *reader = userdata;
    if (reader->is_new && reader->handler.on_begin)
        reader->handler.on_begin(reader->handler.userdata);
    reader->is_new = false;
    reader->was_open = true;
    reader->lost_usec = 0;
    timer_start(reader->silence, SILENCE_MAX_USEC);
    reader->result = byte_buffer_append(&reader->buffer, data, size);
    if (reader->result >= 0)
        reader->result = lines_take(reader);
    return reader->result;
}

static void reader_lose(EventReader *reader, int r, const char *message) {
    usec_t now = loop_now(api_client_loop(reader->api));
    byte_buffer_done(&reader->buffer);
    timer_stop(reader->silence);
    if (reader->lost_usec == 0) {
        reader->lost_usec = now;
        if (reader->handler.on_lost)
            reader->handler.on_lost(reader->handler.userdata);
    }
    if (now - reader->lost_usec > LOST_MAX_USEC)
        reader->handler.on_end(api_client_unreachable(reader->api, r, message, reader->reterr),
                               reader->handler.userdata);
    else
        timer_start(reader->retry, RETRY_USEC);
}

/* Why the stream could not be opened at all, in the message. */
static int refusal_explain(EventReader *reader, int r, const HttpAnswer *answer,
                           const char *message) {
    if (r < 0)
        return api_client_unreachable(reader->api, r, message, reader->reterr);
    r = api_answer_error(answer->status, answer->body, answer->body_size, reader->reterr);
    return error_prefix(reader->reterr, r, "Failed to follow events");
}

static void on_done(int r, const HttpAnswer *answer, const char *message, void *userdata) {
    EventReader *reader = userdata;
    bool is_refused = r < 0 || answer->status != 200;
    reader->request = NULL;
    if (r == -ENOMEM) /* here, not at fleetd: nothing was lost that could be had back */
        reader->result = r;
    if (reader->result < 0)
        reader->handler.on_end(reader->result, reader->handler.userdata);
    else if (is_refused && !reader->was_open)
        reader->handler.on_end(refusal_explain(reader, r, answer, message),
                               reader->handler.userdata);
    else if (r < 0)
        reader_lose(reader, r, message);
    else
        reader_lose(reader, -ECONNRESET,
                    is_refused ? "it does not answer yet" : "the stream of events ended");
}

static int reader_request(EventReader *reader) {
    reader->is_new = true;
    return api_client_stream(reader->api, reader->path, on_data, on_done, reader, &reader->request);
}

static void on_retry(void *userdata) {
    EventReader *reader = userdata;
    int r = reader_request(reader);
    if (r < 0)
        reader->handler.on_end(r, reader->handler.userdata);
}

static void on_silence(void *userdata) {
    EventReader *reader = userdata;
    http_request_cancel(TAKE_PTR(reader->request));
    reader_lose(reader, -ETIMEDOUT, "the stream of events fell silent");
}

int event_reader_open(ApiClient *api, const char *path, const EventHandler *handler,
                      EventReader **ret, Error *reterr) {
    _cleanup_(event_reader_closep) EventReader *reader = calloc(1, sizeof(EventReader));
    if (!reader)
        return -ENOMEM;
    reader->api = api;
    reader->handler = *handler;
    reader->reterr = reterr;
    reader->path = strdup(path);
    if (!reader->path)
        return -ENOMEM;
    int r = timer_new(api_client_loop(api), on_retry, reader, &reader->retry);
    if (r >= 0)
        r = timer_new(api_client_loop(api), on_silence, reader, &reader->silence);
    if (r >= 0)
        r = reader_request(reader);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(reader);
    return 0;
}

void event_reader_close(EventReader *reader) {
    if (!reader)
        return;
    http_request_cancel(reader->request);
    timer_free(reader->retry);
    timer_free(reader->silence);
    byte_buffer_done(&reader->buffer);
    free(reader->path);
    free(reader);
}

char *event_reader_path(const char *const *names, size_t n_names, int64_t revision) {
    _cleanup_(strv_freep) char **pieces = NULL;
    _cleanup_free_ char *all = str_printf("/events?revision=%" PRId64, revision);
    if (!all || strv_push(&pieces, all) < 0)
        return NULL;
    for (size_t i = 0; i < n_names && n_names <= FILTER_UNITS_MAX; i++) {
        _cleanup_free_ char *escaped = api_escape(names[i]);
        if (!escaped || strv_push(&pieces, escaped) < 0)
            return NULL;
    }
    char *path = strv_join(pieces, "&unit=");
    if (!path || strlen(path) <= PATH_LENGTH_MAX)
        return path;
    free(path);
    return TAKE_PTR(all);
}
