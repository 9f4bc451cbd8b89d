/* Unit files of the machine that fleetctl runs on. */
#pragma once

#include "fleetd/base/error.h"

typedef struct LocalFile {
    char *path;
    char *text; /* NULL: there is no such file */
    size_t size;
} LocalFile;

/* Reads a whole regular file; that there is none at path is no error. -EFBIG: longer than a unit
 * file may be. */
int local_file_load(const char *path, LocalFile *ret, Error *reterr);
void local_file_done(LocalFile *file);
#define _cleanup_local_file_ _cleanup_(local_file_done)
