/* A live copy of a part of the store: list, then watch, resume after a break, list anew after a
 * compaction, and tell the owner nothing but what changed. Engine, agent and API all see the store
 * through one of these, so that what a broken watch means is decided in one place. The mirror keeps
 * only keys and revisions; values are the owner's. A store of another history, or whose revision
 * went back, has come from a backup or lost its data: it is listed anew, and all that it holds is
 * told again. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef struct Mirror Mirror;

typedef struct MirrorCallbacks {
    /* A key appeared or changed. Also during the first list. Never for a revision of the key that
     * was told before. */
    void (*on_put)(const StoreEntry *entry, void *userdata);
    /* A key that was told is gone; revision is when, or, if that was missed, when it was found out.
     */
    void (*on_delete)(const char *key, int64_t revision, void *userdata);
    /* All changes up to revision have been told: the time to look at the whole. Called after the
     * first list and after each batch of events, and after a resume or new list also when nothing
     * had changed. */
    void (*on_synced)(int64_t revision, void *userdata);
    /* Contact is lost, or the place in the store's past or its whole history (-ESTALE); what was
     * told may be out of date until the next on_synced. It is tried again by itself, with growing
     * delay of 0.1 to 2 s; up to 10 s where the store does not answer a list in time. Called once
     * per loss, also when there was no contact yet. May be NULL.
     */
    void (*on_lost)(int r, void *userdata);
    /* The store has gone back to an earlier time: it lost its data, or came from a backup. All that
     * it holds now has just been told, on_synced follows. What was written since is lost, and
     * revisions that were seen may come again for something else. May be NULL. */
    void (*on_restored)(void *userdata);
} MirrorCallbacks;

typedef struct MirrorKeys {
    const char *prefix; /* every key that begins so; "" is all */
    const char *before; /* and of these only those before this one; NULL: all */
    /* Where a long list is cut, in order, NULL-terminated; borrowed; NULL: nowhere. For each page
     * etcd counts all keys up to the end of what is asked for. */
    const char *const *cuts;
    size_t page_size; /* of a list, which is of one revision; 0: as suits large clusters */
} MirrorKeys;

/* Starts at once; callbacks come from the loop, never from inside this call. Any callback may free
 * the mirror. */
int mirror_new(Store *store, Loop *loop, const MirrorKeys *keys, const MirrorCallbacks *callbacks,
               void *userdata, Mirror **ret);
void mirror_free(Mirror *mirror);
DEFINE_POINTER_CLEANUP(Mirror, mirror_free)

/* From inside on_put and on_delete: the owner could not take in what it is told, for lack of
 * memory. It counts as a loss of contact, after which it is told again. */
void mirror_refuse(Mirror *mirror);

/* Lists anew, to know all changes up to now: a watch alone never tells that there were none. It is
 * not synced until then. Not from inside its callbacks. */
void mirror_relist(Mirror *mirror);

/* Likewise, and all that is there is told once more: the owner has found out that the store is
 * another one than it was, although its revisions do not show it. */
void mirror_start_over(Mirror *mirror);

bool mirror_is_synced(const Mirror *mirror); /* listed, and watching now */
int64_t mirror_revision(
    const Mirror *mirror); /* all changes up to it have been told; 0: nothing yet */
