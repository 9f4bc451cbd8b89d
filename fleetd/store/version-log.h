/* The versions of all keys in order of revision, as far back as the past is remembered: so the list
 * of events as well. It owns none of them. */
#pragma once

#include "fleetd/store/key-index.h"
#include "fleetd/store/store.h"

/* What a key was set to, or that it was deleted. */
struct Version {
    StoreEntry entry; /* first, so that an entry leads to its version */
    KeyNode *node;
    Version *older;
    bool is_delete;
    char value[];
};

typedef struct VersionLog {
    Version **versions; /* from first to before end */
    size_t first, end, room;
    size_t n_bytes; /* of their values */
} VersionLog;

/* Makes room for n more, so that pushing them cannot fail. -ENOMEM. */
int version_log_reserve(VersionLog *log, size_t n);
void version_log_push(VersionLog *log, Version *version);
Version *version_log_oldest(const VersionLog *log); /* NULL: it is empty */
Version *version_log_pop(VersionLog *log);          /* the oldest, which there must be */
/* It holds more than is worth remembering. */
bool version_log_is_over_full(const VersionLog *log);
/* Position of the first version at or after the revision; log->end: none. */
size_t version_log_find(const VersionLog *log, int64_t revision);
void version_log_done(VersionLog *log);
