/* A Loop in front of another one that can stand still while the other goes on: a process that is
 * stopped for a while, with its clock running (pause, resume), or frozen with it (thaw). */
#pragma once

#include "fleetd/net/loop.h"

/* The inner loop must outlive it. Its chance is its own: what others draw changes nothing here.
 * NULL when out of memory. */
Loop *pausable_loop_new(Loop *inner);
void pausable_loop_free(Loop *loop); /* all its timers must be free */
DEFINE_POINTER_CLEANUP(Loop, pausable_loop_free)

void pausable_loop_pause(Loop *loop);
bool pausable_loop_is_paused(Loop *loop);
/* What became due meanwhile runs at once, in its order. */
void pausable_loop_resume(Loop *loop);
/* As if no time had passed: timers that were armed before the pause go on with what they had left.
 */
void pausable_loop_thaw(Loop *loop);
