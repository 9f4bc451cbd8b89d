/* What each kind of key becomes in the cluster. What cannot be read is reported, and then counts as
 * something that nobody knows: docs/architecture.md, "Garbage", says why each kind means what it
 * does here. */
#include "fleetd/engine/feed-internal.h"

#include "fleetd/base/log.h"

/* --- what engine and agents wrote --- */

/* An order whose content is not known: there may be a unit behind it. No answer that is there
 * already was meant for it, so it is later than all of them (fleetd/sched/settle.c). The engine's
 * own keys are repaired by deciding: what it does not find as it should be it writes anew. */
static int feed_put_unreadable_order(Feed *feed, const StoredRecord *record) {
    Order order = {
        .machine_id = record->key.machine_id,
        .name = record->key.name,
        .hash = (char *) "",
        .desired = LAUNCH_STATE_LAUNCHED,
        .unit_revision = record->revision,
        .reason = (char *) "its order could not be read",
    };
    return cluster_put_order(feed->cluster, &order);
}

static int feed_put_order(Feed *feed, StoredRecord *record) {
    const char *id = record->key.machine_id;
    feed->callbacks.on_order(&record->key, record->order, record->revision, feed->userdata);
    int r = record->order ? cluster_put_order(feed->cluster, record->order)
                          : feed_put_unreadable_order(feed, record);
    if (r >= 0 && feed_find_presence(feed, id) != FEED_PRESENCE_HERE)
        feed->callbacks.on_machine_missing(id, feed->userdata);
    return r;
}

/* A word that cannot be read is no word that the unit was let go of. Nor is that it is inactive for
 * another reason than that it was stopped and removed. */
static int feed_put_state(Feed *feed, StoredRecord *record) {
    const UnitState *state = record->state;
    if (!state || (state->current == LAUNCH_STATE_INACTIVE && state->job != JOB_RESULT_DONE))
        return cluster_remove_state(feed->cluster, record->key.machine_id, record->key.name);
    return cluster_put_state(feed->cluster, state);
}

static int feed_put_pending(Feed *feed, StoredRecord *record) {
    Pending unreadable = {.name = record->key.name, .summary = (char *) ""};
    return cluster_put_pending(feed->cluster, record->pending ? record->pending : &unreadable);
}

/* One that cannot be read is there all the same: nobody knows with which file. */
static int feed_put_orphan(Feed *feed, StoredRecord *record) {
    Orphan unreadable = {.machine_id = record->key.machine_id,
                         .name = record->key.name,
                         .hash = (char *) "",
                         .desired = LAUNCH_STATE_LAUNCHED};
    const Orphan *orphan = record->orphan ? record->orphan : &unreadable;
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    Requirements *requirements = NULL;
    if (orphan->text && unit_file_parse(orphan->text, strlen(orphan->text), &file, NULL) >= 0)
        (void) requirements_parse(file, orphan->name, &requirements, NULL);
    return cluster_put_orphan_take(feed->cluster, orphan, requirements);
}

static int feed_delete_orphan(Feed *feed, const Key *key) {
    return cluster_remove_orphan(feed->cluster, key->machine_id, key->name);
}

static int feed_delete_order(Feed *feed, const Key *key) {
    feed->callbacks.on_order(key, NULL, 0, feed->userdata);
    return cluster_remove_order(feed->cluster, key->machine_id, key->name);
}

static int feed_delete_state(Feed *feed, const Key *key) {
    return cluster_remove_state(feed->cluster, key->machine_id, key->name);
}

static int feed_delete_pending(Feed *feed, const Key *key) {
    return cluster_remove_pending(feed->cluster, key->name);
}

static int feed_put_brake(Feed *feed, StoredRecord *record) {
    feed->callbacks.on_brake(record->brake, record->revision, feed->userdata);
    return 0;
}

static int feed_delete_brake(Feed *feed, _unused_ const Key *key) {
    feed->callbacks.on_brake(NULL, 0, feed->userdata);
    return 0;
}

/* --- all kinds --- */

typedef struct FeedKind {
    int (*put)(Feed *feed, StoredRecord *record);
    int (*delete)(Feed *feed, const Key *key);
    const char *when_unreadable; /* what happens, for people */
} FeedKind;

