/* This machine's key in the store: `machine/<id>` under a lease that is renewed as long as fleetd
 * runs. A fleetd that comes back on the same boot takes its old key over at once; another machine
 * with the same id is not displaced, also not while its fleetd is away for a while (rival.h). A key
 * that somebody else wrote or deleted is written anew. */
#pragma once

#include "fleetd/model/machine.h"
#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

typedef struct Presence Presence;

typedef struct PresenceCallbacks {
    /* The key can be written under lease, which presence_enter() does: the owner has the time to
     * put there before what has to be known of the machine when it is listed, on the condition that
     * the key is of revision (0: not there), as it is now. Called anew for each try, and before the
     * last word. NULL: it is entered at once. */
    void (*on_vacant)(int64_t lease, int64_t revision, void *userdata);
    /* The key stands as of revision, under lease. former_lease is what it stood under before (0: it
     * was not there): keys that are still under it are left over from the last run. Called anew
     * after each on_lost. */
    void (*on_registered)(int64_t lease, int64_t revision, int64_t former_lease, void *userdata);
    /* The lease ran out, and all keys under it; or the key alone is gone or another's. */
    void (*on_lost)(void *userdata);
    void (*on_contact)(int r, void *userdata); /* as in lease.h */
} PresenceCallbacks;

typedef enum PresenceFarewell {
    PRESENCE_RESTARTING, /* fleetd stops, the machine stays: its place is kept for a while */
    PRESENCE_LEFT,       /* the machine goes down: its units may move at once */
} PresenceFarewell;

/* machine is copied. */
int presence_new(Store *store, Loop *loop, const Machine *machine, usec_t ttl_usec,
                 const PresenceCallbacks *callbacks, void *userdata, Presence **ret);
void presence_free(Presence *presence);
DEFINE_POINTER_CLEANUP(Presence, presence_free)

/* After on_vacant; any other time nothing. */
void presence_enter(Presence *presence);

/* Registered, and its lease surely lives: nobody else has been given this machine's orders. */
bool presence_is_sure(const Presence *presence);
/* lease_steady_since() of its lease. */
usec_t presence_steady_since(const Presence *presence);

/* Writes the key anew, without on_lost: it turned out not to be this presence's any more, or what
 * was written under its present revision shall not count any more. If it has yet to be entered,
 * that is tried from the beginning. */
void presence_reclaim(Presence *presence);

/* What the machine says of itself from now on (copied; its status stays). A key that stands already
 * is written anew by presence_reclaim(). -ENOMEM: as before. */
int presence_set_machine(Presence *presence, const Machine *machine);

/* Writes the last word, valid for grace_usec; does not register any more. done gets the lease that
 * it stands under, so that what shall stay can be put under it as well (RESTARTING), and its
 * revision; of LEFT everything else is gone with the old lease. r < 0: the store did not answer;
 * the old lease will run out. */
int presence_leave(Presence *presence, PresenceFarewell farewell, usec_t grace_usec,
                   void (*done)(int r, int64_t lease, int64_t revision, void *userdata),
                   void *userdata);
