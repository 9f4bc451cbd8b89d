#include "tests/fakes/event-run.h"

#include <systemd/sd-event.h>

/* A failure shows as a condition that never holds. */
static void run_at_most(usec_t usec) {
    sd_event *event;
    if (sd_event_default(&event) < 0)
        return;
    (void) sd_event_run(event, usec);
    sd_event_unref(event);
}

bool event_run_until(Loop *loop, bool (*predicate)(void *userdata), void *userdata,
                     usec_t max_usec) {
    usec_t now = loop_now(loop), deadline = now + max_usec;
    for (; !predicate(userdata); now = loop_now(loop)) {
        if (now >= deadline)
            return false;
        run_at_most(deadline - now);
    }
    return true;
}

void event_run_for(Loop *loop, usec_t usec) {
    usec_t deadline = loop_now(loop) + usec;
    for (usec_t now = loop_now(loop); now < deadline; now = loop_now(loop))
        run_at_most(deadline - now);
}

void event_run_once(Loop *loop) {
    run_at_most(100 * USEC_PER_MSEC);
}
