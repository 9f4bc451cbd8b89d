/* What a person most likely meant by a name that the cluster does not know. */
#pragma once

#include "fleetctl/api/api-items.h"

/* The unit whose name is nearest to typed, which need not have a type: their stems are compared,
 * and among equals the one of the same type wins. NULL: none is near. Borrows from units. Pure. */
const char *unit_suggest(const ApiUnits *units, const char *typed);

/* For all of the names, each once and a few at most: 'a.service', 'b.service'. NULL: none, or out
 * of memory; the caller frees. */
char *unit_suggestions(const ApiUnits *units, char *const *unknown);

/* Says which of the names (of operands that are no globs) no unit of the cluster has, and what may
 * have been meant. 1: there are such; 0: there are none. */
int units_complain_unknown(ApiClient *api, char *const *typed, Error *reterr);

/* Asks "Did you mean ...?" on standard error where any of the names has a near one in the cluster,
 * and points to `fleetctl adopt` where machines have any of them for another cluster. Names NULL:
 * none. A list that cannot be had is no further failure. */
void units_suggest(ApiClient *api, char *const *unknown);
