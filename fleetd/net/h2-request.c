#include "fleetd/net/h2-request.h"

#include "fleetd/base/strv.h"

#include <errno.h>
#include <stdio.h>

/* Of an answer's headers. gRPC has a few, and a status in words. */
#define FIELDS_MAX ((size_t) 64 * 1024)

static int texts_add(H2Texts *texts, const void *name, size_t name_size, const void *value,
                     size_t value_size) {
    ByteBuffer *bytes = &texts->bytes;
    size_t before = bytes->size;
    int r = byte_buffer_append(bytes, name, name_size);
    if (r >= 0)
        r = byte_buffer_append(bytes, "", 1);
    if (r >= 0)
        r = byte_buffer_append(bytes, value, value_size);
    if (r >= 0)
        r = byte_buffer_append(bytes, "", 1);
    if (r < 0)
        bytes->size = before;
    else
        texts->n++;
    return r;
}

bool h2_texts_next(const H2Texts *texts, H2Field *pair) {
    const char *next = pair->value ? pair->value + strlen(pair->value) + 1 : texts->bytes.data;
    if (texts->n == 0 || next == texts->bytes.data + texts->bytes.size)
        return false;
    *pair = (H2Field){.name = next, .value = next + strlen(next) + 1};
    return true;
}

const char *h2_texts_find(const H2Texts *texts, const char *name) {
    H2Field pair = {};
    while (h2_texts_next(texts, &pair))
        if (streq(pair.name, name))
            return pair.value;
    return NULL;
}

static int request_copy_fields(H2Request *request, const H2Field *fields) {
    int r = 0;
    for (const H2Field *f = fields; r >= 0 && f && f->name; f++)
        r = texts_add(&request->fields, f->name, strlen(f->name), f->value, strlen(f->value));
    return r;
}

int h2_request_new(const H2Call *call, H2Request **ret) {
    _cleanup_(h2_request_freep) H2Request *request = calloc(1, sizeof(*request));
    if (!request)
        return -ENOMEM;
    request->answer_max = call->answer_max;
    request->path = strdup(call->path);
    if (!request->path)
        return -ENOMEM;
    int r = request_copy_fields(request, call->fields);
    if (r >= 0)
        r = byte_buffer_append(&request->body, call->body, call->body_size);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(request);
    return 0;
}

void h2_request_free(H2Request *request) {
    if (!request)
        return;
    sd_event_source_disable_unref(request->timeout);
    byte_buffer_done(&request->fields.bytes);
    byte_buffer_done(&request->answer_fields.bytes);
    byte_buffer_done(&request->body);
    byte_buffer_done(&request->received);
    free(request->path);
    free(request);
}

void h2_request_move(H2Request *request, H2RequestList *list) {
    if (request->list == list)
        return;
    if (request->list)
        TAILQ_REMOVE(request->list, request, link);
    request->list = list;
    if (list)
        TAILQ_INSERT_TAIL(list, request, link);
}

/* What has a NUL in it cannot be told, and is no text. */
static bool is_text(const void *data, size_t size) {
    return !memchr(data, '\0', size);
}

int h2_request_take_field(H2Request *request, const void *name, size_t name_size, const void *value,
                          size_t value_size) {
    H2Texts *fields = &request->answer_fields;
    if (name_size + value_size > FIELDS_MAX - MIN(fields->bytes.size, FIELDS_MAX))
        return -EMSGSIZE;
    return is_text(name, name_size) && is_text(value, value_size)
               ? texts_add(fields, name, name_size, value, value_size)
               : 0;
}

void h2_request_take_head(H2Request *request) {
    if (request->status > 0)
        return; /* what stands behind the body */
    const char *status = h2_texts_find(&request->answer_fields, ":status");
    request->status = status ? (unsigned) strtoul(status, NULL, 10) : 0;
    request->is_streaming = request->on_data && request->status == 200;
    if (request->is_streaming && request->timeout)
        (void) sd_event_source_set_enabled(request->timeout, SD_EVENT_OFF);
}

int h2_request_take_data(H2Request *request, const void *data, size_t size) {
    if (size > request->answer_max - request->received.size)
        return -EMSGSIZE;
    int r = byte_buffer_append(&request->received, data, size);
    if (r >= 0 && request->is_streaming)
        h2_request_move(request, request->ready);
    return r;
}

void h2_request_end(H2Request *request, int r, const char *message) {
    request->result = r;
    if (r == -EMSGSIZE)
        snprintf(request->message, sizeof(request->message), "the answer is longer than %zu bytes",
                 request->answer_max);
    else
        snprintf(request->message, sizeof(request->message), "%s", str_or(message, strerror(-r)));
    h2_request_move(request, request->ended);
}

const char *h2_answer_field(const H2Answer *answer, const char *name) {
    return h2_texts_find(&answer->request->answer_fields, name);
}
