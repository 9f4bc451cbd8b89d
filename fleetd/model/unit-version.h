/* The files that a unit had, one after the other: `version/<name>/<number>`, written with the unit
 * in the transaction that gives it another file. `unit/<name>` counts them, so a number is never
 * given twice while the unit is known, and of several writers at once only one changes the unit.
 * The texts are under `file/`, as any. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"
#include "fleetd/model/unit.h"

#define UNIT_VERSIONS_KEPT 10 /* of a unit, the present one included */

typedef struct UnitVersion {
    int64_t number; /* part of the key */
    char *hash;
    usec_t time_usec; /* since 1970: when it became the unit's; 0: not known */
} UnitVersion;

/* What has to be written together with a unit's new file. */
typedef struct UnitVersionStep {
    int64_t number;  /* of the new file */
    int64_t before;  /* of the one that the unit had, if that has none in the store; 0: it has */
    int64_t dropped; /* the one that is too old now; 0: none is */
} UnitVersionStep;

/* known NULL: the unit is new, or cannot be read; last is the highest number that it is known to
 * have had then, 0 when there was none. */
UnitVersionStep unit_version_step(const Unit *known, int64_t last);

/* JSON value; contracts as for machine_format() and machine_parse(). */
char *unit_version_format(const UnitVersion *version);
int unit_version_parse(int64_t number, const char *text, size_t size, UnitVersion **ret,
                       Error *reterr);
void unit_version_free(UnitVersion *version);
DEFINE_POINTER_CLEANUP(UnitVersion, unit_version_free)
