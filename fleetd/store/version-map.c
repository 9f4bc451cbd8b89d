/* A key's versions hang on its node, newest first; a delete is a version too. Those that the log
 * has forgotten are kept only where a key had them last: a node has at most one such. */
#include "fleetd/store/version-map.h"

#include "fleetd/store/key-index.h"
#include "fleetd/store/store-request.h"
#include "fleetd/store/version-log.h"

#include <errno.h>

struct VersionMap {
    KeyIndex *index;
    int64_t revision, compacted;
    VersionLog log;
    StoreChange *staged;
    size_t n_staged, staged_room;
};

static void versions_free(Version *version) {
    while (version) {
        Version *older = version->older;
        free(version);
        version = older;
    }
}

VersionMap *version_map_new(int64_t revision) {
    _cleanup_(version_map_freep) VersionMap *map = calloc(1, sizeof(VersionMap));
    if (!map)
        return NULL;
    map->revision = map->compacted = revision;
    map->index = key_index_new();
    return map->index ? TAKE_PTR(map) : NULL;
}

void version_map_free(VersionMap *map) {
    if (!map)
        return;
    version_map_drop(map);
    for (KeyNode *node = map->index ? key_index_from(map->index, "") : NULL; node;
         node = key_node_next(node))
        versions_free(node->newest);
    key_index_free(map->index);
    free(map->staged);
    version_log_done(&map->log);
    free(map);
}

int64_t version_map_revision(const VersionMap *map) {
    return map->revision;
}

int64_t version_map_compacted(const VersionMap *map) {
    return map->compacted;
}

static const Version *version_at(const KeyNode *node, int64_t revision) {
    const Version *version = node->newest;
    while (version && version->entry.mod_revision > revision)
        version = version->older;
    return version && !version->is_delete ? version : NULL;
}

const StoreEntry *version_map_get(VersionMap *map, const char *key) {
    KeyNode *node = key_index_find(map->index, key);
    const Version *version = node ? version_at(node, map->revision) : NULL;
    return version ? &version->entry : NULL;
}

/* Staging */

static Version *version_new(const StoreEntry *entry) {
    Version *version = malloc(sizeof(Version) + entry->value_size + 1);
    if (!version)
        return NULL;
    *version = (Version){.entry = *entry};
    if (entry->value_size > 0)
        memcpy(version->value, entry->value, entry->value_size);
    version->value[entry->value_size] = '\0';
    version->entry.value = version->value;
    return version;
}

static int staged_reserve(VersionMap *map) {
    if (map->n_staged < map->staged_room)
        return 0;
    size_t room = MAX((size_t) 16, 2 * map->staged_room);
    StoreChange *staged = realloc(map->staged, room * sizeof(*staged));
    if (!staged)
        return -ENOMEM;
    map->staged = staged;
    map->staged_room = room;
    return 0;
}

static int stage(VersionMap *map, KeyNode *node, StoreEventKind kind, const StoreEntry *entry) {
    int r = staged_reserve(map);
    if (r >= 0)
        r = version_log_reserve(&map->log, map->n_staged + 1); /* applying must not fail */
    Version *version = r >= 0 ? version_new(entry) : NULL;
    if (!version)
        return -ENOMEM;
    const Version *before = version_at(node, map->revision);
    version->entry.key = node->key;
    version->node = node;
    version->is_delete = kind == STORE_EVENT_DELETE;
    node->staged = version;
    map->staged[map->n_staged++] = (StoreChange){
        .kind = kind, .entry = &version->entry, .before = before ? &before->entry : NULL};
    return 0;
}

int version_map_stage_put(VersionMap *map, const StoreWrite *write) {
    KeyNode *node = key_index_add(map->index, write->key);
    if (!node)
        return -ENOMEM;
    int64_t revision = map->revision + 1;
    const Version *before = version_at(node, map->revision);
    StoreEntry entry = {
        .value = write->value,
        .value_size = write->value_size,
        .create_revision = before ? before->entry.create_revision : revision,
        .mod_revision = revision,
        .lease = write->lease,
    };
    int r = stage(map, node, STORE_EVENT_PUT, &entry);
    if (r < 0 && !node->newest)
        key_index_remove(map->index, node);
    return r;
}

static int stage_delete_node(VersionMap *map, KeyNode *node) {
    if (node->staged || !version_at(node, map->revision))
        return 0;
    return stage(map, node, STORE_EVENT_DELETE, &(StoreEntry){.mod_revision = map->revision + 1});
}

int version_map_stage_delete(VersionMap *map, const char *key) {
    KeyNode *node = key_index_find(map->index, key);
    return node ? stage_delete_node(map, node) : 0;
}

int version_map_stage_delete_prefix(VersionMap *map, const char *prefix) {
    for (KeyNode *node = key_index_from(map->index, prefix);
         node && store_key_begins(node->key, prefix); node = key_node_next(node)) {
        int r = stage_delete_node(map, node);
        if (r < 0)
            return r;
    }
    return 0;
}

const StoreChange *version_map_staged(const VersionMap *map, size_t *ret_n) {
    *ret_n = map->n_staged;
    return map->staged;
}

