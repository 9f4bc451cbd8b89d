#include "fleetd/engine/leadership.h"

#include "fleetd/base/log.h"
#include "fleetd/model/leader.h"
#include "fleetd/store/lease.h"
#include "fleetd/store/mirror.h"

#include <errno.h>

#define RETRY_USEC (500 * USEC_PER_MSEC)

struct Leadership {
    Store *store;
    Loop *loop;
    LeadershipCallbacks callbacks;
    void *userdata;
    char *machine_id;
    usec_t ttl_usec;
    Lease *lease;   /* NULL while another one leads: who only waits costs the store nothing */
    Mirror *mirror; /* of the leader key */
    Timer *retry;
    StoreOp *op;
    bool is_vacant;           /* the key may be taken over (on_key_put()) */
    int64_t key_revision;     /* mod revision of the leader key as last seen; 0: there is none */
    int64_t told_revision;    /* of the last that the mirror told of the key */
    int64_t elected_revision; /* of our own; 0: not elected */
    void (*resigned)(int r, void *userdata);
    void *resigned_userdata;
};

static void leadership_campaign(Leadership *leadership);

/* Nothing hangs on it: a lease that could not be revoked runs out. */
static void on_dropped(_unused_ int r, _unused_ int64_t id, _unused_ usec_t ttl_usec,
                       _unused_ void *userdata) {
}

static void leadership_drop_lease(Leadership *leadership) {
    if (!leadership->lease)
        return;
    if (lease_id(leadership->lease) != 0)
        (void) store_lease_revoke(leadership->store, lease_id(leadership->lease), on_dropped, NULL,
                                  NULL);
    lease_free(TAKE_PTR(leadership->lease));
}

static void leadership_depose(Leadership *leadership, const char *why) {
    if (leadership->elected_revision == 0)
        return;
    log_info("This machine does not lead any more: %s", why);
    leadership->elected_revision = 0;
    leadership->callbacks.on_deposed(leadership->userdata);
}

static void on_campaigned(int r, const StoreTxnResult *result, void *userdata) {
    Leadership *leadership = userdata;
    leadership->op = NULL;
    if (r < 0) {
        timer_start(leadership->retry, RETRY_USEC);
        return;
    }
    /* The mirror tells who was faster; or it has told already, during this very try, that the key
     * that was expected, or the one that was just written, is gone, and will say no more. */
    if (!result->succeeded || result->revision < leadership->told_revision) {
        leadership_drop_lease(leadership);
        timer_start(leadership->retry, RETRY_USEC);
        return;
    }
    leadership->elected_revision = leadership->key_revision = result->revision;
    leadership->is_vacant = true;
    log_write(LOG_INFO,
              (LogFields){.machine = leadership->machine_id, .revision = result->revision},
              "This machine leads the cluster");
    leadership->callbacks.on_elected(leadership->userdata);
}

static void on_lease_granted(_unused_ int64_t id, void *userdata) {
    leadership_campaign(userdata);
}

static void on_lease_lost(void *userdata) {
    leadership_depose(userdata, "its lease ran out");
}

/* 1: there is one; 0: it is asked for, and campaigns when it comes. */
static int leadership_need_lease(Leadership *leadership) {
    static const LeaseCallbacks callbacks = {.on_granted = on_lease_granted,
                                             .on_lost = on_lease_lost};
    if (leadership->lease)
        return lease_id(leadership->lease) != 0;
    return lease_new(leadership->store, leadership->loop, leadership->ttl_usec, &callbacks,
                     leadership, &leadership->lease);
}

static void leadership_campaign(Leadership *leadership) {
    bool is_free = leadership->key_revision == 0 || leadership->is_vacant;
    if (leadership->elected_revision != 0 || leadership->op || leadership->resigned || !is_free ||
        !mirror_is_synced(leadership->mirror))
        return;
    int r = leadership_need_lease(leadership);
    if (r < 0)
        timer_start(leadership->retry, RETRY_USEC);
    if (r <= 0)
        return;
    _cleanup_free_ char *value = leader_format(leadership->machine_id);
    StoreCompare compare = {
        .key = KEY_LEADER_TEXT,
        .target = STORE_COMPARE_MOD_REVISION,
        .number = leadership->key_revision,
    };
    StoreWrite write = {.kind = STORE_PUT,
                        .key = KEY_LEADER_TEXT,
                        .value = value,
                        .lease = lease_id(leadership->lease)};
    StoreTxn txn = {.compares = &compare, .n_compares = 1, .writes = &write, .n_writes = 1};
    if (!value ||
        store_txn(leadership->store, &txn, on_campaigned, leadership, &leadership->op) < 0)
        timer_start(leadership->retry, RETRY_USEC);
}

static void on_retry(void *userdata) {
    leadership_campaign(userdata);
}

/* A key of this machine's own earlier run is taken over: at most one fleetd runs here, and if it
 * did not, the fence tells them apart. So is one without a lease: whoever leads has one, and nobody
 * would ever take that key away. What else cannot be read goes when its lease runs out. */
