#include "fleetd/engine/feed.h"

#include "fleetd/base/log.h"
#include "fleetd/base/map.h"
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

static void feed_file_free(void *p) {
    FeedFile *file = p;
    unit_file_unref(file->file);
    free(file);
}

static void feed_machine_free(void *p) {
    FeedMachine *machine = p;
    machine_free(machine->machine);
    metadata_done(&machine->metadata);
    free(machine);
}

/* Garbage under a key of fleet's is somebody else's mistake and no reason to stop. Out of memory
 * is. */
static int feed_skip(const char *key, int r, const Error *error) {
    if (r == -ENOMEM)
        return r;
    log_warning("Skipping the key '%s' in the store, which is not readable: %s", key,
                error_text(error, r));
    return 0;
}

/* --- units and files --- */

static int feed_get_file(Feed *feed, const char *hash, FeedFile **ret) {
    FeedFile *file = map_get(feed->files, hash);
    if (!file) {
        file = calloc(1, sizeof(FeedFile));
        if (!file || map_put(feed->files, hash, file) < 0) {
            free(file);
            return -ENOMEM;
        }
    }
    *ret = file;
    return 0;
}

static void feed_drop_file_if_unknown(Feed *feed, const char *hash) {
    FeedFile *file = map_get(feed->files, hash);
    if (file && !file->file && file->n_users == 0)
        map_remove(feed->files, hash);
}

static void feed_release_file(Feed *feed, const char *hash) {
    FeedFile *file = map_get(feed->files, hash);
    if (file)
        file->n_users--;
    feed_drop_file_if_unknown(feed, hash);
}

/* A unit whose file is not there (yet) is not told to the cluster; the file's coming tells it. */
static int feed_tell_unit(Feed *feed, const Unit *unit) {
    const FeedFile *file = map_get(feed->files, unit->hash);
    Requirements *requirements = NULL;
    _cleanup_error_ Error error = {};
    if (!file || !file->file)
        return 0;
    int r = requirements_parse(file->file, unit->name, &requirements, &error);
    if (r < 0) {
        _cleanup_free_ char *key = key_unit(unit->name);
        return key ? feed_skip(key, r, &error) : -ENOMEM;
    }
    return cluster_put_unit_take(feed->cluster, unit, requirements);
}

static int feed_put_unit(Feed *feed, const char *name, const StoreEntry *entry) {
    _cleanup_(unit_freep) Unit *unit = NULL;
    _cleanup_error_ Error error = {};
    FeedFile *file;
    int r = unit_parse(name, entry->value, entry->value_size, &unit, &error);
    if (r < 0)
        return feed_skip(entry->key, r, &error);
    unit->revision = entry->mod_revision;
    r = feed_get_file(feed, unit->hash, &file);
    if (r < 0)
        return r;
    file->n_users++;
    const Unit *old = map_get(feed->units, name);
    if (old)
        feed_release_file(feed, old->hash);
    r = feed_tell_unit(feed, unit);
    if (r < 0)
        return r;
    r = map_put(feed->units, name, unit);
    if (r < 0)
        return r;
    TAKE_PTR(unit);
    return 0;
}

static int feed_delete_unit(Feed *feed, const char *name) {
    const Unit *unit = map_get(feed->units, name);
    if (!unit)
        return 0;
    feed_release_file(feed, unit->hash);
    map_remove(feed->units, name);
    return cluster_remove_unit(feed->cluster, name);
}