static const FeedKind kinds[_KEY_KIND_MAX] = {
    [KEY_UNIT] = {feed_put_unit, feed_delete_unit,
                  "the unit is left as it is until somebody writes or destroys it"},
    [KEY_FILE] = {feed_put_file, feed_delete_file,
                  "units with this file are left as they are until it is submitted again"},
    [KEY_MACHINE] = {feed_put_machine, feed_delete_machine,
                     "the machine counts as missing until it writes its presence anew"},
    [KEY_METADATA] = {feed_put_metadata, feed_delete_metadata,
                      "the machine keeps its units and gets no more until it is set or removed"},
    [KEY_SCHEDULE] = {feed_put_order, feed_delete_order, "the order is written anew"},
    [KEY_STATE] = {feed_put_state, feed_delete_state,
                   "nothing is known of that unit until the machine reports it again"},
    [KEY_MAINTENANCE] = {feed_put_maintenance, feed_delete_maintenance,
                         "the machine keeps its units and gets no more until somebody cordons or "
                         "uncordons it"},
    [KEY_BRAKE] = {feed_put_brake, feed_delete_brake, "it is written anew, or taken away"},
    [KEY_REBOOT] = {feed_put_reboot, feed_delete_reboot,
                    "the machine keeps its units and gets no more, and others wait for their "
                    "reboot, until somebody cancels it"},
    [KEY_DEPLOYMENT] = {feed_put_deployment, feed_delete_deployment,
                        "it does not go on until somebody deploys it anew"},
    [KEY_ROLLOUT] = {feed_put_rollout, feed_delete_rollout,
                     "the deployment does not go on until somebody deploys it anew"},
    [KEY_FAILURES] = {feed_put_failures, feed_delete_failures,
                      "where that unit has failed is forgotten"},
    [KEY_SCALE] = {feed_put_scale, feed_delete_scale,
                   "that template's instances are left as they are until somebody scales it anew"},
    [KEY_REBALANCE] = {feed_put_rebalance, feed_delete_rebalance,
                       "nothing is moved to even the load out until somebody asks for it anew"},
    [KEY_PENDING] = {feed_put_pending, feed_delete_pending, "it is written anew"},
    [KEY_ORPHAN] = {feed_put_orphan, feed_delete_orphan,
                    "that unit is kept on its machine, and nobody can tell what it is"},
};

int feed_put(Feed *feed, const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, &error);
    if (r == -EINVAL)
        log_warning("The store has a key that is none of fleet's, which is left alone: %s",
                    error_text(&error, r));
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    const FeedKind *kind = &kinds[record.key.kind];
    if (!kind->put)
        return 0;
    if (!record.is_readable)
        log_warning("The store has a value that cannot be read, %s; %s", error_text(&error, r),
                    kind->when_unreadable);
    return kind->put(feed, &record);
}

int feed_delete(Feed *feed, const char *text) {
    _cleanup_key_ Key key = {};
    int r = key_parse(text, &key, NULL);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    const FeedKind *kind = &kinds[key.kind];
    return kind->delete ? kind->delete (feed, &key) : 0;
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
    const FeedRollout *rollout;
    MAP_FOREACH (key, rollout, feed->rollouts)
        if (rollout->rollout)
            ret->rollouts[rollout->rollout->phase]++;
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
        .unreadable_units = map_new(NULL),
        .files = map_new(feed_file_free),
        .machines = map_new(feed_machine_free),
        .maintenance = map_new((MapFreeValue) maintenance_free),
        .reboots = map_new(feed_reboot_free),
        .failures = map_new(feed_failures_free),
        .rollouts = map_new(feed_rollout_free),
        .scales = map_new(feed_scale_free),
        .changed_scales = map_new(NULL),
    };
    if (!feed->units || !feed->unreadable_units || !feed->files || !feed->machines ||
        !feed->maintenance || !feed->reboots || !feed->failures || !feed->rollouts ||
        !feed->scales || !feed->changed_scales)
        return -ENOMEM;
    *ret = TAKE_PTR(feed);
    return 0;
}

void feed_free(Feed *feed) {
    if (!feed)
        return;
    map_free(feed->units);
    map_free(feed->unreadable_units);
    map_free(feed->files);
    map_free(feed->machines);
    map_free(feed->maintenance);
    map_free(feed->reboots);
    map_free(feed->rollouts);
    map_free(feed->failures);
    map_free(feed->scales);
    map_free(feed->changed_scales);
    rebalance_free(feed->rebalance.rebalance);
    free(feed);
}
