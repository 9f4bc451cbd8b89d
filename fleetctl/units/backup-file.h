/* What users have asked of a cluster, as one JSON document (docs/backup-format.md): what backup
 * prints and restore reads. Pure. */
#pragma once

#include "fleetd/base/json.h"
#include "fleetd/model/launch-state.h"
#include "fleetd/model/unit-file.h"

#define BACKUP_FORMAT "fleet-backup"
#define BACKUP_VERSION 1

typedef struct BackupUnit {
    char *name;
    LaunchState desired;
    UnitFile *file;
} BackupUnit;

typedef struct BackupMetadata {
    char *machine_id, *key, *value;
} BackupMetadata;

typedef struct BackupScale {
    char *template; /* its name */
    uint64_t count; /* of its instances that are kept */
} BackupScale;

typedef struct Backup {
    BackupUnit *units; /* sorted by name, each once */
    size_t n_units;
    BackupMetadata *metadata; /* sorted by machine, then by key */
    size_t n_metadata;
    BackupScale *scales; /* sorted by template, each once */
    size_t n_scales;
} Backup;

/* Copies, in any order. A unit's file is referenced. -ENOMEM. */
int backup_add_unit(Backup *backup, const char *name, LaunchState desired, UnitFile *file);
int backup_add_metadata(Backup *backup, const char *machine_id, const char *key, const char *value);
int backup_add_scale(Backup *backup, const char *template, uint64_t count);
void backup_sort(Backup *backup);

/* The document, indented, with a line end; the same backup always gives the same text. NULL when
 * out of memory; the caller frees. */
char *backup_format(const Backup *backup);

/* Everything that the cluster would refuse is refused: reterr names the line, or the field and the
 * rule. */
int backup_parse(const char *text, size_t size, Backup *ret, Error *reterr);

void backup_done(Backup *backup);
#define _cleanup_backup_ _cleanup_(backup_done)
