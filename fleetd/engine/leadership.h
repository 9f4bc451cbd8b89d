/* Who leads: the key `leader`, created only if absent, under a lease. The revision at which it was
 * written is the fence: every write of the engine is conditional on it, so that a leader that does
 * not know yet that it was replaced writes nothing. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef struct Leadership Leadership;

typedef struct LeadershipCallbacks {
    void (*on_elected)(void *userdata);
    void (*on_deposed)(void *userdata); /* stop deciding at once; it goes on trying to be elected */
} LeadershipCallbacks;

int leadership_new(Store *store, Loop *loop, const char *machine_id, usec_t ttl_usec,
                   const LeadershipCallbacks *callbacks, void *userdata, Leadership **ret);
void leadership_free(Leadership *leadership);
DEFINE_POINTER_CLEANUP(Leadership, leadership_free)

bool leadership_is_elected(const Leadership *leadership);
/* Elected, and by its own clock surely not yet replaced. */
bool leadership_is_sure(const Leadership *leadership);
/* The comparison that fences a write; only while elected. */
StoreCompare leadership_fence(const Leadership *leadership);
/* Takes the key anew, under another fence: what was written under the present one and is still on
 * its way has no effect then. It is not elected until on_elected comes again. Not from inside its
 * callbacks. */
void leadership_renew_fence(Leadership *leadership);
/* lease_last_gap() of its lease. */
usec_t leadership_last_gap(const Leadership *leadership);

/* Gives it back, so that another one leads at once. done may be called with r < 0: then it runs
 * out. */
int leadership_resign(Leadership *leadership, void (*done)(int r, void *userdata), void *userdata);
