/* A Loop on which time passes only when the test says so, and chance comes from a seed: the same
 * seed and the same calls give the same run, to the last callback. */
#pragma once

#include "fleetd/net/loop.h"

/* The clock starts at VIRTUAL_LOOP_START, so that times in the past can be spoken of. NULL when out
 * of memory. */
#define VIRTUAL_LOOP_START (1000 * USEC_PER_SEC)
Loop *virtual_loop_new(uint64_t seed);
void virtual_loop_free(Loop *loop); /* all its timers must be free */
DEFINE_POINTER_CLEANUP(Loop, virtual_loop_free)

/* Runs the timer that is due next and sets the clock to its time. Timers of one time run in the
 * order in which they were armed. false: no timer is armed. */
bool virtual_loop_step(Loop *loop);

/* Runs timers until predicate(userdata) holds, for at most max_usec of virtual time. true: it
 * holds; false: the time is over, and the clock stands at its end. */
bool virtual_loop_run_until(Loop *loop, bool (*predicate)(void *userdata), void *userdata,
                            usec_t max_usec);

/* Runs everything that is due within usec from now, and leaves the clock exactly there. 0 runs what
 * is due now, deferred calls and those that they defer included. */
void virtual_loop_advance(Loop *loop, usec_t usec);
