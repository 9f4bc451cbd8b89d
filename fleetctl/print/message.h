/* What fleetctl tells a person: results on standard output, problems on standard error, in the
 * order in which they came to be, also when both are the same file. */
#pragma once

#include "fleetd/base/macros.h"

/* One line on standard output. */
void say(const char *format, ...) _printf_(1, 2);

void say_blank_line(void);

/* One line on standard error. */
void complain(const char *format, ...) _printf_(1, 2);

/* Writes out what is still buffered of the results. -errno: they did not arrive (a full disk, a
 * closed pipe). */
int say_flush(void);