/* Usually the file comes before its units; then this walk does not happen. */
static int feed_tell_units_of(Feed *feed, const char *hash) {
    const char *name;
    const Unit *unit;
    MAP_FOREACH (name, unit, feed->units) {
        int r = streq(unit->hash, hash) ? feed_tell_unit(feed, unit) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

static int feed_put_file(Feed *feed, const char *hash, const StoreEntry *entry) {
    _cleanup_(unit_file_unrefp) UnitFile *parsed = NULL;
    _cleanup_error_ Error error = {};
    FeedFile *file;
    int r = unit_file_parse(entry->value, entry->value_size, &parsed, &error);
    if (r >= 0 && !streq(unit_file_hash(parsed), hash))
        r = error_set(&error, -EBADMSG, "its content has another hash, %s", unit_file_hash(parsed));
    if (r < 0)
        return feed_skip(entry->key, r, &error);
    r = feed_get_file(feed, hash, &file);
    if (r < 0)
        return r;
    bool was_missed = !file->file && file->n_users > 0;
    file->mod_revision = entry->mod_revision;
    if (file->file)
        return 0; /* the same text: the hash is its name */
    file->file = TAKE_PTR(parsed);
    return was_missed ? feed_tell_units_of(feed, hash) : 0;
}

static int feed_delete_file(Feed *feed, const char *hash) {
    FeedFile *file = map_get(feed->files, hash);
    if (!file)
        return 0;
    unit_file_unref(TAKE_PTR(file->file));
    feed_drop_file_if_unknown(feed, hash);
    return 0;
}

/* --- machines --- */

static int feed_get_machine(Feed *feed, const char *id, FeedMachine **ret) {
    FeedMachine *machine = map_get(feed->machines, id);
    if (!machine) {
        machine = calloc(1, sizeof(FeedMachine));
        if (!machine || map_put(feed->machines, id, machine) < 0) {
            free(machine);
            return -ENOMEM;
        }
    }
    *ret = machine;
    return 0;
}

static int feed_tell_machine(Feed *feed, const FeedMachine *known) {
    _cleanup_metadata_ Metadata metadata = {};
    int r = metadata_overlay(&known->machine->metadata, &known->metadata, &metadata);
    if (r < 0)
        return r;
    Machine effective = *known->machine;
    effective.metadata = metadata;
    return cluster_put_machine(feed->cluster, &effective);
}

static void feed_drop_machine_if_unknown(Feed *feed, const char *id) {
    const FeedMachine *known = map_get(feed->machines, id);
    if (known && known->key_revision == 0 && known->metadata.n_pairs == 0)
        map_remove(feed->machines, id);
}

static int feed_put_machine(Feed *feed, const char *id, const StoreEntry *entry) {
    _cleanup_(machine_freep) Machine *machine = NULL;
    _cleanup_error_ Error error = {};
    FeedMachine *known;
    int r = feed_get_machine(feed, id, &known);
    if (r < 0)
        return r;
    known->key_revision = entry->mod_revision; /* a fence needs it, readable or not */
    r = machine_parse(id, entry->value, entry->value_size, &machine, &error);
    if (r < 0)
        return feed_skip(entry->key, r, &error);
    machine_free(TAKE_PTR(known->machine));
    if (machine->status == MACHINE_STATUS_LEFT) {
        feed->callbacks.on_machine_away(id, true, feed->userdata);
        return 0;
    }
    known->machine = TAKE_PTR(machine);
    r = feed_tell_machine(feed, known);
    if (r >= 0)
        feed->callbacks.on_machine_here(id, feed->userdata);
    return r;
}

/* As long as nobody knows whether it comes back it keeps what it has and is given nothing new. */
static int feed_delete_machine(Feed *feed, const char *id) {
    FeedMachine *known = map_get(feed->machines, id);
    if (!known || known->key_revision == 0)
        return 0;
    bool had_left = !known->machine;
    int r = 0;
    if (known->machine) {
        known->machine->status = MACHINE_STATUS_RESTARTING;
        r = feed_tell_machine(feed, known);
    }
    known->key_revision = 0;
    machine_free(TAKE_PTR(known->machine));
    feed_drop_machine_if_unknown(feed, id);
    if (!had_left)
        feed->callbacks.on_machine_away(id, false, feed->userdata);
    return r;
}

static int feed_put_metadata(Feed *feed, const Key *key, const StoreEntry *entry) {
    _cleanup_error_ Error error = {};
    FeedMachine *known;
    _cleanup_free_ char *value = strndup(entry->value, entry->value_size);
    if (!value)
        return -ENOMEM;
    int r = metadata_check_pair(key->name, value, &error);
    if (r < 0)
        return feed_skip(entry->key, r, &error);
    r = feed_get_machine(feed, key->machine_id, &known);
    if (r < 0)
        return r;
    r = metadata_set(&known->metadata, key->name, value);
    if (r < 0)
        return feed_skip(entry->key, r, &error);
    return known->machine ? feed_tell_machine(feed, known) : 0;
}

static int feed_delete_metadata(Feed *feed, const Key *key) {
    FeedMachine *known = map_get(feed->machines, key->machine_id);
    if (!known || !metadata_unset(&known->metadata, key->name))
        return 0;
    if (known->machine)
        return feed_tell_machine(feed, known);
    feed_drop_machine_if_unknown(feed, key->machine_id);
    return 0;
}

/* --- what engine and agents wrote --- */

static int feed_put_order(Feed *feed, const Key *key, const StoreEntry *entry) {
    _cleanup_(order_freep) Order *order = NULL;
    _cleanup_error_ Error error = {};
    int r =
        order_parse(key->machine_id, key->name, entry->value, entry->value_size, &order, &error);
    return r < 0 ? feed_skip(entry->key, r, &error) : cluster_put_order(feed->cluster, order);
}

static int feed_put_state(Feed *feed, const Key *key, const StoreEntry *entry) {
    _cleanup_(unit_state_freep) UnitState *state = NULL;
    _cleanup_error_ Error error = {};
    int r = unit_state_parse(key->machine_id, key->name, entry->value, entry->value_size, &state,
                             &error);
    if (r < 0)
        return feed_skip(entry->key, r, &error);
    /* Inactive, but for another reason than that it was stopped and removed. */
    if (state->current == LAUNCH_STATE_INACTIVE && state->job != JOB_RESULT_DONE)
        return cluster_remove_state(feed->cluster, key->machine_id, key->name);
    return cluster_put_state(feed->cluster, state);
}

static int feed_put_pending(Feed *feed, const Key *key, const StoreEntry *entry) {
    _cleanup_(pending_freep) Pending *pending = NULL;
    _cleanup_error_ Error error = {};
    int r = pending_parse(key->name, entry->value, entry->value_size, &pending, &error);
    return r < 0 ? feed_skip(entry->key, r, &error) : cluster_put_pending(feed->cluster, pending);
}

int feed_put(Feed *feed, const StoreEntry *entry) {
    _cleanup_key_ Key key = {};
    int r = key_parse(entry->key, &key);
    if (r < 0)
        return r == -ENOMEM ? r : 0; /* not a key of this version's */
    switch (key.kind) {
    case KEY_UNIT:
        return feed_put_unit(feed, key.name, entry);
    case KEY_FILE:
        return feed_put_file(feed, key.name, entry);
    case KEY_MACHINE:
        return feed_put_machine(feed, key.machine_id, entry);
    case KEY_METADATA:
        return feed_put_metadata(feed, &key, entry);
    case KEY_SCHEDULE:
        return feed_put_order(feed, &key, entry);
    case KEY_STATE:
        return feed_put_state(feed, &key, entry);
    case KEY_PENDING:
        return feed_put_pending(feed, &key, entry);
    default:
        return 0;
    }
}

int feed_delete(Feed *feed, const char *text) {
    _cleanup_key_ Key key = {};
    int r = key_parse(text, &key);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    switch (key.kind) {
    case KEY_UNIT:
        return feed_delete_unit(feed, key.name);
    case KEY_FILE:
        return feed_delete_file(feed, key.name);
    case KEY_MACHINE:
        return feed_delete_machine(feed, key.machine_id);
    case KEY_METADATA:
        return feed_delete_metadata(feed, &key);
    case KEY_SCHEDULE:
        return cluster_remove_order(feed->cluster, key.machine_id, key.name);
    case KEY_STATE:
        return cluster_remove_state(feed->cluster, key.machine_id, key.name);
    case KEY_PENDING:
        return cluster_remove_pending(feed->cluster, key.name);
    default:
        return 0;
    }
}

bool feed_has_machine(const Feed *feed, const char *id) {
    const FeedMachine *known = map_get(feed->machines, id);
    return known && known->machine;
}

int64_t feed_machine_revision(const Feed *feed, const char *id) {
    const FeedMachine *known = map_get(feed->machines, id);
    return known ? known->key_revision : 0;
}

void feed_each_unused_file(const Feed *feed,
                           void (*each)(const char *hash, int64_t mod_revision, void *userdata),
                           void *userdata) {
    const char *hash;
    const FeedFile *file;
    MAP_FOREACH (hash, file, feed->files)
        if (file->file && file->n_users == 0)
            each(hash, file->mod_revision, userdata);
}

int feed_new(Cluster *cluster, const FeedCallbacks *callbacks, void *userdata, Feed **ret) {
    _cleanup_(feed_freep) Feed *feed = calloc(1, sizeof(Feed));
    if (!feed)
        return -ENOMEM;
    *feed = (Feed){
        .cluster = cluster,
        .callbacks = *callbacks,
        .userdata = userdata,
        .units = map_new((MapFreeValue) unit_free),
        .files = map_new(feed_file_free),
        .machines = map_new(feed_machine_free),
    };
    if (!feed->units || !feed->files || !feed->machines)
        return -ENOMEM;
    *ret = TAKE_PTR(feed);
    return 0;
}

void feed_free(Feed *feed) {
    if (!feed)
        return;
    map_free(feed->units);
    map_free(feed->files);
    map_free(feed->machines);
    free(feed);
}
