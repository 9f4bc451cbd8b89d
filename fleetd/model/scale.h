/* That users want so many instances of a template kept: `scale/<template>`. The API writes it for a
 * user; the engine that leads keeps to it. Counted are the instances that a number names, as
 * app@3.service; any others are nobody's business here. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

#define SCALE_COUNT_MAX 10000 /* nobody means more of one template */

typedef struct Scale {
    char *name; /* of the template */
    uint64_t count;
    usec_t since_usec; /* since 1970: when that was asked for */
} Scale;

/* The number that names this instance of the template, from 1 on; 0: it is none of its instances,
 * or not named by a number as scale_instance() writes it. For any name. */
uint64_t scale_number(const char *template, const char *name);
/* app@.service, 3 -> app@3.service. NULL when out of memory; the caller frees. */
char *scale_instance(const char *template, uint64_t number);

/* -EINVAL: not the name of a template, or its instances could not be so many. */
int scale_check(const char *template, uint64_t count, Error *reterr);

/* JSON value; contracts as for machine_format() and machine_parse(). */
char *scale_format(const Scale *scale);
int scale_parse(const char *name, const char *text, size_t size, Scale **ret, Error *reterr);
void scale_free(Scale *scale);
DEFINE_POINTER_CLEANUP(Scale, scale_free)
