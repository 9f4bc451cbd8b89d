/* What a wait says of its units: one line for each that got there, and for the others why not. */
#pragma once

#include "fleetctl/api/context.h"
#include "fleetctl/wait/wait-tracker.h"

/* Tells the unit's status. Not from inside a callback of the loop. */
void wait_report_unit(Context *context, WaitGoal goal, const WaitUnit *unit);

/* Tells why a restart that is still open has to wait. */
void wait_report_obstacle(const WaitUnit *unit);

/* How far the wait is, in one line: "12 of 100 units started, 1 failed". NULL when out of memory;
 * the caller frees. */
char *wait_report_format_progress(const WaitTracker *tracker);

/* Tells of a unit that is still open that the time was up. Not from inside a callback of the loop.
 */
void wait_report_timeout(Context *context, WaitGoal goal, const WaitUnit *unit);

/* Tells of a unit that fits nowhere that it is waited for no longer. */
void wait_report_gave_up(Context *context, WaitGoal goal, const WaitUnit *unit);

/* Tells what goes on after the wait was interrupted. */
void wait_report_interrupt(WaitGoal goal);
