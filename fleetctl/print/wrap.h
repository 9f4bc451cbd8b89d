/* Text as wide as the terminal. */
#pragma once

#include "fleetctl/print/look.h"

/* How wide lines on standard output may be; 0: they are not to be broken, as no terminal shows
 * them. */
size_t wrap_width(const Look *look);

/* Prints a line, broken between words where it is wider than width (0: not at all). What follows
 * the first line begins below its column hang. The first `hang` bytes are never broken. */
void say_wrapped(size_t width, size_t hang, const char *text);
