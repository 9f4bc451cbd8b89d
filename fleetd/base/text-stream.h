/* A text that is written piece by piece with stdio, for where open_memstream() would be at hand:
 * that says nothing when there is no memory to grow (glibc 2.36 has neither ferror() nor fclose()
 * tell), and the text is cut short. */
#pragma once

#include "fleetd/base/macros.h"

#include <stdio.h>

typedef struct TextStream {
    FILE *file; /* to be written to; what fails shows at the end */
    char *text;
    size_t size, n_allocated;
} TextStream;

/* ret stays where it is until the end. -ENOMEM. */
int text_stream_open(TextStream *ret);

/* Ends it and hands the whole text over, NUL-terminated; the caller frees. ret_size may be NULL.
 * -ENOMEM: some of it is missing, and nothing is handed over. */
int text_stream_close(TextStream *stream, char **ret, size_t *ret_size);

void text_stream_done(TextStream *stream); /* fine also after the end */
#define _cleanup_text_stream_ _cleanup_(text_stream_done)
