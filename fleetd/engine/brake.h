/* The brake: when more than half of the machines vanish within one lease time, it is more likely
 * the network, the power or an operator than all of them failing by themselves, and the rest could
 * not carry their units anyway. So they are not given up for a time; those that come back have what
 * they had; what is left then is given up one machine after the other.
 *
 * A machine that says that it leaves has not vanished. */
#pragma once

#include "fleetd/model/brake.h"
#include "fleetd/net/loop.h"

typedef struct Brake Brake;

typedef struct BrakeCallbacks {
    void (*on_release)(const char *machine_id, void *userdata); /* it is to be given up now */
    void (*on_change)(void *userdata); /* what brake_get_record() says has changed */
    /* Whether units that were moved are still on their way: the next machine has to wait, but not
     * longer than BRAKE_PACE_USEC. */
    bool (*is_busy)(void *userdata);
} BrakeCallbacks;

#define BRAKE_PACE_USEC (30 * USEC_PER_SEC)

/* hold_usec 0: it never holds anything. Callbacks come from the loop. */
int brake_new(Loop *loop, usec_t ttl_usec, usec_t hold_usec, const BrakeCallbacks *callbacks,
              void *userdata, Brake **ret);
void brake_free(Brake *brake);
DEFINE_POINTER_CLEANUP(Brake, brake_free)

int brake_machine_is_here(Brake *brake, const char *machine_id); /* -ENOMEM */
void brake_machine_vanished(Brake *brake, const char *machine_id);
void brake_machine_left(Brake *brake, const char *machine_id); /* or is not of interest any more */

/* A machine that vanished is surely gone. true: it is held, and on_release comes when it is not any
 * more, unless it comes back before; false: it may be given up now. */
bool brake_holds(Brake *brake, const char *machine_id);

/* One of a former leader goes on as it stands in the store, once it is known who is here: for as
 * long as that one would have waited, and with whom it held. */
void brake_adopt(Brake *brake, const BrakeRecord *record);
/* Of these, one that has no presence: brake_holds() asks about it when it is surely gone. -ENOMEM.
 */
int brake_expect(Brake *brake, const char *machine_id);
/* As it stands in the store later; NULL: nothing does. A user may have released it; what is told of
 * one that is over says nothing of the next one. */
void brake_take_record(Brake *brake, const BrakeRecord *record);
/* As it should stand there; *ret NULL: nothing should. The caller frees. -ENOMEM. */
int brake_get_record(const Brake *brake, BrakeRecord **ret);
size_t brake_count_held(const Brake *brake);
usec_t brake_left_usec(const Brake *brake); /* until it goes on by itself; 0: it does not hold */
