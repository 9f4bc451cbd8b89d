/* Machines, with the metadata that was set through the API over their own. */
#include "fleetd/engine/feed-internal.h"

void feed_machine_free(void *p) {
    FeedMachine *machine = p;
    machine_free(machine->machine);
    metadata_done(&machine->metadata);
    free(machine);
}

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

int feed_put_machine(Feed *feed, const char *id, const StoreEntry *entry) {
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
    known->has_left = machine->status == MACHINE_STATUS_LEFT;
    if (known->has_left) {
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
int feed_delete_machine(Feed *feed, const char *id) {
    FeedMachine *known = map_get(feed->machines, id);
    if (!known || known->key_revision == 0)
        return 0;
    bool had_presence = known->machine;
    int r = 0;
    if (known->machine) {
        known->machine->status = MACHINE_STATUS_RESTARTING;
        r = feed_tell_machine(feed, known);
    }
    known->key_revision = 0;
    known->has_left = false;
    machine_free(TAKE_PTR(known->machine));
    feed_drop_machine_if_unknown(feed, id);
    if (had_presence)
        feed->callbacks.on_machine_away(id, false, feed->userdata);
    return r;
}

int feed_put_metadata(Feed *feed, const Key *key, const StoreEntry *entry) {
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

int feed_delete_metadata(Feed *feed, const Key *key) {
    FeedMachine *known = map_get(feed->machines, key->machine_id);
    if (!known || !metadata_unset(&known->metadata, key->name))
        return 0;
    if (known->machine)
        return feed_tell_machine(feed, known);
    feed_drop_machine_if_unknown(feed, key->machine_id);
    return 0;
}

bool feed_has_machine(const Feed *feed, const char *id) {
    const FeedMachine *known = map_get(feed->machines, id);
    return known && known->machine;
}

bool feed_machine_has_left(const Feed *feed, const char *id) {
    const FeedMachine *known = map_get(feed->machines, id);
    return known && known->has_left;
}

int64_t feed_machine_revision(const Feed *feed, const char *id) {
    const FeedMachine *known = map_get(feed->machines, id);
    return known ? known->key_revision : 0;
}
