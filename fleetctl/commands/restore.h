/* What a restore is about, and how it goes: restore.c, and what it leaves to others. */
#pragma once

#include "fleetctl/api/context.h"
#include "fleetctl/units/backup-file.h"

typedef struct Restore {
    Context *context;
    Backup backup;
    bool *is_scale_missing; /* of each of the backup's */
    size_t n_done, n_same;
    int status; /* 1: something differs, or was refused */
} Restore;

/* Before units are restored: compares, and replaces numbers that are to be replaced. */
int restore_compare_scales(Restore *restore, Error *reterr);
/* When they are: those that are missing. */
int restore_add_scales(Restore *restore, Error *reterr);
