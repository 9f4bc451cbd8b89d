/* The last word: the key is written once more under another lease, and says whether the machine
 * goes or only its fleetd. */
#include "fleetd/agent/presence-internal.h"

#include <errno.h>

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

/* The key must still be this fleetd's own: a successor may have taken it over meanwhile. */
void presence_part(Presence *presence) {
    if (presence->state != PRESENCE_PARTING)
        return;
    static const MachineStatus statuses[] = {
        [PRESENCE_RESTARTING] = MACHINE_STATUS_RESTARTING,
        [PRESENCE_LEFT] = MACHINE_STATUS_LEFT,
    };
    StoreCompare compare = {
        .key = presence->key,
        .target = STORE_COMPARE_LEASE,
        .number = presence->last_lease,
    };
    presence->state = PRESENCE_LEAVING;
    presence->machine->status = statuses[presence->farewell];
    int r = presence_write(presence, presence->farewell_lease, &compare, on_farewell_written);
    if (r < 0)
        presence_left(presence, r);
}

static void on_farewell_lease(int r, int64_t id, _unused_ usec_t ttl_usec, void *userdata) {
    Presence *presence = userdata;
    presence->op = NULL;
    if (r < 0) {
        presence_left(presence, r);
        return;
    }
    presence->farewell_lease = id;
    presence->state = PRESENCE_PARTING;
    if (presence->callbacks.on_parting)
        presence->callbacks.on_parting(id, presence->last_lease, presence->userdata);
    else
        presence_part(presence);
}

int presence_leave(Presence *presence, PresenceFarewell farewell, usec_t grace_usec,
                   void (*done)(int r, int64_t lease, int64_t revision, void *userdata),
                   void *userdata) {
    store_op_cancel(TAKE_PTR(presence->op));
    timer_stop(presence->retry);
    presence->state = PRESENCE_LEAVING;
    presence->last_lease = lease_id(presence->lease);
    presence->farewell = farewell;
    presence->left = done;
    presence->left_userdata = userdata;
    if (presence->last_lease == 0) /* with one the key may be its own, and the farewell finds out */
        return -ENOTCONN;
    return store_lease_grant(presence->store, grace_usec, on_farewell_lease, presence,
                             &presence->op);
}
