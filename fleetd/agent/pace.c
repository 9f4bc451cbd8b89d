#include "fleetd/agent/pace.h"

#include "fleetd/base/macros.h"

#define BURST_MAX 4 /* writes at once */
#define PAUSE_MIN_USEC (40 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC (2 * USEC_PER_SEC)

usec_t pace_delay(const Pace *pace, usec_t now_usec) {
    usec_t credit = (BURST_MAX - 1) * PAUSE_MIN_USEC;
    usec_t due = pace->spent_usec > credit ? pace->spent_usec - credit : 0;
    return due > now_usec ? due - now_usec : 0;
}

void pace_begin(Pace *pace, usec_t now_usec) {
    pace->begun_usec = now_usec;
    pace->spent_usec = MAX(pace->spent_usec, now_usec) + PAUSE_MIN_USEC;
}

/* Half of the time there is no write of this machine under way. */
void pace_end(Pace *pace, usec_t now_usec) {
    usec_t pause = MIN(2 * (now_usec - pace->begun_usec), PAUSE_MAX_USEC);
    pace->spent_usec = MAX(pace->spent_usec, pace->begun_usec + pause);
}
