#include "fleetd/agent/presence-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/model/keys.h"

#include <errno.h>

#define RETRY_USEC (500 * USEC_PER_MSEC)

static void presence_retry(Presence *presence) {
    presence->state = PRESENCE_WAITING;
    timer_start(presence->retry, RETRY_USEC);
}

/* The key is gone, or another's, although the lease lives: somebody else wrote or deleted it. The
 * mirror may tell of that before the write is answered, and of what came and went between two looks
 * it tells nothing at all. */
static bool presence_is_taken(const Presence *presence) {
    if (presence->told_revision < presence->revision)
        return mirror_is_synced(presence->mirror) &&
               mirror_revision(presence->mirror) >= presence->revision;
    return presence->told_revision > presence->revision &&
           presence->told_lease != lease_id(presence->lease);
}

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    Presence *presence = userdata;
    presence->op = NULL;
    if (r >= 0 && result->succeeded)
        presence->revision = result->revision;
    if (r == -ENOKEY)
        lease_check(presence->lease);
    if (r < 0 || !result->succeeded || presence_is_taken(presence)) {
        presence_retry(presence);
        return;
    }
    presence->state = PRESENCE_REGISTERED;
    presence->is_refusal_logged = false;
    presence->callbacks.on_registered(lease_id(presence->lease), result->revision,
                                      presence->former_lease, presence->userdata);
}

int presence_write(Presence *presence, int64_t lease, const StoreCompare *compare,
                   StoreTxnDone done) {
    _cleanup_free_ char *value = machine_format(presence->machine);
    if (!value)
        return -ENOMEM;
    StoreWrite write = {.kind = STORE_PUT, .key = presence->key, .value = value, .lease = lease};
    StoreTxn txn = {
        .compares = compare, .n_compares = compare ? 1 : 0, .writes = &write, .n_writes = 1};
    return store_txn(presence->store, &txn, done, presence, &presence->op);
}

static void presence_log_refusal(Presence *presence, const Machine *other) {
    if (!presence->is_refusal_logged)
        log_error("Refused: a machine with this id, %s, is already in the cluster (at %s, boot "
                  "%s). If it is not this machine's own last boot, "
                  "two machines share one /etc/machine-id: give each its own. Waiting until the "
                  "other gives its place up or its lease runs out",
                  presence->machine->id, str_or(other->address, "an unknown address"),
                  str_or(other->boot_id, "unknown"));
    presence->is_refusal_logged = true;
}

/* What cannot be read bars no way: nobody could say for whom. */
static bool presence_may_take_over(Presence *presence, const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, &error);
    if (r < 0)
        return false;
    if (!record.is_readable)
        log_warning("The presence of this machine in the store cannot be read, %s; it is written "
                    "anew",
                    error_text(&error, r));
    if (!record.is_readable ||
        !rival_bars(&presence->rival, presence->machine, record.machine, entry->mod_revision,
                    loop_now(presence->loop), presence->ttl_usec))
        return true;
    presence_log_refusal(presence, record.machine);
    return false;
}

void presence_enter(Presence *presence) {
    if (presence->state != PRESENCE_VACANT)
        return;
    StoreCompare compare = {
        .key = presence->key,
        .target = STORE_COMPARE_MOD_REVISION,
        .number = presence->vacant_revision,
    };
    presence->state = PRESENCE_WRITING;
    if (presence_write(presence, lease_id(presence->lease), &compare, on_written) < 0)
        presence_retry(presence);
}

/* A machine that stands there already has nothing to wait for. */
static void presence_approach(Presence *presence, const StoreEntry *entry) {
    int64_t lease = lease_id(presence->lease), former_lease = entry ? entry->lease : 0;
    presence->former_lease = former_lease != lease ? former_lease : 0;
    presence->vacant_revision = entry ? entry->mod_revision : 0;
    presence->state = PRESENCE_VACANT;
    if (former_lease == lease || !presence->callbacks.on_vacant)
        presence_enter(presence);
    else
        presence->callbacks.on_vacant(former_lease ? former_lease : lease,
                                      presence->vacant_revision, presence->userdata);
}

static void on_read(int r, const StoreRangeResult *result, void *userdata) {
    Presence *presence = userdata;
    presence->op = NULL;
    const StoreEntry *entry = r >= 0 && result->n_entries > 0 ? &result->entries[0] : NULL;
    if (r < 0 || (entry && !presence_may_take_over(presence, entry)))
        presence_retry(presence);
    else
        presence_approach(presence, entry);
}

static void presence_register(Presence *presence) {
    StoreRange range = {.key = presence->key};
    presence->state = PRESENCE_READING;
    if (store_range(presence->store, &range, on_read, presence, &presence->op) < 0)
        presence_retry(presence);
}

static void on_retry(void *userdata) {
    Presence *presence = userdata;
    if (presence->state == PRESENCE_WAITING && lease_id(presence->lease) != 0)
        presence_register(presence);
}

