#include "fleetd/net/byte-buffer.h"

#include <errno.h>

#define CAPACITY_MIN 512

static int byte_buffer_reserve(ByteBuffer *buffer, size_t needed) {
    if (needed <= buffer->capacity)
        return 0;
    size_t capacity = MAX(MAX(needed, buffer->capacity * 2), (size_t) CAPACITY_MIN);
    char *data = realloc(buffer->data, capacity);
    if (!data)
        return -ENOMEM;
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

int byte_buffer_append(ByteBuffer *buffer, const void *data, size_t size) {
    if (size >= SIZE_MAX / 2 - buffer->size)
        return -ENOMEM;
    int r = byte_buffer_reserve(buffer, buffer->size + size + 1);
    if (r < 0)
        return r;
    if (size > 0)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
    return 0;
}

void byte_buffer_consume(ByteBuffer *buffer, size_t size) {
    if (size == 0)
        return;
    buffer->size -= size;
    memmove(buffer->data, buffer->data + size, buffer->size + 1);
}

void byte_buffer_done(ByteBuffer *buffer) {
    free(buffer->data);
    *buffer = (ByteBuffer){};
}
