/* The real loop, run until something has happened. For tests whose Loop is an event_loop_new() on
 * sd_event_default(). */
#pragma once

#include "fleetd/net/loop.h"

/* As virtual_loop_run_until(), in real time. */
bool event_run_until(Loop *loop, bool (*predicate)(void *userdata), void *userdata,
                     usec_t max_usec);

/* Whatever comes within that time. */
void event_run_for(Loop *loop, usec_t usec);

/* Until an expression holds; the test fails if it does not within 30 s. */
#define EVENT_RUN_UNTIL(loop, condition) \
    do { \
        usec_t _deadline = loop_now(loop) + 30 * USEC_PER_SEC; \
        while (!(condition) && loop_now(loop) < _deadline) \
            event_run_once(loop); \
        assert_true(condition); \
    } while (false)
void event_run_once(Loop *loop); /* waits at most 0.1 s */
