/* The value of `cluster`: an id that tells one cluster's store from another's, also from one that
 * lost its data. Pure. */
#pragma once

#include "fleetd/base/error.h"

#define CLUSTER_ID_LENGTH 32 /* lower-case hexadecimal */

int cluster_id_check(const char *id, Error *reterr); /* -EINVAL: no such id */

/* JSON; contracts as for machine_format() and machine_parse(). */
char *cluster_id_format(const char *id);
int cluster_id_parse(const char *text, size_t size, char **ret, Error *reterr);
