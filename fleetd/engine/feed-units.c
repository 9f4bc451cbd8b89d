/* Units, and the files that they share: a unit is told to the cluster when its file is there. As
 * long as its file or its own value is missing or not readable, it is held: nobody can tell where
 * it may run, but where it runs it may stay. */
#include "fleetd/engine/feed-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"

void feed_file_free(void *p) {
    FeedFile *file = p;
    unit_file_unref(file->file);
    free(file);
}

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

int feed_use_file(Feed *feed, const char *hash) {
    FeedFile *file;
    int r = feed_get_file(feed, hash, &file);
    if (r >= 0)
        file->n_users++;
    return r;
}

static void feed_drop_file_if_unknown(Feed *feed, const char *hash) {
    FeedFile *file = map_get(feed->files, hash);
    if (file && !file->file && file->n_users == 0)
        map_remove(feed->files, hash);
}

void feed_leave_file(Feed *feed, const char *hash) {
    FeedFile *file = map_get(feed->files, hash);
    if (file)
        file->n_users--;
    feed_drop_file_if_unknown(feed, hash);
}

void feed_release_file(Feed *feed, const char *hash) {
    feed->n_releases++;
    feed_leave_file(feed, hash);
}

/* Where it runs it does so by the file that it was ordered with. NULL: that is not known. */
static int feed_read_ordered(Feed *feed, const char *name, Requirements **ret) {
    const char *hash = cluster_ordered_hash(feed->cluster, name);
    const FeedFile *file = hash ? map_get(feed->files, hash) : NULL;
    *ret = NULL;
    int r = file && file->file ? requirements_parse(file->file, name, ret, NULL) : 0;
    return r == -ENOMEM ? r : 0;
}

static int feed_hold(Feed *feed, const char *name) {
    Requirements *requirements;
    int r = feed_read_ordered(feed, name, &requirements);
    return r < 0 ? r : cluster_hold_unit_take(feed->cluster, name, requirements);
}

/* Of one that users do not know any more, and that has yet to stop. */
static int feed_learn_leaving(Feed *feed, const char *name) {
    Requirements *requirements;
    int r = feed_read_ordered(feed, name, &requirements);
    return r < 0 || !requirements ? r
                                  : cluster_learn_leaving_take(feed->cluster, name, requirements);
}

int feed_learn_all_leaving(Feed *feed) {
    _cleanup_free_ const char **names = NULL;
    int r = cluster_leaving_units(feed->cluster, &names);
    for (const char **name = names; r >= 0 && *name; name++)
        r = feed_learn_leaving(feed, *name);
    return r;
}

/* Who waits for it reads the same in its pending. */
static int feed_hold_unit(Feed *feed, const Unit *unit, const char *why) {
    _cleanup_free_ char *summary =
        str_printf("its unit file %s: submit it again with its file, or destroy it", why);
    if (!summary)
        return -ENOMEM;
    log_unit(LOG_WARNING, unit->name, "Unit '%s' is left as it is: its file %s %s", unit->name,
             unit->hash, why);
    int r = feed_hold(feed, unit->name);
    return r < 0 ? r : cluster_explain_hold(feed->cluster, unit, summary);
}

static int feed_tell_unit(Feed *feed, const Unit *unit) {
    const FeedFile *file = map_get(feed->files, unit->hash);
    Requirements *requirements = NULL;
    _cleanup_error_ Error error = {};
    int scaled = feed_scale_unit_put(feed, unit->name);
    if (scaled < 0)
        return scaled;
    if (!file || !file->file)
        return feed_hold_unit(feed, unit, "is not in the store");
    int r = requirements_parse(file->file, unit->name, &requirements, &error);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return feed_hold_unit(feed, unit, error_text(&error, r));
    return cluster_put_unit_take(feed->cluster, unit, requirements);
}

static void feed_forget_unit(Feed *feed, const char *name) {
    const Unit *unit = map_get(feed->units, name);
    if (unit)
        feed_release_file(feed, unit->hash);
    map_remove(feed->units, name);
    map_remove(feed->unreadable_units, name);
}

