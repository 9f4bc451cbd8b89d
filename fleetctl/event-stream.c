#include "fleetctl/event-stream.h"

#include "fleetctl/message.h"
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
/* What a server takes as a request line, and more. */
#define FILTER_UNITS_MAX 64
#define PATH_LENGTH_MAX 4096

struct EventStream {
    ApiClient *api;
    char *path;
    EventStreamHandler handler;
    Error *reterr;
    HttpRequest *request;
    ByteBuffer buffer; /* an unfinished line */
    Timer *retry, *silence;
    bool was_open;
    int result;       /* negative: why this side ended it */
    usec_t lost_usec; /* since when it is lost; 0: it is not */
};

/* Hands out the whole lines and keeps the rest. */
static int lines_take(EventStream *stream) {
    size_t begin = 0;
    int r = 0;
    char *newline;
    while (r >= 0 &&
           (newline = memchr(stream->buffer.data + begin, '\n', stream->buffer.size - begin))) {
        size_t size = (size_t) (newline - (stream->buffer.data + begin));
        if (size > 0)
            r = stream->handler.on_line(stream->buffer.data + begin, size,
                                        stream->handler.userdata);
        begin += size + 1;
    }
    byte_buffer_consume(&stream->buffer, begin);
    if (r >= 0 && stream->buffer.size > LINE_MAX_SIZE)
        return error_set(stream->reterr, -EMSGSIZE, "A line in the stream of events has no end");
    return r;
}

static int on_data(const char *data, size_t size, void *userdata) {
    EventStream *stream = userdata;
    stream->was_open = true;
    stream->lost_usec = 0;
    timer_start(stream->silence, SILENCE_MAX_USEC);
    stream->result = byte_buffer_append(&stream->buffer, data, size);
    if (stream->result >= 0)
        stream->result = lines_take(stream);
    return stream->result;
}

static void stream_lose(EventStream *stream, int r, const char *message) {
    usec_t now = loop_now(api_client_loop(stream->api));
    byte_buffer_done(&stream->buffer);
    timer_stop(stream->silence);
    if (stream->lost_usec == 0) {
        stream->lost_usec = now;
        complain("Lost the connection to fleetd, trying to get it back");
    }
    if (now - stream->lost_usec > LOST_MAX_USEC)
        stream->handler.on_end(api_client_unreachable(stream->api, r, message, stream->reterr),
                               stream->handler.userdata);
    else
        timer_start(stream->retry, RETRY_USEC);
}

/* Why the stream could not be opened at all, in the message. */
static int refusal_explain(EventStream *stream, int r, const HttpAnswer *answer,
                           const char *message) {
    if (r < 0)
        return api_client_unreachable(stream->api, r, message, stream->reterr);
    r = api_answer_error(answer->status, answer->body, answer->body_size, stream->reterr);
    return error_prefix(stream->reterr, r, "Failed to follow events");
}

static void on_done(int r, const HttpAnswer *answer, const char *message, void *userdata) {
    EventStream *stream = userdata;
    bool is_refused = r < 0 || answer->status != 200;
    stream->request = NULL;
    if (stream->result < 0)
        stream->handler.on_end(stream->result, stream->handler.userdata);
    else if (is_refused && !stream->was_open)
        stream->handler.on_end(refusal_explain(stream, r, answer, message),
                               stream->handler.userdata);
    else if (r < 0)
        stream_lose(stream, r, message);
    else
        stream_lose(stream, -ECONNRESET,
                    is_refused ? "it does not answer yet" : "the stream of events ended");
}

static int stream_request(EventStream *stream) {
    return api_client_stream(stream->api, stream->path, on_data, on_done, stream, &stream->request);
}

static void on_retry(void *userdata) {
    EventStream *stream = userdata;
    int r = stream_request(stream);
    if (r < 0)
        stream->handler.on_end(r, stream->handler.userdata);
}

static void on_silence(void *userdata) {
    EventStream *stream = userdata;
    http_request_cancel(TAKE_PTR(stream->request));
    stream_lose(stream, -ETIMEDOUT, "the stream of events fell silent");
}

int event_stream_open(ApiClient *api, const char *path, const EventStreamHandler *handler,
                      EventStream **ret, Error *reterr) {
    _cleanup_(event_stream_closep) EventStream *stream = calloc(1, sizeof(EventStream));
    if (!stream)
        return -ENOMEM;
    stream->api = api;
    stream->handler = *handler;
    stream->reterr = reterr;
    stream->path = strdup(path);
    if (!stream->path)
        return -ENOMEM;
    int r = timer_new(api_client_loop(api), on_retry, stream, &stream->retry);
    if (r >= 0)
        r = timer_new(api_client_loop(api), on_silence, stream, &stream->silence);
    if (r >= 0)
        r = stream_request(stream);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(stream);
    return 0;
}

void event_stream_close(EventStream *stream) {
    if (!stream)
        return;
    http_request_cancel(stream->request);
    timer_free(stream->retry);
    timer_free(stream->silence);
    byte_buffer_done(&stream->buffer);
    free(stream->path);
    free(stream);
}

char *event_stream_path(const char *const *names, size_t n_names, int64_t revision) {
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
