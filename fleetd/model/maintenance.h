/* What people want of a machine beside its units: `maintenance/<id>`, written by the API for a
 * user. A machine that has such a key is cordoned, that is not eligible for units that it does not
 * have; one that is drained loses those it has as well, one after the other. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

#define MAINTENANCE_MESSAGE_MAX 256 /* bytes; it comes with each reason that names it */

typedef struct Maintenance {
    char *machine_id;
    bool is_draining;
    bool ignore_global; /* global units stay */
    usec_t
        deadline_usec; /* since 1970: then the rest leaves, whatever it means to them; 0: never */
    usec_t since_usec; /* since 1970 */
    char *message;     /* why, for people; NULL: not said */
} Maintenance;

/* -EINVAL: too long, or more than one line of text. */
int maintenance_message_check(const char *message, Error *reterr);

/* JSON value; contracts as for machine_format() and machine_parse(). */
char *maintenance_format(const Maintenance *maintenance);
int maintenance_parse(const char *machine_id, const char *text, size_t size, Maintenance **ret,
                      Error *reterr);
void maintenance_free(Maintenance *maintenance);
DEFINE_POINTER_CLEANUP(Maintenance, maintenance_free)
