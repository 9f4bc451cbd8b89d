/* The seam to time, deferral and chance. Engine, agent and API see the world's clock only through
 * it, so that a whole cluster can run on a virtual clock in a test. The real one is in
 * net/event-loop.h, the virtual one in tests/fakes/virtual-loop.h. */
#pragma once

#include "fleetd/base/time-units.h"

typedef struct Loop Loop;
typedef struct Timer Timer;
typedef void (*TimerCallback)(void *userdata);

typedef struct LoopVTable {
    usec_t (*now)(Loop *loop);
    usec_t (*realtime)(Loop *loop);
    uint64_t (*random)(Loop *loop);
    int (*timer_new)(Loop *loop, TimerCallback callback, void *userdata, Timer **ret);
    void (*timer_start)(Timer *timer, usec_t delay_usec);
    void (*timer_stop)(Timer *timer);
    void (*timer_free)(Timer *timer);
} LoopVTable;

/* Implementations embed these as their first member. */
struct Loop {
    const LoopVTable *vtable;
};
struct Timer {
    Loop *loop;
    bool is_armed; /* kept by the implementation; false when the callback runs */
};

/* Monotonic, counting while the machine sleeps (CLOCK_BOOTTIME): leases go on meanwhile. */
static inline usec_t loop_now(Loop *loop) {
    return loop->vtable->now(loop);
}
static inline usec_t loop_realtime(Loop *loop) { /* since 1970, for people */
    return loop->vtable->realtime(loop);
}
static inline uint64_t loop_random(Loop *loop) { /* for jitter, not for secrets */
    return loop->vtable->random(loop);
}

/* A timer that is not yet armed; it lives until timer_free(). -ENOMEM. */
static inline int timer_new(Loop *loop, TimerCallback callback, void *userdata, Timer **ret) {
    return loop->vtable->timer_new(loop, callback, userdata, ret);
}
/* Arms it, or arms it anew: the callback runs once, after delay, never from inside this call. A
 * delay of 0 is a deferred call: it runs when the events that are pending now have been handled.
 * Cannot fail. */
static inline void timer_start(Timer *timer, usec_t delay_usec) {
    timer->loop->vtable->timer_start(timer, delay_usec);
}
/* Arms it only if it is not armed: the way to coalesce triggers. */
static inline void timer_start_if_idle(Timer *timer, usec_t delay_usec) {
    if (!timer->is_armed)
        timer_start(timer, delay_usec);
}
static inline void timer_stop(Timer *timer) {
    timer->loop->vtable->timer_stop(timer);
}
static inline void timer_free(Timer *timer) { /* also from inside its own callback; NULL is fine */
    if (timer)
        timer->loop->vtable->timer_free(timer);
}
DEFINE_POINTER_CLEANUP(Timer, timer_free)
