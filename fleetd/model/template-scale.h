/* That users want so many instances of a template kept: `scale/<template>`. The API writes it for a
 * user; the engine that leads keeps to it. Counted are the instances that a number names, as
 * app@3.service; any others are nobody's business here. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

#define SCALE_COUNT_MAX 10000 /* nobody means more of one template */

typedef struct TemplateScale {
    char *name; /* of the template */
    uint64_t count;
    usec_t since_usec; /* since 1970: when that was asked for */
} TemplateScale;

/* The number that names this instance of the template, from 1 on; 0: it is none of its instances,
 * or not named by a number as template_instance_name() writes it. For any name. */
uint64_t template_instance_number(const char *template, const char *name);
/* app@.service, 3 -> app@3.service. NULL when out of memory; the caller frees. */
char *template_instance_name(const char *template, uint64_t number);

/* -EINVAL: not the name of a template, or its instances could not be so many. */
int template_scale_check(const char *template, uint64_t count, Error *reterr);

/* JSON value; contracts as for machine_format() and machine_parse(). */
char *template_scale_format(const TemplateScale *scale);
int template_scale_parse(const char *name, const char *text, size_t size, TemplateScale **ret,
                         Error *reterr);
void template_scale_free(TemplateScale *scale);
DEFINE_POINTER_CLEANUP(TemplateScale, template_scale_free)
