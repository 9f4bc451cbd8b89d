/* The last lines of a unit's journal. Synchronous; journal-reader.h is for the event loop. */
#pragma once

#include "fleetd/base/time-units.h"

#include <systemd/sd-journal.h>

/* Bytes of one line: what a unit prints is its own choice, what goes into the store is ours. */
#define JOURNAL_LINE_MAX 400

/* Turns what a process wrote into one line of valid UTF-8 without control characters. NULL when out
 * of memory; the caller frees. */
char *journal_line_clean(const char *text, size_t size);

/* At most max_lines that the unit's processes wrote, and systemd about it, since a time of
 * CLOCK_MONOTONIC of this boot. NULL-terminated, oldest first; NULL when there are none. */
int journal_lines_get(sd_journal *journal, const char *unit, usec_t since_usec, size_t max_lines,
                      char ***ret_lines);
