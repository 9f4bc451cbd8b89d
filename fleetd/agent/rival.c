#include "fleetd/agent/rival.h"

#include "fleetd/base/macros.h"
#include "fleetd/base/strv.h"

#include <stdlib.h>

void rival_done(Rival *rival) {
    free(rival->refused_by);
    *rival = (Rival){};
}

/* Without memory for it the next look remembers. */
static void rival_note_running(Rival *rival, const Machine *other) {
    if (streq_ptr(rival->refused_by, other->boot_id))
        return;
    free(rival->refused_by);
    rival->refused_by = other->boot_id ? strdup(other->boot_id) : NULL;
}

static bool rival_may_come_back(Rival *rival, int64_t revision, usec_t now_usec, usec_t ttl_usec) {
    if (revision != rival->revision) {
        rival->revision = revision;
        rival->since_usec = now_usec;
    }
    return now_usec - rival->since_usec < ttl_usec;
}

/* A boot that was seen to run while this one did is another machine's, and so is one at another
 * address: its place is kept as long as it says. Any other may be this machine's own last boot that
 * lost its power while its fleetd was stopped, and will not come back. One of the same boot was
 * this machine's own in any case, whatever address it had (fleetd/boot-id.h says what tells boots
 * apart). */
bool rival_bars(Rival *rival, const Machine *self, const Machine *other, int64_t revision,
                usec_t now_usec, usec_t ttl_usec) {
    if (streq_ptr(other->boot_id, self->boot_id) || other->status == MACHINE_STATUS_LEFT)
        return false;
    if (other->status == MACHINE_STATUS_RUNNING) {
        rival_note_running(rival, other);
        return true;
    }
    return (rival->refused_by && streq_ptr(other->boot_id, rival->refused_by)) ||
           !streq_ptr(other->address, self->address) ||
           rival_may_come_back(rival, revision, now_usec, ttl_usec);
}
