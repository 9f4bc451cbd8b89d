/* Keys with their versions: what a store holds now, what it held at the last revisions, and what
 * happened since any of these. No I/O and no time. Changes are staged, and then applied together at
 * the next revision or dropped. */
#pragma once

#include "fleetd/store/store.h"

typedef struct VersionMap VersionMap;

typedef struct StoreChange {
    StoreEventKind kind;
    const StoreEntry *entry;  /* of a delete: key and mod_revision only */
    const StoreEntry *before; /* NULL: there was none */
} StoreChange;

/* Empty, as of the revision, with no past. NULL when out of memory. */
VersionMap *version_map_new(int64_t revision);
void version_map_free(VersionMap *map);
DEFINE_POINTER_CLEANUP(VersionMap, version_map_free)

int64_t version_map_revision(const VersionMap *map);
/* The past up to here is forgotten, but for what it left behind. */
int64_t version_map_compacted(const VersionMap *map);
/* NULL when absent. */
const StoreEntry *version_map_get(VersionMap *map, const char *key);

/* Stages changes; deleting what is absent stages nothing. A key is staged once at most: see
 * store_txn_check(). Values are copied. -ENOMEM: drop what was staged. */
int version_map_stage_put(VersionMap *map, const StoreWrite *write);
int version_map_stage_delete(VersionMap *map, const char *key);
int version_map_stage_delete_prefix(VersionMap *map, const char *prefix);
/* In order of staging; valid until they are applied or dropped. */
const StoreChange *version_map_staged(const VersionMap *map, size_t *ret_n);
/* Makes the staged changes the next revision, and forgets the oldest revisions if there are too
 * many. Cannot fail. Invalidates entries that were looked at. */
void version_map_apply(VersionMap *map);
void version_map_drop(VersionMap *map);

/* Puts an entry with its revisions, without an event: for filling a new map. -ENOMEM. */
int version_map_load(VersionMap *map, const StoreEntry *entry);

/* Fills *ret; the entries' array is the caller's to free, what they point to is the map's.
 * -ESTALE: that revision is forgotten; -ERANGE: it is in the future; -ENOMEM. */
int version_map_range(VersionMap *map, const StoreRange *range, StoreRangeResult *ret);

/* What happened to the keys from a revision on that is not forgotten. The array is the caller's. */
int version_map_events(const VersionMap *map, const StoreWatch *watch, StoreEvent **ret,
                       size_t *ret_n);

/* Forgets the past up to a revision (at most the present one): ranges before it and watches that
 * start at or before it are -ESTALE from then on. */
void version_map_compact(VersionMap *map, int64_t revision);
