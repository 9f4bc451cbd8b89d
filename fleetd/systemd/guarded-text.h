/* The file of a unit with StopAfterDisconnect= as it stands on the machine: behind the user's text
 * it asserts that the unit has its permit (guard-directory.h). So PID 1 itself refuses a start that
 * comes too late, whoever asks for it: a fleetd that was stopped meanwhile, the unit's own
 * Restart=, its socket or timer, another unit. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

#define GUARDED_TEXT_EXTRA_MAX 1024 /* bytes that are added, at most */

/* What a unit's file says about being stopped; 0 and 0: nothing, or it cannot be read. -ENOMEM. */
int guarded_text_times(const char *name, const char *text, size_t size, usec_t *ret_stop_after_usec,
                       usec_t *ret_stop_timeout_usec);

/* The text to be written. 1: it is guarded, and *ret a new string; 0: it is written as it is. */
int guarded_text_make(const char *run_directory, const char *name, const char *text, size_t size,
                      char **ret);
/* Of what was written, the size of the user's text. */
size_t guarded_text_strip(const char *run_directory, const char *name, const char *text,
                          size_t size);
