#include "fleetd/net/byte-queue.h"

#include <errno.h>

/* Room for size bytes and a NUL behind end: by closing the gap at the front, but only where that
 * frees more than it moves, else by growing. */
static int queue_reserve(ByteQueue *queue, size_t size) {
    if (queue->end + size < queue->capacity)
        return 0;
    if (queue->start > byte_queue_size(queue)) {
        memmove(queue->data, queue->data + queue->start, byte_queue_size(queue));
        queue->end -= queue->start;
        queue->start = 0;
    }
    if (queue->end + size < queue->capacity)
        return 0;
    size_t capacity = MAX(queue->end + size + 1, 2 * queue->capacity);
    char *grown = realloc(queue->data, capacity);
    if (!grown)
        return -ENOMEM;
    queue->data = grown;
    queue->capacity = capacity;
    return 0;
}

int byte_queue_append(ByteQueue *queue, const void *data, size_t size) {
    if (size == 0)
        return 0;
    int r = queue_reserve(queue, size);
    if (r < 0)
        return r;
    memcpy(queue->data + queue->end, data, size);
    queue->end += size;
    queue->data[queue->end] = 0;
    return 0;
}

size_t byte_queue_take(ByteQueue *queue, void *ret, size_t max) {
    size_t n = MIN(byte_queue_size(queue), max);
    if (n == 0)
        return 0;
    memcpy(ret, queue->data + queue->start, n);
    queue->start += n;
    if (queue->start == queue->end)
        byte_queue_done(queue); /* an idle stream keeps no memory */
    return n;
}

void byte_queue_done(ByteQueue *queue) {
    free(queue->data);
    *queue = (ByteQueue){};
}
