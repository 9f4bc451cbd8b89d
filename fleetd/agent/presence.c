#include "fleetd/agent/presence.h"

#include "fleetd/base/log.h"
#include "fleetd/model/keys.h"
#include "fleetd/store/lease.h"

#include <errno.h>

#define RETRY_USEC (500 * USEC_PER_MSEC)

typedef enum PresenceState {
    PRESENCE_WAITING, /* for a lease, or for the next try */
    PRESENCE_READING, /* who holds the key? */
    PRESENCE_WRITING,
    PRESENCE_REGISTERED,
    PRESENCE_LEAVING,
} PresenceState;

struct Presence {
    Store *store;
    Loop *loop;
    PresenceCallbacks callbacks;
    void *userdata;
    Machine *machine;
    char *key;
    Lease *lease;
    Timer *retry;
    StoreOp *op;
    PresenceState state;
    int64_t former_lease;
    int64_t former_revision;
    bool is_refusal_logged;

    PresenceFarewell farewell;
    int64_t last_lease; /* of the key before the farewell; renewed until the end */
    int64_t farewell_lease, farewell_revision;
    void (*left)(int r, int64_t lease, int64_t revision, void *userdata);
    void *left_userdata;
};

static void presence_retry(Presence *presence) {
    presence->state = PRESENCE_WAITING;
    timer_start(presence->retry, RETRY_USEC);
}

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    Presence *presence = userdata;
    presence->op = NULL;
    if (r < 0 || !result->succeeded) {
        presence_retry(presence);
        return;
    }
    presence->state = PRESENCE_REGISTERED;
    presence->is_refusal_logged = false;
    presence->callbacks.on_registered(lease_id(presence->lease), result->revision,
                                      presence->former_lease, presence->userdata);
}

static int presence_write(Presence *presence, int64_t lease, const StoreCompare *compare,
                          StoreTxnDone done) {
    _cleanup_free_ char *value = machine_format(presence->machine);
    if (!value)
        return -ENOMEM;
    StoreWrite write = {.kind = STORE_PUT, .key = presence->key, .value = value, .lease = lease};
    StoreTxn txn = {
        .compares = compare, .n_compares = compare ? 1 : 0, .writes = &write, .n_writes = 1};
    return store_txn(presence->store, &txn, done, presence, &presence->op);
}

/* Only a running fleetd of another boot or address bars the way: one that said that it restarts or
 * leaves does not live, and one of this boot was this machine's own. */
static bool presence_is_barred_by(const Presence *presence, const Machine *other) {
    if (other->status != MACHINE_STATUS_RUNNING)
        return false;
    return !streq_ptr(other->boot_id, presence->machine->boot_id) ||
           !streq_ptr(other->address, presence->machine->address);
}

/* What stands under this presence's own lease is its own, also from an address that it had before.
 */
static bool presence_is_own(const Presence *presence, const StoreEntry *entry) {
    return entry->lease != 0 && entry->lease == lease_id(presence->lease);
}

static bool presence_may_take_over(Presence *presence, const StoreEntry *entry) {
    _cleanup_(machine_freep) Machine *other = NULL;
    _cleanup_error_ Error error = {};
    int r = machine_parse(presence->machine->id, entry->value, entry->value_size, &other, &error);
    if (r < 0) {
        log_warning(
            "The presence of this machine in the store is not readable (%s); it is written anew",
            error_text(&error, r));
        return true;
    }
    if (presence_is_own(presence, entry) || !presence_is_barred_by(presence, other))
        return true;
    if (!presence->is_refusal_logged)
        log_error("Refused: a machine with this id, %s, is already in the cluster (at %s, boot "
                  "%s). If it is not this machine's own last boot, "
                  "two machines share one /etc/machine-id: give each its own. Waiting until the "
                  "other's lease runs out",
                  presence->machine->id, str_or(other->address, "an unknown address"),
                  str_or(other->boot_id, "unknown"));
    presence->is_refusal_logged = true;
    return false;
}

static void on_read(int r, const StoreRangeResult *result, void *userdata) {
    Presence *presence = userdata;
    presence->op = NULL;
    const StoreEntry *entry = r >= 0 && result->n_entries > 0 ? &result->entries[0] : NULL;
    if (r < 0 || (entry && !presence_may_take_over(presence, entry))) {
        presence_retry(presence);
        return;
    }
    presence->former_lease = entry && entry->lease != lease_id(presence->lease) ? entry->lease : 0;
    StoreCompare compare = {
        .key = presence->key,
        .target = STORE_COMPARE_MOD_REVISION,
        .number = entry ? entry->mod_revision : 0,
    };
    presence->state = PRESENCE_WRITING;
    if (presence_write(presence, lease_id(presence->lease), &compare, on_written) < 0)
        presence_retry(presence);
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
    if (presence->state == PRESENCE_LEAVING)
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
    lease_free(presence->lease);
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

static void presence_left(Presence *presence, int r) {
    presence->op = NULL;
    presence->left(r, presence->farewell_lease, presence->farewell_revision,
                   presence->left_userdata);
}

static void on_revoked(int r, _unused_ int64_t id, _unused_ usec_t ttl_usec, void *userdata) {
    presence_left(userdata, r);
}

static void on_farewell_written(int r, const StoreTxnResult *result, void *userdata) {
    Presence *presence = userdata;
    presence->op = NULL;
    if (r >= 0 && !result->succeeded)
        r = -ESTALE;
    if (r >= 0)
        presence->farewell_revision = result->revision;
    if (r >= 0 && presence->farewell == PRESENCE_LEFT)
        r = store_lease_revoke(presence->store, presence->last_lease, on_revoked, presence,
                               &presence->op);
    if (r < 0 || presence->farewell != PRESENCE_LEFT)
        presence_left(presence, r);
}

static void on_farewell_lease(int r, int64_t id, _unused_ usec_t ttl_usec, void *userdata) {
    static const MachineStatus statuses[] = {
        [PRESENCE_RESTARTING] = MACHINE_STATUS_RESTARTING,
        [PRESENCE_LEFT] = MACHINE_STATUS_LEFT,
    };
    Presence *presence = userdata;
    presence->op = NULL;
    if (r >= 0) {
        /* The key must still be this fleetd's own: a successor may have taken it over meanwhile. */
        StoreCompare compare = {
            .key = presence->key,
            .target = STORE_COMPARE_LEASE,
            .number = presence->last_lease,
        };
        presence->farewell_lease = id;
        presence->machine->status = statuses[presence->farewell];
        r = presence_write(presence, id, &compare, on_farewell_written);
    }
    if (r < 0)
        presence_left(presence, r);
}

int presence_leave(Presence *presence, PresenceFarewell farewell, usec_t grace_usec,
                   void (*done)(int r, int64_t lease, int64_t revision, void *userdata),
                   void *userdata) {
    bool was_registered = presence->state == PRESENCE_REGISTERED;
    store_op_cancel(TAKE_PTR(presence->op));
    timer_stop(presence->retry);
    presence->state = PRESENCE_LEAVING;
    presence->last_lease = lease_id(presence->lease);
    presence->farewell = farewell;
    presence->left = done;
    presence->left_userdata = userdata;
    if (!was_registered)
        return -ENOTCONN;
    return store_lease_grant(presence->store, grace_usec, on_farewell_lease, presence,
                             &presence->op);
}
