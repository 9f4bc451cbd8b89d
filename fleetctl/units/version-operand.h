/* "web.service@3": what a person types for a version of a unit. */
#pragma once

#include "fleetd/base/error.h"

/* A unit's name ends in its type, so behind a whole name a version cannot be taken for an instance;
 * behind a part of one it would be: "web@3" is the unit web@3.service. 1: it is a version; 0: it is
 * none. -ENOMEM. Pure. */
int operand_parse_version(const char *operand, char **ret_name, int64_t *ret_number);

/* A number as it stands alone. false: it is none. */
bool version_number_parse(const char *text, int64_t *ret);
