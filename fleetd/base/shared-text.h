/* Texts that many records have in common, kept once: read like any string, counted, and never
 * changed. Only the functions below set one. */
#pragma once

#include "fleetd/base/macros.h"

typedef const char *SharedText; /* NULL is none */

/* Makes *text read as value does (NULL allowed): by sharing other (may be NULL), if that does, else
 * by a copy. -ENOMEM: unchanged. */
int shared_text_replace(SharedText *text, const char *value, SharedText other);
/* Makes *text share other. */
void shared_text_share(SharedText *text, SharedText other);
void shared_text_drop(SharedText text);
