#include "fleetd/base/text-stream.h"

#include <errno.h>

static bool stream_reserve(TextStream *stream, size_t size) {
    size_t needed = stream->size + size + 1;
    if (needed <= stream->n_allocated)
        return true;
    size_t n = MAX(needed, 2 * stream->n_allocated);
    char *grown = realloc(stream->text, n);
    if (!grown)
        return false;
    stream->text = grown;
    stream->n_allocated = n;
    return true;
}

/* stdio remembers for ferror() that less was taken than it has. */
static ssize_t on_write(void *cookie, const char *data, size_t size) {
    TextStream *stream = cookie;
    if (!stream_reserve(stream, size)) {
        errno = ENOMEM;
        return 0;
    }
    memcpy(stream->text + stream->size, data, size);
    stream->size += size;
    return (ssize_t) size;
}

int text_stream_open(TextStream *ret) {
    *ret = (TextStream){};
    ret->file = fopencookie(ret, "w", (cookie_io_functions_t){.write = on_write});
    return ret->file ? 0 : -ENOMEM;
}

int text_stream_close(TextStream *stream, char **ret, size_t *ret_size) {
    bool has_failed = ferror(stream->file);
    has_failed = fclose(TAKE_PTR(stream->file)) != 0 || has_failed;
    if (has_failed || !stream_reserve(stream, 0))
        return -ENOMEM;
    stream->text[stream->size] = '\0';
    if (ret_size)
        *ret_size = stream->size;
    *ret = TAKE_PTR(stream->text);
    return 0;
}

void text_stream_done(TextStream *stream) {
    if (stream->file)
        fclose(stream->file);
    free(stream->text);
    *stream = (TextStream){};
}
