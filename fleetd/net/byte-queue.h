/* Bytes that are put in at one end and taken out at the other; for bodies and streams. */
#pragma once

#include "fleetd/base/macros.h"

typedef struct ByteQueue { /* all zero is empty */
    char *data;            /* NUL-terminated behind end; NULL when empty */
    size_t start, end, capacity;
} ByteQueue;

static inline size_t byte_queue_size(const ByteQueue *queue) {
    return queue->end - queue->start;
}

/* -ENOMEM: unchanged. */
int byte_queue_append(ByteQueue *queue, const void *data, size_t size);

/* Copies up to max bytes out of it; the number of them. */
size_t byte_queue_take(ByteQueue *queue, void *ret, size_t max);

void byte_queue_done(ByteQueue *queue);
