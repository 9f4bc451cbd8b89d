/* Machines, with the metadata that was set through the API over their own. */
#include "fleetd/engine/feed-internal.h"

#include "fleetd/base/log.h"

void feed_machine_free(void *p) {
    FeedMachine *machine = p;
    machine_free(machine->machine);
    metadata_done(&machine->metadata);
    map_free(machine->unreadable);
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
    r = cluster_put_machine(feed->cluster, &effective);
    if (r < 0 || map_size(known->unreadable) == 0)
        return r;
    return cluster_hold_machine(feed->cluster, effective.id);
}

static void feed_drop_machine_if_unknown(Feed *feed, const char *id) {
    const FeedMachine *known = map_get(feed->machines, id);
    if (known && known->key_revision == 0 && known->metadata.n_pairs == 0 &&
        map_size(known->unreadable) == 0)
        map_remove(feed->machines, id);
}

/* As long as nobody knows whether it comes back it keeps what it has and is given nothing new. */
static int feed_lose_machine(Feed *feed, const char *id, FeedMachine *known) {
    _cleanup_(machine_freep) Machine *machine = TAKE_PTR(known->machine);
    bool had_left = known->has_left;
    known->has_left = false;
    if (had_left && cluster_has_orders(feed->cluster, id)) /* nobody says any more that it left */
        feed->callbacks.on_machine_away(id, feed->userdata);
    if (!machine)
        return 0;
    machine->status = MACHINE_STATUS_RESTARTING;
    known->machine = machine;
    int r = feed_tell_machine(feed, known);
    known->machine = NULL;
    feed->callbacks.on_machine_away(id, feed->userdata);
    return r;
}

int feed_put_machine(Feed *feed, StoredRecord *record) {
    const char *id = record->key.machine_id;
    FeedMachine *known;
    int r = feed_get_machine(feed, id, &known);
    if (r < 0)
        return r;
    known->key_revision = record->revision; /* a fence needs it, readable or not */
    if (!record->machine)
        return feed_lose_machine(feed, id, known);
    machine_free(TAKE_PTR(known->machine));
    known->has_left = record->machine->status == MACHINE_STATUS_LEFT;
    if (known->has_left) {
        feed->callbacks.on_machine_away(id, feed->userdata);
        return 0;
    }
    known->machine = TAKE_PTR(record->machine);
    r = feed_tell_machine(feed, known);
    if (r >= 0)
        feed->callbacks.on_machine_here(id, feed->userdata);
    return r;
}

int feed_delete_machine(Feed *feed, const Key *key) {
    FeedMachine *known = map_get(feed->machines, key->machine_id);
    if (!known || known->key_revision == 0)
        return 0;
    known->key_revision = 0;
    int r = feed_lose_machine(feed, key->machine_id, known);
    feed_drop_machine_if_unknown(feed, key->machine_id);
    return r;
}

static int feed_note_unreadable(FeedMachine *known, const char *key) {
    metadata_unset(&known->metadata, key);
    if (!known->unreadable && !(known->unreadable = map_new(NULL)))
        return -ENOMEM;
    return map_put(known->unreadable, key, NULL);
}

/* More of it than a machine can have is left out. */
static int feed_set_metadata(FeedMachine *known, const StoredRecord *record) {
    const char *key = record->key.name;
    map_remove(known->unreadable, key);
    int r = metadata_set(&known->metadata, key, record->metadata);
    if (r != -E2BIG)
        return r;
    log_write(LOG_WARNING, (LogFields){.machine = record->key.machine_id},
              "Machine %s has too much metadata: leaving out '%s'", record->key.machine_id, key);
    return 0;
}

int feed_put_metadata(Feed *feed, StoredRecord *record) {
    FeedMachine *known;
    int r = feed_get_machine(feed, record->key.machine_id, &known);
    if (r >= 0)
        r = record->metadata ? feed_set_metadata(known, record)
                             : feed_note_unreadable(known, record->key.name);
    if (r < 0)
        return r;
    return known->machine ? feed_tell_machine(feed, known) : 0;
}

int feed_delete_metadata(Feed *feed, const Key *key) {
    FeedMachine *known = map_get(feed->machines, key->machine_id);
    if (!known)
        return 0;
    bool was_set = metadata_unset(&known->metadata, key->name),
         was_unreadable = map_remove(known->unreadable, key->name);
    if (!was_set && !was_unreadable)
        return 0;
    if (known->machine)
        return feed_tell_machine(feed, known);
    feed_drop_machine_if_unknown(feed, key->machine_id);
    return 0;
}

FeedPresence feed_find_presence(const Feed *feed, const char *id) {
    const FeedMachine *known = map_get(feed->machines, id);
    if (!known || known->key_revision == 0)
        return FEED_PRESENCE_NONE;
    if (known->has_left)
        return FEED_PRESENCE_LEFT;
    return known->machine ? FEED_PRESENCE_HERE : FEED_PRESENCE_UNREADABLE;
}

int64_t feed_machine_revision(const Feed *feed, const char *id) {
    const FeedMachine *known = map_get(feed->machines, id);
    return known ? known->key_revision : 0;
}

const char *feed_boot_id(const Feed *feed, const char *id) {
    const FeedMachine *known = map_get(feed->machines, id);
    bool is_here = known && feed_find_presence(feed, id) == FEED_PRESENCE_HERE;
    return is_here ? known->machine->boot_id : NULL;
}
