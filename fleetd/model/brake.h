/* `brake`, written by the leader while it holds back from giving up machines, as too many vanished
 * at once; and by the API, for a user who has it go on. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

typedef struct BrakeRecord {
    usec_t since_usec; /* since 1970 */
    usec_t until_usec; /* likewise: then it goes on by itself */
    uint64_t n_lost;   /* so many machines vanished, */
    uint64_t n_all;    /* of so many */
    char **machines;   /* whose units are held: sorted ids */
    bool is_released;  /* by a user */
} BrakeRecord;

/* JSON value; contracts as for machine_format() and machine_parse(). */
char *brake_record_format(const BrakeRecord *record);
int brake_record_parse(const char *text, size_t size, BrakeRecord **ret, Error *reterr);
void brake_record_free(BrakeRecord *record);
DEFINE_POINTER_CLEANUP(BrakeRecord, brake_record_free)
