/* GET /events: streams of what changes (docs/api.md, "Events"). Each begins with the present, told
 * piece by piece as the client takes it, so that a large cluster is never queued whole. A line is
 * made from the view when it is sent: whatever is told, was true then. */
#pragma once

#include "fleetd/api/context.h"

#define EVENTS_KEEP_ALIVE_USEC (15 * USEC_PER_SEC)

int events_new(Api *api, Events **ret);
void events_free(Events *events); /* ends the streams */

/* From the view. */
void events_on_unit(Events *events, const UnitView *unit);
void events_on_brake(Events *events, const BrakeRecord *brake);
void events_on_rebalance(Events *events, const Rebalance *rebalance);
void events_on_machine(Events *events, const MachineView *machine);
void events_on_synced(Events *events);
