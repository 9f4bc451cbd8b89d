/* The value of `leader`: which machine leads. Pure. */
#pragma once

#include "fleetd/base/error.h"

/* JSON; contracts as for machine_format() and machine_parse(). */
char *leader_format(const char *machine_id);
int leader_parse(const char *text, size_t size, char **ret_machine_id, Error *reterr);
