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
    /* The machine is about to be listed, or its place to be taken over from a former lease: what
     * has to be in the store before can be put there now, and then presence_enter() goes on. It
     * shall stand under that lease, the former one if there is one, on the condition that the key
     * is of that revision (0: not there). Called anew for each try; not if the key stands under the
     * present lease. NULL: it is entered at once. */
    void (*on_vacant)(int64_t lease, int64_t revision, void *userdata);
    /* The machine is about to take its leave: what shall stay as long as its last word can be put
     * under that lease now, on the condition that the key stands under held_lease; presence_part()
     * then says the word. NULL: it is said at once. */
    void (*on_parting)(int64_t lease, int64_t held_lease, void *userdata);
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

/* After on_vacant, and after on_parting; at any other time they do nothing. */
void presence_enter(Presence *presence);
void presence_part(Presence *presence);

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
