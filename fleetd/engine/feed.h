/* Turns what the store holds into what the scheduler's Cluster knows: parses values, joins units
 * with their files and machines with the metadata that was set through the API, and keeps account
 * of files that nobody uses. What cannot be read is reported once per change, and holds what it is
 * about (docs/architecture.md, "Garbage"). */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/model/brake.h"
#include "fleetd/model/deployment.h"
#include "fleetd/model/failures.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/rebalance.h"
#include "fleetd/model/reboot.h"
#include "fleetd/model/rollout.h"
#include "fleetd/model/template-scale.h"
#include "fleetd/sched/cluster.h"
#include "fleetd/store/store.h"

typedef struct Feed Feed;

typedef struct FeedCallbacks {
    void (*on_machine_here)(const char *id, void *userdata);
    void (*on_machine_away)(const char *id, void *userdata); /* feed_find_presence() says how */
    void (*on_machine_missing)(const char *id,
                               void *userdata); /* it has an order, and no presence */
    /* What stands there now, of that mod revision; NULL: nothing that can be read. */
    void (*on_order)(const Key *key, const Order *order, int64_t revision, void *userdata);
    /* NULL: nothing that can be read, or, with revision 0, nothing. */
    void (*on_brake)(const BrakeRecord *record, int64_t revision, void *userdata);
    /* What the scheduler is told to be wanted of a machine: by people, and as it is rebooted; NULL:
     * nothing any more. */
    void (*on_maintenance)(const char *id, const Maintenance *maintenance, void *userdata);
} FeedCallbacks;

int feed_new(Cluster *cluster, const FeedCallbacks *callbacks, void *userdata, Feed **ret);
void feed_free(Feed *feed);
DEFINE_POINTER_CLEANUP(Feed, feed_free)

/* Changes of the store, in any order that the store can give them. -ENOMEM: the cluster is in an
 * unknown state; otherwise 0. */
int feed_put(Feed *feed, const StoreEntry *entry);
/* When all of the store has been told: units that were destroyed and have yet to stop are known by
 * their orders alone, and by the files of these. As above. */
int feed_learn_all_leaving(Feed *feed);
int feed_delete(Feed *feed, const char *key);

typedef enum FeedPresence {
    FEED_PRESENCE_NONE, /* there is no key */
    FEED_PRESENCE_HERE,
    FEED_PRESENCE_LEFT, /* its key is there, and says so */
    FEED_PRESENCE_UNREADABLE,
} FeedPresence;

FeedPresence feed_find_presence(const Feed *feed, const char *id);
/* Of the machine's key, also when it says that the machine left; 0: there is none. */
int64_t feed_machine_revision(const Feed *feed, const char *id);
const char *feed_boot_id(const Feed *feed, const char *id); /* NULL: it is not here; borrowed */

typedef struct FeedReboot {
    Reboot *reboot; /* NULL: it cannot be read */
    int64_t revision;
} FeedReboot;

const Map *feed_reboots(const Feed *feed); /* FeedReboot by machine */

typedef struct FeedRollout {
    Deployment *deployment;      /* NULL: none, or it cannot be read */
    int64_t deployment_revision; /* 0: there is none */
    Rollout *rollout;            /* likewise */
    int64_t rollout_revision;
} FeedRollout;

const Map *feed_rollouts(const Feed *feed);                    /* FeedRollout by unit or template */
const Map *feed_units(const Feed *feed);                       /* Unit by name */
const Map *feed_unreadable_units(const Feed *feed);            /* a set of names */
const UnitFile *feed_file(const Feed *feed, const char *hash); /* NULL: it is not there */
int64_t feed_file_revision(const Feed *feed, const char *hash); /* 0: it is not there */
typedef struct FeedFailures {
    Failures *failures; /* NULL: it cannot be read */
    int64_t revision;
} FeedFailures;

const Map *feed_failures(const Feed *feed); /* FeedFailures by unit */

typedef struct FeedScale {
    TemplateScale *scale; /* NULL: it cannot be read */
    int64_t revision;     /* of its key */
    Map *instances;       /* set of names: those that a number names, readable or not */
} FeedScale;

const FeedScale *feed_find_scale(const Feed *feed, const char *template); /* NULL: none */
/* Set of templates: the wish, the template, its file, or which of its instances there are, has
 * changed since it was settled. */
const Map *feed_changed_scales(const Feed *feed);
void feed_settle_scale(Feed *feed, const char *template);

typedef struct FeedRebalance {
    Rebalance *rebalance; /* NULL: none, or it cannot be read */
    int64_t revision;     /* 0: there is none */
} FeedRebalance;

const FeedRebalance *feed_rebalance(const Feed *feed);

typedef struct FeedCounts {
    size_t units[_LAUNCH_STATE_MAX];      /* by desired state */
    size_t machines[_MACHINE_STATUS_MAX]; /* by status, of those that have a key */
    size_t rollouts[_ROLLOUT_PHASE_MAX];  /* by phase */
} FeedCounts;
void feed_count(const Feed *feed, FeedCounts *ret);

/* How often a unit has let go of a file: versions of units, which the feed does not know, end only
 * together with that. */
uint64_t feed_releases(const Feed *feed);

/* Files that no unit has, although a version may: hashes with their mod revisions. Calls back for
 * each; for none as long as there is a unit that cannot be read, as it may have any. */
void feed_each_unused_file(const Feed *feed,
                           void (*each)(const char *hash, int64_t mod_revision, void *userdata),
                           void *userdata);
