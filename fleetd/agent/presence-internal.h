/* What presence.c, which takes the key and keeps it, and presence-leave.c, which takes its leave,
 * share. */
#pragma once

#include "fleetd/agent/presence.h"
#include "fleetd/agent/rival.h"
#include "fleetd/store/lease.h"
#include "fleetd/store/mirror.h"

typedef enum PresenceState {
    PRESENCE_WAITING, /* for a lease, or for the next try */
    PRESENCE_READING, /* who holds the key? */
    PRESENCE_VACANT,  /* for the owner */
    PRESENCE_WRITING,
    PRESENCE_REGISTERED,
    PRESENCE_LEAVING, /* asks for the farewell's lease, or says the last word */
    PRESENCE_PARTING, /* in between: for the owner */
} PresenceState;

struct Presence {
    Store *store;
    Loop *loop;
    PresenceCallbacks callbacks;
    void *userdata;
    Machine *machine;
    char *key;
    usec_t ttl_usec;
    Lease *lease;
    Mirror *mirror; /* of the key */
    Timer *retry;
    StoreOp *op;
    PresenceState state;
    int64_t revision;                  /* of the key, as it was written last */
    int64_t told_revision, told_lease; /* of the key, as the mirror told last; lease 0: none */
    int64_t former_lease;
    int64_t vacant_revision; /* of the key when it was read; 0: it was not there */
    Rival rival;
    bool is_refusal_logged;

    PresenceFarewell farewell;
    int64_t last_lease; /* of the key before the farewell; renewed until the end */
    int64_t farewell_lease, farewell_revision;
    void (*left)(int r, int64_t lease, int64_t revision, void *userdata);
    void *left_userdata;
};

int presence_write(Presence *presence, int64_t lease, const StoreCompare *compare,
                   StoreTxnDone done);
