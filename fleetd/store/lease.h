/* Keeps one lease alive: asks for it, renews it on a timer of its own, and asks for a new one when
 * the store says that it is gone. Agent and engine each hold one. It also keeps account of how well
 * the store could be reached, which decides how much an expired lease of somebody else proves
 * (docs/architecture.md, promise 1). */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef struct Lease Lease;

typedef struct LeaseCallbacks {
    void (*on_granted)(int64_t id, void *userdata); /* at first, and anew after each on_lost */
    void (*on_lost)(void *userdata); /* the store says that it is gone, and all keys under it */
    /* Contact with the store came (0) or went (r < 0); called on changes only. May be NULL. */
    void (*on_contact)(int r, void *userdata);
} LeaseCallbacks;

/* Starts asking at once. Renews every third of the ttl, from one request to the next. Of the
 * callbacks only on_contact must not free the lease. */
int lease_new(Store *store, Loop *loop, usec_t ttl_usec, const LeaseCallbacks *callbacks,
              void *userdata, Lease **ret);
/* Stops renewing; the lease itself is left to run out or to be revoked. */
void lease_free(Lease *lease);
DEFINE_POINTER_CLEANUP(Lease, lease_free)

/* Something says that it may be gone: asks the store now, and not when it is next due. */
void lease_check(Lease *lease);

int64_t lease_id(const Lease *lease); /* 0: none now */

/* The lease surely lives now: counted from when the last good renewal was sent, less nothing for
 * clocks as both ends measure spans only. */
bool lease_is_sure(const Lease *lease);

/* Since when the store has answered without a gap that could have cost anybody a lease of this ttl:
 * since the first answer, or the last gap. USEC_INFINITY while it does not answer. That this lease
 * is gone although it surely lived counts as a gap: a store that takes one away before its time
 * takes others, too. An etcd leader that stood still may do so when it wakes up and ends leases
 * that were renewed with its successor (etcd issue 15247). */
usec_t lease_steady_since(const Lease *lease);
/* When the last gap ended; 0: there was none since the first answer. USEC_INFINITY as above. */
usec_t lease_last_gap(const Lease *lease);