void version_map_drop(VersionMap *map) {
    for (size_t i = 0; i < map->n_staged; i++) {
        Version *version = (Version *) map->staged[i].entry;
        KeyNode *node = version->node;
        free(TAKE_PTR(node->staged));
        if (!node->newest)
            key_index_remove(map->index, node);
    }
    map->n_staged = 0;
}

/* The past */

/* Forgets the oldest event. Its version stays as long as the key had it last; the one before it
 * ends here, and so does a key that is deleted. */
static void forget_oldest(VersionMap *map) {
    Version *version = version_log_pop(&map->log);
    KeyNode *node = version->node;
    versions_free(TAKE_PTR(version->older));
    if (version->is_delete && node->newest == version) {
        key_index_remove(map->index, node);
        free(version);
    }
}

void version_map_compact(VersionMap *map, int64_t revision) {
    Version *oldest;
    revision = MIN(revision, map->revision);
    while ((oldest = version_log_oldest(&map->log)) && oldest->entry.mod_revision <= revision)
        forget_oldest(map);
    map->compacted = MAX(map->compacted, revision);
}

/* The newest revision always stays: its watches have yet to be told. */
static void forget_what_is_too_much(VersionMap *map) {
    while (version_log_is_over_full(&map->log)) {
        int64_t oldest = version_log_oldest(&map->log)->entry.mod_revision;
        if (oldest == map->revision)
            break;
        version_map_compact(map, oldest);
    }
}

void version_map_apply(VersionMap *map) {
    if (map->n_staged == 0)
        return;
    for (size_t i = 0; i < map->n_staged; i++) {
        Version *version = (Version *) map->staged[i].entry;
        version->older = version->node->newest;
        version->node->newest = TAKE_PTR(version->node->staged);
        version_log_push(&map->log, version);
    }
    map->n_staged = 0;
    map->revision++;
    forget_what_is_too_much(map);
}

int version_map_load(VersionMap *map, const StoreEntry *entry) {
    KeyNode *node = key_index_add(map->index, entry->key);
    Version *version = node ? version_new(entry) : NULL;
    if (!version)
        return -ENOMEM;
    version->entry.key = node->key;
    version->node = node;
    versions_free(node->newest);
    node->newest = version;
    return 0;
}

/* Reading */

typedef struct EntryList {
    StoreEntry *entries;
    size_t n, room;
} EntryList;

static int entry_list_add(EntryList *list, const StoreEntry *entry, bool is_keys_only) {
    if (list->n == list->room) {
        size_t room = MAX((size_t) 16, 2 * list->room);
        StoreEntry *entries = realloc(list->entries, room * sizeof(*entries));
        if (!entries)
            return -ENOMEM;
        list->entries = entries;
        list->room = room;
    }
    list->entries[list->n] = *entry;
    if (is_keys_only) {
        list->entries[list->n].value = "";
        list->entries[list->n].value_size = 0;
    }
    list->n++;
    return 0;
}

static KeyNode *range_first(VersionMap *map, const StoreRange *range) {
    if (!range->after || strcmp(range->after, range->key) < 0)
        return key_index_from(map->index, range->key);
    KeyNode *node = key_index_from(map->index, range->after);
    return node && streq(node->key, range->after) ? key_node_next(node) : node;
}

int version_map_range(VersionMap *map, const StoreRange *range, StoreRangeResult *ret) {
    int64_t revision = range->revision > 0 ? range->revision : map->revision;
    EntryList list = {};
    bool has_more = false;

    if (revision < map->compacted)
        return -ESTALE;
    if (revision > map->revision)
        return -ERANGE;
    for (KeyNode *node = range_first(map, range); node && store_range_has(range, node->key);
         node = key_node_next(node)) {
        const Version *version = version_at(node, revision);
        if (!version)
            continue;
        has_more = range->limit > 0 && list.n == range->limit;
        if (has_more)
            break;
        if (entry_list_add(&list, &version->entry, range->is_keys_only) < 0) {
            free(list.entries);
            return -ENOMEM;
        }
    }
    *ret = (StoreRangeResult){.revision = map->revision,
                              .entries = list.entries,
                              .n_entries = list.n,
                              .has_more = has_more};
    return 0;
}

int version_map_events(const VersionMap *map, const StoreWatch *watch, StoreEvent **ret,
                       size_t *ret_n) {
    const VersionLog *log = &map->log;
    size_t first = version_log_find(log, watch->start_revision), n = 0;
    StoreEvent *events = malloc(MAX(log->end - first, (size_t) 1) * sizeof(StoreEvent));
    if (!events)
        return -ENOMEM;
    for (size_t i = first; i < log->end; i++) {
        const Version *version = log->versions[i];
        if (store_watch_has(watch, version->node->key))
            events[n++] = (StoreEvent){
                .kind = version->is_delete ? STORE_EVENT_DELETE : STORE_EVENT_PUT,
                .entry = version->entry,
            };
    }
    *ret = events;
    *ret_n = n;
    return 0;
}
