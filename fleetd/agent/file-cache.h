/* Texts of unit files by hash, fetched from `file/<hash>` when somebody asks. Several units often
 * share one. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef struct FileCache FileCache;

/* on_changed: a text that was asked for has come, or failed to; ask again. */
int file_cache_new(Store *store, Loop *loop, void (*on_changed)(void *userdata), void *userdata,
                   FileCache **ret);
void file_cache_free(FileCache *cache);
DEFINE_POINTER_CLEANUP(FileCache, file_cache_free)

/* 1: here it is, borrowed until the next turn of the loop. 0: it is being fetched. -ENOENT: the
 * store does not have it; -EBADMSG: what the store has is another text; both are tried again after
 * a while when asked for anew. Other errors: out of memory. */
int file_cache_get(FileCache *cache, const char *hash, const char **ret_text, size_t *ret_size);
