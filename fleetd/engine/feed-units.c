/* Units, and the files that they share: a unit is told to the cluster when its file is there. */
#include "fleetd/engine/feed-internal.h"

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

int feed_put_unit(Feed *feed, const char *name, const StoreEntry *entry) {
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

int feed_delete_unit(Feed *feed, const char *name) {
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

int feed_put_file(Feed *feed, const char *hash, const StoreEntry *entry) {
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

int feed_delete_file(Feed *feed, const char *hash) {
    FeedFile *file = map_get(feed->files, hash);
    if (!file)
        return 0;
    unit_file_unref(TAKE_PTR(file->file));
    feed_drop_file_if_unknown(feed, hash);
    return 0;
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
