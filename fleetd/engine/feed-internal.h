/* What the parts of the feed share. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/engine/feed.h"
#include "fleetd/model/keys.h"

#include <errno.h>

typedef struct FeedFile {
    UnitFile *file; /* NULL: named by a unit, not seen yet */
    int64_t mod_revision;
    size_t n_users;
} FeedFile;

typedef struct FeedMachine {
    Machine *machine;     /* as its agent wrote it; NULL: no presence */
    int64_t key_revision; /* of its key; 0: there is none */
    bool has_left;        /* so its key says */
    Metadata metadata;    /* set through the API; wins */
} FeedMachine;

struct Feed {
    Cluster *cluster;
    FeedCallbacks callbacks;
    void *userdata;
    Map *units;    /* Unit by name */
    Map *files;    /* FeedFile by hash */
    Map *machines; /* FeedMachine by id */
};

void feed_file_free(void *file);
void feed_machine_free(void *machine);

/* One kind of key each; results as for feed_put(). */
int feed_put_unit(Feed *feed, const char *name, const StoreEntry *entry);
int feed_delete_unit(Feed *feed, const char *name);
int feed_put_file(Feed *feed, const char *hash, const StoreEntry *entry);
int feed_delete_file(Feed *feed, const char *hash);
int feed_put_machine(Feed *feed, const char *id, const StoreEntry *entry);
int feed_delete_machine(Feed *feed, const char *id);
int feed_put_metadata(Feed *feed, const Key *key, const StoreEntry *entry);
int feed_delete_metadata(Feed *feed, const Key *key);

/* Garbage under a key of fleet's is somebody else's mistake and no reason to stop. Out of memory
 * is. */
int feed_skip(const char *key, int r, const Error *error);
