/* Armed timers stand in a binary heap by (time, sequence); each knows its place there, so that it
 * can be stopped or armed anew. Room in the heap is made when a timer is created, as arming must
 * not fail. */
#include "tests/fakes/virtual-loop.h"

#include <assert.h>
#include <errno.h>

typedef struct VirtualTimer {
    Timer timer;
    TimerCallback callback;
    void *userdata;
    usec_t time;
    uint64_t sequence; /* of arming */
    size_t place;      /* in the heap, while armed */
} VirtualTimer;

typedef struct VirtualLoop {
    Loop loop;
    VirtualTimer **heap;
    size_t n_armed, n_timers, n_room;
    usec_t now;
    uint64_t sequence;
    uint64_t random_state;
} VirtualLoop;

/* 2020-01-01, so that dates in messages look like dates. */
#define REALTIME_START (1577836800 * USEC_PER_SEC)

static VirtualLoop *timer_loop(const VirtualTimer *timer) {
    return (VirtualLoop *) timer->timer.loop;
}

static bool timer_is_before(const VirtualTimer *a, const VirtualTimer *b) {
    return a->time != b->time ? a->time < b->time : a->sequence < b->sequence;
}

static void heap_set(VirtualLoop *loop, size_t place, VirtualTimer *timer) {
    loop->heap[place] = timer;
    timer->place = place;
}

static void heap_move_up(VirtualLoop *loop, size_t place) {
    VirtualTimer *timer = loop->heap[place];
    for (; place > 0 && timer_is_before(timer, loop->heap[(place - 1) / 2]);
         place = (place - 1) / 2)
        heap_set(loop, place, loop->heap[(place - 1) / 2]);
    heap_set(loop, place, timer);
}

static void heap_move_down(VirtualLoop *loop, size_t place) {
    VirtualTimer *timer = loop->heap[place];
    for (;;) {
        size_t child = 2 * place + 1;
        if (child + 1 < loop->n_armed && timer_is_before(loop->heap[child + 1], loop->heap[child]))
            child++;
        if (child >= loop->n_armed || !timer_is_before(loop->heap[child], timer))
            break;
        heap_set(loop, place, loop->heap[child]);
        place = child;
    }
    heap_set(loop, place, timer);
}

static usec_t time_after(const VirtualLoop *loop, usec_t usec) {
    return usec > USEC_INFINITY - loop->now ? USEC_INFINITY : loop->now + usec;
}

static usec_t virtual_now(Loop *loop) {
    return ((VirtualLoop *) loop)->now;
}

static usec_t virtual_realtime(Loop *loop) {
    return REALTIME_START + virtual_now(loop);
}

static uint64_t virtual_random(Loop *loop) { /* splitmix64 */
    uint64_t z = ((VirtualLoop *) loop)->random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int virtual_timer_new(Loop *base, TimerCallback callback, void *userdata, Timer **ret) {
    VirtualLoop *loop = (VirtualLoop *) base;
    if (loop->n_timers == loop->n_room) {
        size_t n_room = MAX((size_t) 16, 2 * loop->n_room);
        VirtualTimer **heap = realloc(loop->heap, n_room * sizeof(*heap));
        if (!heap)
            return -ENOMEM;
        loop->heap = heap;
        loop->n_room = n_room;
    }
    VirtualTimer *timer = malloc(sizeof(VirtualTimer));
    if (!timer)
        return -ENOMEM;
    *timer = (VirtualTimer){.timer.loop = base, .callback = callback, .userdata = userdata};
    loop->n_timers++;
    *ret = &timer->timer;
    return 0;
}

static void virtual_timer_stop(Timer *base) {
    VirtualTimer *timer = (VirtualTimer *) base;
    VirtualLoop *loop = timer_loop(timer);
    if (!base->is_armed)
        return;
    base->is_armed = false;
    VirtualTimer *last = loop->heap[--loop->n_armed];
    if (last == timer)
        return;
    heap_set(loop, timer->place, last);
    heap_move_up(loop, last->place);
    heap_move_down(loop, last->place);
}

static void virtual_timer_start(Timer *base, usec_t delay_usec) {
    VirtualTimer *timer = (VirtualTimer *) base;
    VirtualLoop *loop = timer_loop(timer);
    virtual_timer_stop(base);
    base->is_armed = true;
    timer->time = time_after(loop, delay_usec);
    timer->sequence = loop->sequence++;
    heap_set(loop, loop->n_armed++, timer);
    heap_move_up(loop, timer->place);
}

static void virtual_timer_free(Timer *base) {
    virtual_timer_stop(base);
    ((VirtualLoop *) base->loop)->n_timers--;
    free(base);
}

static const LoopVTable virtual_vtable = {
    .now = virtual_now,
    .realtime = virtual_realtime,
    .random = virtual_random,
    .timer_new = virtual_timer_new,
    .timer_start = virtual_timer_start,
    .timer_stop = virtual_timer_stop,
    .timer_free = virtual_timer_free,
};

Loop *virtual_loop_new(uint64_t seed) {
    VirtualLoop *loop = malloc(sizeof(VirtualLoop));
    if (!loop)
        return NULL;
    *loop = (VirtualLoop){
        .loop.vtable = &virtual_vtable, .now = VIRTUAL_LOOP_START, .random_state = seed};
    return &loop->loop;
}

void virtual_loop_free(Loop *base) {
    VirtualLoop *loop = (VirtualLoop *) base;
    if (!loop)
        return;
    assert(loop->n_timers == 0);
    free(loop->heap);
    free(loop);
}

static usec_t next_time(const VirtualLoop *loop) {
    return loop->n_armed > 0 ? loop->heap[0]->time : USEC_INFINITY;
}

bool virtual_loop_step(Loop *base) {
    VirtualLoop *loop = (VirtualLoop *) base;
    if (next_time(loop) == USEC_INFINITY)
        return false;
    VirtualTimer *timer = loop->heap[0];
    loop->now = timer->time;
    virtual_timer_stop(&timer->timer);
    timer->callback(timer->userdata); /* may free the timer */
    return true;
}

bool virtual_loop_run_until(Loop *base, bool (*predicate)(void *userdata), void *userdata,
                            usec_t max_usec) {
    VirtualLoop *loop = (VirtualLoop *) base;
    usec_t end = time_after(loop, max_usec);
    while (!predicate(userdata))
        if (next_time(loop) > end || !virtual_loop_step(base)) {
            loop->now = end;
            return false;
        }
    return true;
}

static bool never(void *userdata) {
    return false;
}

void virtual_loop_advance(Loop *loop, usec_t usec) {
    virtual_loop_run_until(loop, never, NULL, usec);
}
