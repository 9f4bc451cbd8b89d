/* What fleetctl tells a person: results on standard output, problems on standard error, in the
 * order in which they came to be, also when both are the same file. */
#pragma once

#include "fleetctl/print/look.h"

/* One line on standard output. */
void say(const char *format, ...) _printf_(1, 2);

/* One line on standard output with the tone's mark before it, where the look has marks. */
void say_marked(const Look *look, Tone tone, const char *format, ...) _printf_(3, 4);

void say_blank_line(void);

/* One line on standard error. */
void complain(const char *format, ...) _printf_(1, 2);

/* Writes out what is still buffered of the results. -errno: they did not arrive (a full disk, a
 * closed pipe, no memory for a long line). */
int say_flush(void);
