#include "fleetd/agent/file-cache.h"

#include "fleetd/base/map.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/unit-file.h"

#include <errno.h>

/* Between two tries for a file that the store does not have, or does not give. */
#define RETRY_USEC (2 * USEC_PER_SEC)

/* For so long after it was last asked for a text is kept: units that share one often come one after
 * another. */
#define KEEP_USEC (1 * USEC_PER_MINUTE)

typedef struct CachedFile {
    FileCache *cache;
    char *hash;
    char *text; /* NULL: not (yet) */
    size_t size;
    int result; /* of the last try, while text is NULL */
    StoreOp *op;
    usec_t retry_at_usec;
    usec_t used_usec; /* when it was last asked for */
} CachedFile;

struct FileCache {
    Store *store;
    Loop *loop;
    void (*on_changed)(void *userdata);
    void *userdata;
    Map *files;
    Timer *retry, *expiry;
};

static void cached_file_free(void *p) {
    CachedFile *file = p;
    store_op_cancel(file->op);
    free(file->text);
    free(file->hash);
    free(file);
}

static void on_retry(void *userdata) {
    FileCache *cache = userdata;
    cache->on_changed(cache->userdata);
}

/* The hash names the content; anything else under it must not run. */
static int cached_file_take_answer(CachedFile *file, const StoreRangeResult *result) {
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    if (result->n_entries == 0)
        return -ENOENT;
    const StoreEntry *entry = &result->entries[0];
    int r = unit_file_hash_text(entry->value, entry->value_size, hash);
    if (r < 0)
        return r;
    if (!streq(hash, file->hash))
        return -EBADMSG;
    file->text = malloc(entry->value_size + 1);
    if (!file->text)
        return -ENOMEM;
    memcpy(file->text, entry->value, entry->value_size);
    file->text[entry->value_size] = 0;
    file->size = entry->value_size;
    return 0;
}

static void cached_file_retry_later(CachedFile *file, int r) {
    file->result = r;
    file->retry_at_usec = loop_now(file->cache->loop) + RETRY_USEC;
    timer_start_if_idle(file->cache->retry, RETRY_USEC);
}

static void on_fetched(int r, const StoreRangeResult *result, void *userdata) {
    CachedFile *file = userdata;
    FileCache *cache = file->cache;
    file->op = NULL;
    r = r < 0 ? 0 : cached_file_take_answer(file, result);
    if (!file->text)
        cached_file_retry_later(file, r);
    cache->on_changed(cache->userdata);
}

static int cached_file_fetch(CachedFile *file) {
    FileCache *cache = file->cache;
    _cleanup_free_ char *key = key_file(file->hash);
    if (!key)
        return -ENOMEM;
    StoreRange range = {.key = key};
    return store_range(cache->store, &range, on_fetched, file, &file->op);
}

static int cached_file_add(FileCache *cache, const char *hash, CachedFile **ret) {
    CachedFile *file = calloc(1, sizeof(CachedFile));
    if (!file)
        return -ENOMEM;
    *file = (CachedFile){.cache = cache, .hash = strdup(hash)};
    if (!file->hash || map_put(cache->files, hash, file) < 0) {
        cached_file_free(file);
        return -ENOMEM;
    }
    *ret = file;
    return 0;
}

int file_cache_get(FileCache *cache, const char *hash, const char **ret_text, size_t *ret_size) {
    CachedFile *file = map_get(cache->files, hash);
    int r = file ? 0 : cached_file_add(cache, hash, &file);
    if (r < 0) {
        timer_start_if_idle(cache->retry, RETRY_USEC);
        return r;
    }
    file->used_usec = loop_now(cache->loop);
    timer_start_if_idle(cache->expiry, KEEP_USEC);
    if (file->text) {
        *ret_text = file->text;
        *ret_size = file->size;
        return 1;
    }
    if (file->op)
        return 0;
    if (loop_now(cache->loop) < file->retry_at_usec) {
        timer_start_if_idle(cache->retry, file->retry_at_usec - loop_now(cache->loop));
        return file->result;
    }
    r = cached_file_fetch(file);
    if (r < 0)
        cached_file_retry_later(file, r);
    return r;
}

/* What could not be had goes as well, once it would be asked for anew. */
static bool cached_file_is_spent(const CachedFile *file) {
    usec_t now = loop_now(file->cache->loop);
    bool is_done = file->text || (!file->op && now >= file->retry_at_usec);
    return is_done && now >= file->used_usec + KEEP_USEC;
}

static void on_expiry(void *userdata) {
    FileCache *cache = userdata;
    const char *hash;
    CachedFile *file;
    MAP_FOREACH (hash, file, cache->files)
        if (cached_file_is_spent(file))
            map_remove(cache->files, hash);
    if (map_size(cache->files) > 0)
        timer_start(cache->expiry, KEEP_USEC);
}

int file_cache_new(Store *store, Loop *loop, void (*on_changed)(void *userdata), void *userdata,
                   FileCache **ret) {
    _cleanup_(file_cache_freep) FileCache *cache = calloc(1, sizeof(FileCache));
    if (!cache)
        return -ENOMEM;
    *cache = (FileCache){
        .store = store,
        .loop = loop,
        .on_changed = on_changed,
        .userdata = userdata,
        .files = map_new(cached_file_free),
    };
    if (!cache->files)
        return -ENOMEM;
    int r = timer_new(loop, on_retry, cache, &cache->retry);
    if (r >= 0)
        r = timer_new(loop, on_expiry, cache, &cache->expiry);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(cache);
    return 0;
}

void file_cache_free(FileCache *cache) {
    if (!cache)
        return;
    map_free(cache->files);
    timer_free(cache->retry);
    timer_free(cache->expiry);
    free(cache);
}
