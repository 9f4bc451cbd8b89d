/* What outside text may consist of. */
#pragma once

#include "fleetd/base/macros.h"

/* Length in bytes of the character at the start of text: valid UTF-8 (the shortest form, no
 * surrogates) and no control character but TAB. 0: neither. */
size_t text_character_length(const char *text, size_t size);

/* Whether all of a string consists of such characters, and no TAB. */
bool text_is_printable(const char *text);

/* A copy in which a '?' stands for every byte that is none of that, cut when it is long: outside
 * text as a message may name it. NULL when out of memory. */
char *text_to_printable(const char *text);

/* For "%.*s": the beginning of outside text, short enough for a message and cut between
 * characters, since messages travel in JSON. */
int text_short_length(const char *text);
#define TEXT_SHORT(text) text_short_length(text), (text)
