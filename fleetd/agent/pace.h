/* How often the publisher writes: a few writes at once, then with a pause in which changes gather,
 * and of a unit that changed twice the last is written. A store that takes its time is asked less
 * often, so that thousands of machines that start units do not keep each other waiting. */
#pragma once

#include "fleetd/base/time-units.h"

typedef struct Pace {
    usec_t begun_usec; /* of the last write */
    usec_t spent_usec; /* when the pauses of all writes so far are over */
} Pace;

/* How long the next write has to wait. */
usec_t pace_delay(const Pace *pace, usec_t now_usec);
void pace_begin(Pace *pace, usec_t now_usec);
void pace_end(Pace *pace, usec_t now_usec); /* it was answered */
