/* A directory for one test, removed with all that is in it. */
#pragma once

#include "fleetd/base/macros.h"

#include <ftw.h>
#include <stdio.h>

static inline char *temporary_directory_new(void) {
    const char *where = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/fleet-test-XXXXXX", where ? where : "/tmp") < 0 || !mkdtemp(path))
        abort();
    return path;
}

static inline int temporary_directory_remove_entry(const char *path, const struct stat *st,
                                                   int type, struct FTW *ftw) {
    return remove(path);
}

static inline void temporary_directory_free(char *path) {
    nftw(path, temporary_directory_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}
