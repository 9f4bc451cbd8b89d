/* What fleetd and its guard (fleetd/guard/guard.h) tell each other, below /run/fleet/guard:
 *
 *   units/NAME     a unit with StopAfterDisconnect=, its times, and until when fleetd vouches for
 * it permits/NAME   PID 1 starts the unit only while this is there: its file asserts it asking/ID
 * a permit in the making
 *
 * fleetd writes records and permits; the guard takes permits away. A permit comes into being in a
 * way that holds also if fleetd is stopped anywhere on the way, for any time: it makes a file under
 * asking/, then looks at the clock, then renames that file. At a unit's deadline the guard first
 * takes away all that is under asking/, then the permit. If the clock was looked at before the
 * deadline, the file was there before that, too: it is taken away under the one name or the other,
 * and a rename that comes later fails. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

typedef struct GuardDirectory GuardDirectory;

typedef struct GuardRecord {
    usec_t stop_after_usec;   /* after at_usec it is stopped */
    usec_t stop_timeout_usec; /* and so long after that killed */
    usec_t at_usec;           /* CLOCK_BOOTTIME: this machine was in the cluster then, or later */
} GuardRecord;

/* When the unit has to be stopped. */
usec_t guard_record_deadline(const GuardRecord *record);

/* run_directory: /run/fleet. Makes what is missing. */
int guard_directory_open(const char *run_directory, GuardDirectory **ret, Error *reterr);
void guard_directory_free(GuardDirectory *directory);
DEFINE_POINTER_CLEANUP(GuardDirectory, guard_directory_free)

/* Of one that a person could have written, times that are out of all reason count as 0. */
typedef int (*GuardDirectoryVisit)(const char *name, const GuardRecord *record, void *userdata);
int guard_directory_walk(GuardDirectory *directory, GuardDirectoryVisit visit, void *userdata);
/* To watch for changes. NULL when out of memory; the caller frees. */
char *guard_directory_records_path(const GuardDirectory *directory);

/* fleetd's side. */
int guard_directory_put(GuardDirectory *directory, const char *name, const GuardRecord *record);
/* The unit is none that must not run twice (any more): its permit goes, and its record. */
int guard_directory_remove(GuardDirectory *directory, const char *name);
bool guard_directory_is_empty(GuardDirectory *directory);
/* 0: the unit may be started; -ESTALE: its deadline has passed; -ENOENT: it has no record. */
int guard_directory_permit(GuardDirectory *directory, const char *name);
bool guard_directory_is_permitted(GuardDirectory *directory, const char *name);
/* Vouches for nothing later than now: an earlier fleetd may have known that its place is kept for
 * longer, but this one is about to take that place over. */
int guard_directory_limit(GuardDirectory *directory, usec_t now_usec);

/* Both sides': takes a unit's permit away. */
int guard_directory_forbid(GuardDirectory *directory, const char *name);

/* CLOCK_BOOTTIME, as Loop has it. */
usec_t guard_clock(void);