static int feed_put_unreadable_unit(Feed *feed, const char *name) {
    feed_forget_unit(feed, name);
    int r = map_put(feed->unreadable_units, name, NULL);
    if (r >= 0)
        r = feed_scale_unit_deleted(feed, name); /* it is another thing from now on */
    if (r >= 0)
        r = feed_scale_unit_put(feed, name);
    return r < 0 ? r : feed_hold(feed, name);
}

int feed_put_unit(Feed *feed, StoredRecord *record) {
    const char *name = record->key.name;
    if (!record->unit)
        return feed_put_unreadable_unit(feed, name);
    int r = feed_use_file(feed, record->unit->hash); /* before what was there lets go of it */
    if (r >= 0 && map_has(feed->unreadable_units, name))
        r = feed_scale_unit_deleted(feed, name); /* likewise */
    if (r < 0)
        return r;
    feed_forget_unit(feed, name);
    r = map_put(feed->units, name, record->unit);
    if (r < 0)
        return r;
    return feed_tell_unit(feed, TAKE_PTR(record->unit));
}

int feed_delete_unit(Feed *feed, const Key *key) {
    const Unit *unit = map_get(feed->units, key->name);
    const char *hash = cluster_ordered_hash(feed->cluster, key->name);
    bool is_ordered_otherwise = unit && hash && !streq(unit->hash, hash);
    feed_forget_unit(feed, key->name);
    int r = feed_scale_unit_deleted(feed, key->name);
    if (r >= 0)
        r = cluster_remove_unit(feed->cluster, key->name);
    return r < 0 || !is_ordered_otherwise ? r : feed_learn_leaving(feed, key->name);
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

static int feed_tell_users(Feed *feed, const char *hash) {
    int r = feed_tell_units_of(feed, hash);
    return r < 0 ? r : feed_tell_all_kept(feed);
}

static int feed_lose_file(Feed *feed, const char *hash) {
    FeedFile *file = map_get(feed->files, hash);
    if (!file || !file->file)
        return 0;
    unit_file_unref(TAKE_PTR(file->file));
    int r = file->n_users > 0 ? feed_tell_users(feed, hash) : 0;
    feed_drop_file_if_unknown(feed, hash);
    return r;
}

int feed_put_file(Feed *feed, StoredRecord *record) {
    const char *hash = record->key.name;
    FeedFile *file;
    if (!record->file)
        return feed_lose_file(feed, hash);
    int r = feed_get_file(feed, hash, &file);
    if (r < 0)
        return r;
    bool was_missed = !file->file && file->n_users > 0;
    file->mod_revision = record->revision;
    if (file->file)
        return 0; /* the same text: the hash is its name */
    file->file = TAKE_PTR(record->file);
    return was_missed ? feed_tell_users(feed, hash) : 0;
}

int feed_delete_file(Feed *feed, const Key *key) {
    return feed_lose_file(feed, key->name);
}

uint64_t feed_releases(const Feed *feed) {
    return feed->n_releases;
}

void feed_each_unused_file(const Feed *feed,
                           void (*each)(const char *hash, int64_t mod_revision, void *userdata),
                           void *userdata) {
    const char *hash;
    const FeedFile *file;
    MAP_FOREACH (hash, file, feed->files)
        if (file->file && file->n_users == 0 && map_size(feed->unreadable_units) == 0)
            each(hash, file->mod_revision, userdata);
}

const Map *feed_units(const Feed *feed) {
    return feed->units;
}

const Map *feed_unreadable_units(const Feed *feed) {
    return feed->unreadable_units;
}

const UnitFile *feed_file(const Feed *feed, const char *hash) {
    const FeedFile *file = map_get(feed->files, hash);
    return file ? file->file : NULL;
}

int64_t feed_file_revision(const Feed *feed, const char *hash) {
    const FeedFile *file = map_get(feed->files, hash);
    return file && file->file ? file->mod_revision : 0;
}
