/* The embedded store's SQLite file: what lasts of a local store. One process at a time may have it
 * open. */
#pragma once

#include "fleetd/store/version-map.h"

typedef struct EmbeddedDb EmbeddedDb;

/* Opens the file, or makes a new one of mode 0600. -EBUSY: another process has it open; -EUCLEAN:
 * damaged, or no database at all; -EMEDIUMTYPE: a database, but not fleet's; -ENOTSUP: written by a
 * later version of fleet; else what the file system says. */
int embedded_db_open(const char *path, EmbeddedDb **ret, Error *reterr);
void embedded_db_close(EmbeddedDb *db);
DEFINE_POINTER_CLEANUP(EmbeddedDb, embedded_db_close)

/* No revision beyond this one was given out before. */
int64_t embedded_db_revision(const EmbeddedDb *db);

/* Fills a new map with what the file holds. */
int embedded_db_load(EmbeddedDb *db, VersionMap *map, Error *reterr);

/* Makes the changes last, all or none: when it returns 0, they are on the disk. -ENOSPC: the disk
 * is full. */
int embedded_db_commit(EmbeddedDb *db, int64_t revision, const StoreChange *changes,
                       size_t n_changes);
