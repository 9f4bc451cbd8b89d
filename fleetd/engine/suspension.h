/* Suspended orders: when are their times over? A unit with StopAfterDisconnect= that was ordered on
 * a machine which is gone may run on there, until the guard of that machine (fleetd/guard/guard.h)
 * stops it. Why it is surely down when on_over comes (docs/architecture.md, promise 3):
 *
 * - The guard has the unit down at C + stop_within + STOP_MARGIN_USEC at the latest, where C is the
 *   last moment that the machine's agent vouched for, and stop_within what the order says: the
 *   agent allows no more than that less the stop timeout, whatever lease it has itself. It may know
 *   an older order than the last one, but while an order stands its stop_within only grows.
 * - The agent vouches for the moment in which it sends a question to the store that is answered:
 *   your presence stands, at the revision at which you have registered. So the presence stood at C,
 *   or later.
 * - An order is suspended by a write W that succeeds only while there is no such presence. Was it
 *   before C? Then the agent has registered after W, and listed its orders anew after that, as it
 *   must before it vouches for anything: it has found the order suspended, and vouches for no such
 *   unit until the engine has written the order anew, which ends the suspension. So C is before W.
 * - on_over comes so much later than W was heard of, which was after W.
 *
 * No clock is compared with another machine's, nothing depends on how late anything is heard, nor
 * on how long any lease lasts: the leader's agent_ttl is in the order's stop_within, so that a
 * short StopAfterDisconnect= does not stop the unit within a lease, but only the order counts. A
 * new leader begins to count anew. */
#pragma once

#include "fleetd/model/unit.h"
#include "fleetd/net/loop.h"

typedef struct Suspension Suspension;

/* on_over comes once for each, from the loop. */
int suspension_new(Loop *loop,
                   void (*on_over)(const char *machine_id, const char *name, void *userdata),
                   void *userdata, Suspension **ret);
void suspension_free(Suspension *suspension);
DEFINE_POINTER_CLEANUP(Suspension, suspension_free)

/* This stands in the store now, of that mod revision; told again it changes nothing. order NULL, or
 * one that is not suspended: there is nothing to wait for. -ENOMEM. */
int suspension_set(Suspension *suspension, const char *machine_id, const char *name,
                   const Order *order, int64_t revision);
