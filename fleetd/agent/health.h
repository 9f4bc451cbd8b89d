/* How well a unit is, by the answers that it gave and the time, and what follows: when to ask
 * again, and whether it is time to restart it. Pure; times are of the loop's clock. */
#pragma once

#include "fleetd/model/health-check.h"

typedef struct Health {
    UnitHealth status;
    usec_t since_usec;   /* it runs */
    bool was_well;       /* since then, so that failures count */
    uint64_t n_failures; /* in a row, that count */
    uint64_t n_restarts; /* for its health's sake, since it was last well for long */
    usec_t restarted_usec;
    usec_t well_since_usec; /* while it is healthy */
} Health;

void health_begin(Health *health, usec_t now_usec); /* it runs, anew */
void health_await(Health *health);                  /* it is on its way there */
void health_end(Health *health);                    /* it does not */

/* An answer. true: its status is another one now. */
bool health_note(Health *health, const HealthCheck *check, bool is_well, usec_t now_usec);

/* Until when to wait with the next question: at the unit's own times, which differ from those of
 * others by its phase, so that thousands are not asked in step. */
usec_t health_next(const Health *health, const HealthCheck *check, usec_t phase_usec,
                   usec_t now_usec);

/* Unhealthy, its author wants it restarted, and the last time is long enough ago. */
bool health_wants_restart(const Health *health, const HealthCheck *check, usec_t now_usec);
void health_note_restart(Health *health, usec_t now_usec);

/* One line, to be read again by the next fleetd of this boot: within UNIT_HEALTH_NOTE_MAX. NULL
 * when out of memory. */
char *health_format(const Health *health);
/* -EINVAL: it is none. */
int health_parse(const char *text, Health *ret);
