#include "tests/sim/pausable-loop.h"

#include "tests/sim/sim-random.h"

#include <assert.h>
#include <errno.h>
#include <sys/queue.h>

typedef struct PausableTimer {
    Timer timer;
    Timer *inner;
    TimerCallback callback;
    void *userdata;
    usec_t due;
    uint64_t sequence; /* of arming */
    bool is_held;      /* it became due during the pause */
    TAILQ_ENTRY(PausableTimer) link;
} PausableTimer;

typedef struct PausableLoop {
    Loop loop;
    Loop *inner;
    TAILQ_HEAD(, PausableTimer) timers;
    SimRandom random;
    uint64_t sequence, paused_sequence;
    usec_t paused_at;
    bool is_paused;
} PausableLoop;

static PausableLoop *timer_loop(const PausableTimer *timer) {
    return (PausableLoop *) timer->timer.loop;
}

static usec_t pausable_now(Loop *loop) {
    return loop_now(((PausableLoop *) loop)->inner);
}

static usec_t pausable_realtime(Loop *loop) {
    return loop_realtime(((PausableLoop *) loop)->inner);
}

static uint64_t pausable_random(Loop *loop) {
    return sim_random(&((PausableLoop *) loop)->random);
}

static void on_due(void *userdata) {
    PausableTimer *timer = userdata;
    if (timer_loop(timer)->is_paused) {
        timer->is_held = true;
        return;
    }
    timer->timer.is_armed = false;
    timer->callback(timer->userdata); /* may free the timer */
}

static int pausable_timer_new(Loop *base, TimerCallback callback, void *userdata, Timer **ret) {
    PausableLoop *loop = (PausableLoop *) base;
    PausableTimer *timer = malloc(sizeof(PausableTimer));
    if (!timer)
        return -ENOMEM;
    *timer = (PausableTimer){.timer.loop = base, .callback = callback, .userdata = userdata};
    int r = timer_new(loop->inner, on_due, timer, &timer->inner);
    if (r < 0) {
        free(timer);
        return r;
    }
    TAILQ_INSERT_TAIL(&loop->timers, timer, link);
    *ret = &timer->timer;
    return 0;
}

static void pausable_timer_stop(Timer *base) {
    PausableTimer *timer = (PausableTimer *) base;
    base->is_armed = timer->is_held = false;
    timer_stop(timer->inner);
}

static void pausable_timer_start(Timer *base, usec_t delay_usec) {
    PausableTimer *timer = (PausableTimer *) base;
    PausableLoop *loop = timer_loop(timer);
    usec_t now = loop_now(loop->inner);
    base->is_armed = true;
    timer->is_held = false;
    timer->due = delay_usec > USEC_INFINITY - now ? USEC_INFINITY : now + delay_usec;
    timer->sequence = loop->sequence++;
    timer_start(timer->inner, delay_usec);
}

static void pausable_timer_free(Timer *base) {
    PausableTimer *timer = (PausableTimer *) base;
    TAILQ_REMOVE(&timer_loop(timer)->timers, timer, link);
    timer_free(timer->inner);
    free(timer);
}

static const LoopVTable pausable_vtable = {
    .now = pausable_now,
    .realtime = pausable_realtime,
    .random = pausable_random,
    .timer_new = pausable_timer_new,
    .timer_start = pausable_timer_start,
    .timer_stop = pausable_timer_stop,
    .timer_free = pausable_timer_free,
};

Loop *pausable_loop_new(Loop *inner) {
    PausableLoop *loop = malloc(sizeof(PausableLoop));
    if (!loop)
        return NULL;
    *loop = (PausableLoop){
        .loop.vtable = &pausable_vtable, .inner = inner, .random = {loop_random(inner)}};
    TAILQ_INIT(&loop->timers);
    return &loop->loop;
}

void pausable_loop_free(Loop *base) {
    PausableLoop *loop = (PausableLoop *) base;
    if (!loop)
        return;
    assert(TAILQ_EMPTY(&loop->timers));
    free(loop);
}

void pausable_loop_pause(Loop *base) {
    PausableLoop *loop = (PausableLoop *) base;
    if (loop->is_paused)
        return;
    loop->is_paused = true;
    loop->paused_at = loop_now(loop->inner);
    loop->paused_sequence = loop->sequence;
}

bool pausable_loop_is_paused(Loop *base) {
    return ((PausableLoop *) base)->is_paused;
}

static int timer_compare(const void *a, const void *b) {
    const PausableTimer *x = *(PausableTimer *const *) a, *y = *(PausableTimer *const *) b;
    if (x->due != y->due)
        return x->due < y->due ? -1 : 1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* Arms what was held anew, in the order in which it would have run. */
static void loop_release(PausableLoop *loop) {
    PausableTimer *timer;
    size_t n = 0;
    TAILQ_FOREACH(timer, &loop->timers, link)
    n += timer->is_held;
    PausableTimer **held = calloc(n + 1, sizeof(*held));
    if (!held)
        abort();
    n = 0;
    TAILQ_FOREACH(timer, &loop->timers, link)
    if (timer->is_held)
        held[n++] = timer;
    qsort(held, n, sizeof(*held), timer_compare);
    usec_t now = loop_now(loop->inner);
    for (size_t i = 0; i < n; i++) {
        held[i]->is_held = false;
        timer_start(held[i]->inner, held[i]->due > now ? held[i]->due - now : 0);
    }
    free(held);
}

void pausable_loop_resume(Loop *base) {
    PausableLoop *loop = (PausableLoop *) base;
    if (!loop->is_paused)
        return;
    loop->is_paused = false;
    loop_release(loop);
}

void pausable_loop_thaw(Loop *base) {
    PausableLoop *loop = (PausableLoop *) base;
    if (!loop->is_paused)
        return;
    usec_t length = loop_now(loop->inner) - loop->paused_at;
    PausableTimer *timer;
    TAILQ_FOREACH(timer, &loop->timers, link) {
        if (!timer->timer.is_armed)
            continue;
        if (timer->sequence < loop->paused_sequence && timer->due != USEC_INFINITY)
            timer->due += length;
        timer->is_held = true;
    }
    pausable_loop_resume(base);
}
