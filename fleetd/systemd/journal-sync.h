/* Asks journald to write down all that it was sent so far (varlink,
 * io.systemd.Journal.Synchronize), so that the last words of a process that has just died can be
 * read. */
#pragma once

#include "fleetd/base/time-units.h"

#include <systemd/sd-event.h>

#define JOURNAL_SYNC_SOCKET "/run/systemd/journal/io.systemd.journal"

typedef struct JournalSync JournalSync;

/* done is called once, from the loop, when journald has answered or limit_usec is over: reading
 * late lines is worth a wait, not a failure. Whoever may not ask journald (it answers root) waits a
 * moment instead. It may free the object. -errno: there is no journald to ask, done will not be
 * called. */
int journal_sync_new(sd_event *event, const char *socket_path, usec_t limit_usec,
                     void (*done)(void *userdata), void *userdata, JournalSync **ret);
void journal_sync_free(JournalSync *sync);
DEFINE_POINTER_CLEANUP(JournalSync, journal_sync_free)