static int leadership_read_key(Leadership *leadership, const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, &error);
    if (r < 0)
        return r;
    if (!record.is_readable)
        log_warning("The store has a value that cannot be read, %s; %s", error_text(&error, r),
                    entry->lease == 0 ? "it is replaced"
                                      : "nobody can lead until its lease runs out");
    leadership->is_vacant = entry->lease == 0 || streq_ptr(record.leader, leadership->machine_id);
    return 0;
}

/* News from before the election are late, or the store went back to an earlier time: then the lease
 * decides about this leadership, but the next campaign goes by what is there now. */
static void on_key_put(const StoreEntry *entry, void *userdata) {
    Leadership *leadership = userdata;
    if (!streq(entry->key, KEY_LEADER_TEXT))
        return;
    leadership->key_revision = leadership->told_revision = entry->mod_revision;
    if (leadership_read_key(leadership, entry) < 0) {
        leadership->is_vacant = false; /* until it is told again, it counts as another's */
        mirror_refuse(leadership->mirror);
    }
    if (entry->mod_revision <= leadership->elected_revision)
        return;
    leadership_depose(leadership, "another one was elected");
    if (!leadership->is_vacant && !leadership->op)
        leadership_drop_lease(leadership);
}

static void on_key_deleted(const char *key, int64_t revision, void *userdata) {
    Leadership *leadership = userdata;
    if (!streq(key, KEY_LEADER_TEXT))
        return;
    leadership->key_revision = 0;
    leadership->told_revision = revision;
    if (revision >= leadership->elected_revision)
        leadership_depose(leadership, "its key in the store is gone");
}

static void on_restored(void *userdata) {
    leadership_depose(userdata, "the store has gone back to an earlier time");
}

/* A key of its own writing that came and went unseen, while the mirror had no contact, is never
 * told at all. */
static void on_key_synced(int64_t revision, void *userdata) {
    Leadership *leadership = userdata;
    if (leadership->told_revision < leadership->key_revision &&
        leadership->key_revision <= revision)
        on_key_deleted(KEY_LEADER_TEXT, revision, leadership);
    leadership_campaign(leadership);
}

int leadership_new(Store *store, Loop *loop, const char *machine_id, usec_t ttl_usec,
                   const LeadershipCallbacks *callbacks, void *userdata, Leadership **ret) {
    static const MirrorCallbacks mirror_callbacks = {
        .on_put = on_key_put,
        .on_delete = on_key_deleted,
        .on_synced = on_key_synced,
        .on_restored = on_restored,
    };
    _cleanup_(leadership_freep) Leadership *leadership = calloc(1, sizeof(Leadership));
    if (!leadership)
        return -ENOMEM;
    leadership->store = store;
    leadership->loop = loop;
    leadership->callbacks = *callbacks;
    leadership->userdata = userdata;
    leadership->ttl_usec = ttl_usec;
    leadership->machine_id = strdup(machine_id);
    if (!leadership->machine_id)
        return -ENOMEM;
    int r = timer_new(loop, on_retry, leadership, &leadership->retry);
    if (r >= 0)
        r = mirror_new(store, loop, &(MirrorKeys){.prefix = KEY_LEADER_TEXT}, &mirror_callbacks,
                       leadership, &leadership->mirror);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(leadership);
    return 0;
}

void leadership_free(Leadership *leadership) {
    if (!leadership)
        return;
    store_op_cancel(leadership->op);
    timer_free(leadership->retry);
    mirror_free(leadership->mirror);
    lease_free(leadership->lease);
    free(leadership->machine_id);
    free(leadership);
}

bool leadership_is_elected(const Leadership *leadership) {
    return leadership->elected_revision != 0;
}

bool leadership_is_sure(const Leadership *leadership) {
    return leadership->elected_revision != 0 && leadership->lease &&
           lease_is_sure(leadership->lease);
}

StoreCompare leadership_fence(const Leadership *leadership) {
    return (StoreCompare){
        .key = KEY_LEADER_TEXT,
        .target = STORE_COMPARE_MOD_REVISION,
        .number = leadership->elected_revision,
    };
}

void leadership_renew_fence(Leadership *leadership) {
    leadership->elected_revision = 0;
    leadership_campaign(leadership);
}

usec_t leadership_last_gap(const Leadership *leadership) {
    return leadership->lease ? lease_last_gap(leadership->lease) : USEC_INFINITY;
}

static void on_revoked(int r, _unused_ int64_t id, _unused_ usec_t ttl_usec, void *userdata) {
    Leadership *leadership = userdata;
    leadership->op = NULL;
    leadership->resigned(r, leadership->resigned_userdata);
}

int leadership_resign(Leadership *leadership, void (*done)(int r, void *userdata), void *userdata) {
    int64_t id = leadership->lease ? lease_id(leadership->lease) : 0;
    leadership->resigned = done;
    leadership->resigned_userdata = userdata;
    leadership->elected_revision = 0;
    store_op_cancel(TAKE_PTR(leadership->op));
    if (id == 0)
        return -ENOTCONN;
    return store_lease_revoke(leadership->store, id, on_revoked, leadership, &leadership->op);
}
