/* Bytes that grow at the end, in linear time altogether. */
#pragma once

#include "fleetd/base/macros.h"

typedef struct ByteBuffer {
    char *data; /* a NUL follows the last byte; NULL while empty */
    size_t size;
    size_t capacity;
} ByteBuffer;

/* -ENOMEM: unchanged. */
int byte_buffer_append(ByteBuffer *buffer, const void *data, size_t size);
/* Drops bytes from the front; keeps the memory. */
void byte_buffer_consume(ByteBuffer *buffer, size_t size);
void byte_buffer_done(ByteBuffer *buffer); /* empty again, memory freed */
