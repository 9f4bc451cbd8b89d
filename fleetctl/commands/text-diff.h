/* How two texts differ, as diff(1) says it, on standard output. */
#pragma once

#include "fleetctl/api/context.h"

typedef struct TextSide {
    const char *text; /* borrowed, as the label */
    size_t size;
    const char *label;
} TextSide;

/* diff's exit status: 0 without a difference, 1 with one, 2 on trouble; or -errno. */
int text_diff(const Context *context, const TextSide *old, const TextSide *new, Error *reterr);
