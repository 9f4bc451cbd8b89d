/* systemd's words for the end of a job, and what they mean for the unit. */
#pragma once

#include "fleetd/systemd/bus-units.h"

/* The meaning is for people; NULL: it is done. A word that only a later systemd has counts as
 * failed, and is its own meaning. */
JobResult bus_job_result_from_word(const char *word, const char **ret_meaning);

/* With what is known of the unit (NULL: nothing) and its main process. NULL when out of memory; the
 * caller frees. */
char *bus_job_describe_failure(const BusUnit *unit, const char *meaning);
