/* Reads the last lines of units' journals, for the reports of what failed: after journald
 * was given the time to write them down, and without holding up the loop for long. */
#pragma once

#include "fleetd/base/time-units.h"

#include <systemd/sd-event.h>

typedef struct JournalReader JournalReader;

/* lines: NULL-terminated, oldest first; NULL: there are none, or they can not be read. The callee
 * takes them over. */
typedef void (*JournalReadDone)(char **lines, void *userdata);

/* sync_socket: journald's (JOURNAL_SYNC_SOCKET). */
int journal_reader_new(sd_event *event, const char *sync_socket, JournalReader **ret);
/* Drops what waits without calling back. */
void journal_reader_free(JournalReader *reader);
DEFINE_POINTER_CLEANUP(JournalReader, journal_reader_free)

/* What journal_lines_get() answers. done comes once, from the loop, after journald was given 2 s
 * to write down what it has. It must not free the reader. Many at once share one wait and one open
 * journal; one is read per turn of the loop. -ENOMEM. */
int journal_reader_read(JournalReader *reader, const char *unit, usec_t since_usec,
                        size_t max_lines, JournalReadDone done, void *userdata);
