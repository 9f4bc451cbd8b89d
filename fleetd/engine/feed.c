#include "fleetd/engine/feed-internal.h"

#include "fleetd/base/log.h"

int feed_skip(const char *key, int r, const Error *error) {
    if (r == -ENOMEM)
        return r;
    log_warning("Skipping the key '%s' in the store, which is not readable: %s", key,
                error_text(error, r));
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

void feed_count(const Feed *feed, FeedCounts *ret) {
    _unused_ const char *key;
    const Unit *unit;
    const FeedMachine *machine;
    *ret = (FeedCounts){};
    MAP_FOREACH (key, unit, feed->units)
        ret->units[unit->desired]++;
    MAP_FOREACH (key, machine, feed->machines)
        if (machine->machine)
            ret->machines[machine->machine->status]++;
        else if (machine->has_left)
            ret->machines[MACHINE_STATUS_LEFT]++;
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