static void on_lease_granted(_unused_ int64_t id, void *userdata) {
    Presence *presence = userdata;
    if (presence->state == PRESENCE_WAITING)
        presence_register(presence);
}

static void on_lease_lost(void *userdata) {
    Presence *presence = userdata;
    bool was_registered = presence->state == PRESENCE_REGISTERED;
    if (presence->state == PRESENCE_LEAVING || presence->state == PRESENCE_PARTING)
        return; /* it was revoked, or the farewell finds out */
    store_op_cancel(TAKE_PTR(presence->op));
    presence->state = PRESENCE_WAITING;
    if (was_registered)
        presence->callbacks.on_lost(presence->userdata);
}

static void on_lease_contact(int r, void *userdata) {
    Presence *presence = userdata;
    if (presence->callbacks.on_contact)
        presence->callbacks.on_contact(r, presence->userdata);
}

static void presence_note_key(Presence *presence, const char *key, int64_t revision,
                              int64_t lease) {
    if (!streq(key, presence->key))
        return;
    presence->told_revision = revision;
    presence->told_lease = lease;
}

static void on_key_put(const StoreEntry *entry, void *userdata) {
    presence_note_key(userdata, entry->key, entry->mod_revision, entry->lease);
}

static void on_key_deleted(const char *key, int64_t revision, void *userdata) {
    presence_note_key(userdata, key, revision, 0);
}

/* Written anew at once it would be a race without end against one who takes it always. */
static void on_key_synced(_unused_ int64_t revision, void *userdata) {
    Presence *presence = userdata;
    if (presence->state != PRESENCE_REGISTERED || !presence_is_taken(presence))
        return;
    presence_retry(presence);
    lease_check(presence->lease); /* with which it may have gone */
    presence->callbacks.on_lost(presence->userdata);
}

/* What was told of a later time than the store's has not happened there. */
static void on_restored(void *userdata) {
    Presence *presence = userdata;
    if (presence->told_revision > mirror_revision(presence->mirror))
        presence->told_revision = 0;
}

static int presence_watch_key(Presence *presence) {
    static const MirrorCallbacks callbacks = {
        .on_put = on_key_put,
        .on_delete = on_key_deleted,
        .on_synced = on_key_synced,
        .on_restored = on_restored,
    };
    return mirror_new(presence->store, presence->loop, &(MirrorKeys){.prefix = presence->key},
                      &callbacks, presence, &presence->mirror);
}

int presence_new(Store *store, Loop *loop, const Machine *machine, usec_t ttl_usec,
                 const PresenceCallbacks *callbacks, void *userdata, Presence **ret) {
    static const LeaseCallbacks lease_callbacks = {
        .on_granted = on_lease_granted,
        .on_lost = on_lease_lost,
        .on_contact = on_lease_contact,
    };
    _cleanup_(presence_freep) Presence *presence = calloc(1, sizeof(Presence));
    if (!presence)
        return -ENOMEM;
    presence->store = store;
    presence->loop = loop;
    presence->ttl_usec = ttl_usec;
    presence->callbacks = *callbacks;
    presence->userdata = userdata;
    presence->key = key_machine(machine->id);
    if (!presence->key)
        return -ENOMEM;
    int r = machine_copy(machine, &presence->machine);
    if (r < 0)
        return r;
    r = timer_new(loop, on_retry, presence, &presence->retry);
    if (r < 0)
        return r;
    r = presence_watch_key(presence);
    if (r < 0)
        return r;
    r = lease_new(store, loop, ttl_usec, &lease_callbacks, presence, &presence->lease);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(presence);
    return 0;
}

void presence_free(Presence *presence) {
    if (!presence)
        return;
    store_op_cancel(presence->op);
    timer_free(presence->retry);
    mirror_free(presence->mirror);
    lease_free(presence->lease);
    rival_done(&presence->rival);
    machine_free(presence->machine);
    free(presence->key);
    free(presence);
}

bool presence_is_sure(const Presence *presence) {
    return presence->state == PRESENCE_REGISTERED && lease_is_sure(presence->lease);
}

usec_t presence_steady_since(const Presence *presence) {
    return lease_steady_since(presence->lease);
}

void presence_reclaim(Presence *presence) {
    if (presence->state == PRESENCE_REGISTERED)
        presence_register(presence);
    else if (presence->state == PRESENCE_VACANT) {
        lease_check(presence->lease); /* what was put under it may have been refused */
        presence_retry(presence);
    }
}

int presence_set_machine(Presence *presence, const Machine *machine) {
    Machine *copy;
    int r = machine_copy(machine, &copy);
    if (r < 0)
        return r;
    copy->status = presence->machine->status;
    machine_free(presence->machine);
    presence->machine = copy;
    if (presence->state == PRESENCE_WRITING) { /* what it was before */
        store_op_cancel(TAKE_PTR(presence->op));
        presence_register(presence);
    }
    return 0;
}
