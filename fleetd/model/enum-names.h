/* The names of an enum's values, one table for both directions. Inside model only. */
#pragma once

#include "fleetd/base/macros.h"

typedef struct EnumNames {
    const char *const *names;
    size_t n;
} EnumNames;

#define ENUM_NAMES(table) \
    { .names = (table), .n = ELEMENTSOF(table) }

const char *enum_to_string(const EnumNames *names, int value);  /* NULL: no such value */
int enum_from_string(const EnumNames *names, const char *text); /* -EINVAL: no such name */

extern const EnumNames launch_state_names;
extern const EnumNames machine_status_names;
extern const EnumNames job_result_names;
extern const EnumNames unit_health_names;
extern const EnumNames update_on_failure_names;
extern const EnumNames update_order_names;
