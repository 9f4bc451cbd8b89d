/* Timers are sd-event time sources, deferred calls are defer sources: a time that has come already
 * would do, but each costs the kernel a timer armed, fired and read. A defer source is pending at
 * once, and competes with the events that are pending now; so it lets its first turn pass, and is
 * behind them then. */
#include "fleetd/net/event-loop.h"

#include "fleetd/base/log.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

typedef struct EventLoop {
    Loop loop;
    sd_event *event;
    uint64_t random_state;
} EventLoop;

typedef struct EventTimer {
    Timer timer;
    sd_event_source *source;
    sd_event_source *deferral; /* made when it is first needed */
    bool is_in_turn;           /* of the deferral: it has let its first turn pass */
    TimerCallback callback;
    void *userdata;
} EventTimer;

/* The least that sd-event takes; 0 would mean its default of 250 ms. */
#define TIMER_ACCURACY_USEC 1

static usec_t clock_read(clockid_t clock) {
    struct timespec ts = {};
    clock_gettime(clock, &ts);
    return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

static usec_t event_loop_now(Loop *loop) {
    return clock_read(CLOCK_BOOTTIME);
}

static usec_t event_loop_realtime(Loop *loop) {
    return clock_read(CLOCK_REALTIME);
}

/* The splitmix64 generator: even over all values, and any seed will do. */
static uint64_t event_loop_random(Loop *loop) {
    uint64_t z = ((EventLoop *) loop)->random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Early in boot the kernel may have no randomness yet; nothing blocks for jitter. */
static uint64_t random_seed(void) {
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == (ssize_t) sizeof(seed))
        return seed;
    return clock_read(CLOCK_BOOTTIME) ^ ((uint64_t) getpid() << 32);
}

static int timer_fire(EventTimer *timer) {
    timer->timer.is_armed = false;
    timer->callback(timer->userdata); /* may free the timer */
    return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata) {
    return timer_fire(userdata);
}

static int on_deferral(sd_event_source *source, void *userdata) {
    EventTimer *timer = userdata;
    if (timer->is_in_turn)
        return timer_fire(timer);
    timer->is_in_turn = true;
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void event_timer_free(Timer *base) {
    EventTimer *timer = (EventTimer *) base;
    sd_event_source_disable_unref(timer->source);
    sd_event_source_disable_unref(timer->deferral);
    free(timer);
}

static int event_timer_new(Loop *base, TimerCallback callback, void *userdata, Timer **ret) {
    EventLoop *loop = (EventLoop *) base;
    EventTimer *timer = calloc(1, sizeof(*timer));
    if (!timer)
        return -ENOMEM;
    *timer = (EventTimer){.timer.loop = base, .callback = callback, .userdata = userdata};
    int r = sd_event_add_time(loop->event, &timer->source, CLOCK_BOOTTIME, 0, TIMER_ACCURACY_USEC,
                              on_time, timer);
    if (r >= 0)
        r = sd_event_source_set_enabled(timer->source, SD_EVENT_OFF);
    if (r < 0) {
        event_timer_free(&timer->timer);
        return r;
    }
    *ret = &timer->timer;
    return 0;
}

static void event_timer_stop(Timer *base) {
    EventTimer *timer = (EventTimer *) base;
    base->is_armed = false;
    (void) sd_event_source_set_enabled(timer->source, SD_EVENT_OFF);
    if (timer->deferral)
        (void) sd_event_source_set_enabled(timer->deferral, SD_EVENT_OFF);
}

static int timer_defer(EventTimer *timer, sd_event *event) {
    timer->is_in_turn = false;
    if (timer->deferral)
        return sd_event_source_set_enabled(timer->deferral, SD_EVENT_ONESHOT);
    return sd_event_add_defer(event, &timer->deferral, on_deferral, timer);
}

static int timer_arm(EventTimer *timer, usec_t delay_usec) {
    usec_t now = clock_read(CLOCK_BOOTTIME);
    usec_t when = delay_usec < USEC_INFINITY - now ? now + delay_usec : USEC_INFINITY;
    int r = sd_event_source_set_time(timer->source, when);
    return r < 0 ? r : sd_event_source_set_enabled(timer->source, SD_EVENT_ONESHOT);
}

static void event_timer_start(Timer *base, usec_t delay_usec) {
    EventTimer *timer = (EventTimer *) base;
    event_timer_stop(base);
    int r = delay_usec == 0 ? timer_defer(timer, ((EventLoop *) base->loop)->event) : -EAGAIN;
    if (r < 0)
        r = timer_arm(timer, delay_usec);
    if (r < 0) /* only after a fork or when the loop has ended, where nothing runs any more */
        log_error("Failed to arm a timer: %s", strerror(-r));
    base->is_armed = r >= 0;
}

static const LoopVTable event_loop_vtable = {
    .now = event_loop_now,
    .realtime = event_loop_realtime,
    .random = event_loop_random,
    .timer_new = event_timer_new,
    .timer_start = event_timer_start,
    .timer_stop = event_timer_stop,
    .timer_free = event_timer_free,
};

int event_loop_new(sd_event *event, Loop **ret) {
    EventLoop *loop = calloc(1, sizeof(*loop));
    if (!loop)
        return -ENOMEM;
    *loop = (EventLoop){
        .loop.vtable = &event_loop_vtable,
        .event = sd_event_ref(event),
        .random_state = random_seed(),
    };
    *ret = &loop->loop;
    return 0;
}

void event_loop_free(Loop *base) {
    EventLoop *loop = (EventLoop *) base;
    if (!loop)
        return;
    sd_event_unref(loop->event);
    free(loop);
}
