/* What the parts of the feed share. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/engine/feed.h"
#include "fleetd/model/stored-record.h"

#include <errno.h>

typedef struct FeedFile {
    UnitFile *file; /* NULL: named by a unit, not seen yet or not readable */
    int64_t mod_revision;
    size_t n_users; /* units, deployments, and what these would go back to */
} FeedFile;

typedef struct FeedMachine {
    Machine *machine;     /* as its agent wrote it; NULL: no presence, or none that is readable */
    int64_t key_revision; /* of its key; 0: there is none */
    bool has_left;        /* so its key says */
    Metadata metadata;    /* set through the API; wins */
    Map *unreadable;      /* set of keys of such metadata; NULL: none yet */
} FeedMachine;

struct Feed {
    Cluster *cluster;
    FeedCallbacks callbacks;
    void *userdata;
    Map *units;            /* Unit by name */
    Map *unreadable_units; /* set of names */
    Map *files;            /* FeedFile by hash */
    Map *machines;         /* FeedMachine by id */
    Map *maintenance;      /* Maintenance by machine, as people want it */
    Map *reboots;          /* FeedReboot by machine */
    Map *rollouts;         /* FeedRollout by unit or template */
    Map *failures;         /* FeedFailures by unit */
    Map *scales;           /* FeedScale by template */
    Map *changed_scales;   /* set of templates */
    FeedRebalance rebalance;
    uint64_t n_releases; /* of files by units */
};

void feed_file_free(void *file);
void feed_machine_free(void *machine);
void feed_reboot_free(void *reboot);
void feed_failures_free(void *failures);
void feed_rollout_free(void *rollout);
void feed_scale_free(void *scale);

/* Somebody needs the file, whether it is there or not; and does no more. */
int feed_use_file(Feed *feed, const char *hash);
void feed_release_file(Feed *feed, const char *hash);
/* The same of somebody with whom no version ends. */
void feed_leave_file(Feed *feed, const char *hash);

/* One kind of key each, readable or not; results as for feed_put(). */
int feed_put_unit(Feed *feed, StoredRecord *record);
int feed_put_file(Feed *feed, StoredRecord *record);
int feed_put_machine(Feed *feed, StoredRecord *record);
int feed_put_metadata(Feed *feed, StoredRecord *record);
int feed_delete_unit(Feed *feed, const Key *key);
int feed_delete_file(Feed *feed, const Key *key);
int feed_delete_machine(Feed *feed, const Key *key);
int feed_delete_metadata(Feed *feed, const Key *key);
int feed_put_maintenance(Feed *feed, StoredRecord *record);
int feed_delete_maintenance(Feed *feed, const Key *key);
int feed_put_reboot(Feed *feed, StoredRecord *record);
int feed_delete_reboot(Feed *feed, const Key *key);
int feed_put_deployment(Feed *feed, StoredRecord *record);
int feed_delete_deployment(Feed *feed, const Key *key);
int feed_put_rollout(Feed *feed, StoredRecord *record);
int feed_delete_rollout(Feed *feed, const Key *key);
/* A file that machines may keep has come, or was lost. */
int feed_tell_all_kept(Feed *feed);
int feed_put_rebalance(Feed *feed, StoredRecord *record);
int feed_delete_rebalance(Feed *feed, const Key *key);
int feed_put_failures(Feed *feed, StoredRecord *record);
int feed_delete_failures(Feed *feed, const Key *key);
int feed_put_scale(Feed *feed, StoredRecord *record);
int feed_delete_scale(Feed *feed, const Key *key);

/* A unit is there, readable or not, or its file has come or gone; and: it is gone. */
int feed_scale_unit_put(Feed *feed, const char *name);
int feed_scale_unit_deleted(Feed *feed, const char *name);
