/* Which files versions of units have. The versions are not mirrored, as they may be ten for each
 * unit and are of interest to hardly anybody: who has to know goes through a list of them. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/store/store.h"

typedef struct VersionFiles VersionFiles;

/* Called once; not when it is freed before. r < 0: the store did not answer, or memory ran out. */
typedef void (*VersionFilesDone)(int r, void *userdata);

/* Goes through all versions, and removes from the map, which is borrowed, each hash that one of
 * them has. A version that cannot be read has none: nobody could tell which. */
int version_files_new(Store *store, Map *hashes, VersionFilesDone done, void *userdata,
                      VersionFiles **ret);
void version_files_free(VersionFiles *files);
DEFINE_POINTER_CLEANUP(VersionFiles, version_files_free)
