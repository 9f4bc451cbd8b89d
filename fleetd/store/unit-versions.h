/* The writes by which a unit's new file becomes a version of it, for whoever writes unit/: they
 * belong into that transaction, which has to hold only while the unit is as it was read. */
#pragma once

#include "fleetd/model/unit-version.h"
#include "fleetd/store/store.h"

#define VERSION_WRITES_MAX 3

typedef struct VersionWrites {
    StoreWrite writes[VERSION_WRITES_MAX]; /* borrow from texts */
    size_t n;
    char *texts[VERSION_WRITES_MAX * 2];
    size_t n_texts;
} VersionWrites;

/* unit is as it will be written, with its new hash and the version of the step; known is as it was
 * read, or NULL. To be freed also on failure. -ENOMEM. */
int version_writes_fill(const Unit *unit, const Unit *known, const UnitVersionStep *step,
                        usec_t now_usec, VersionWrites *ret);
void version_writes_done(VersionWrites *writes);
#define _cleanup_version_writes_ _cleanup_(version_writes_done)
