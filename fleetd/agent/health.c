#include "fleetd/agent/health.h"

#include "fleetd/base/strv.h"

#include <inttypes.h>
#include <stdio.h>

/* While it starts somebody waits for it to be well, and failures cost nothing. */
#define STARTING_INTERVAL_USEC USEC_PER_SEC
#define RESTART_PAUSE_USEC (30 * USEC_PER_SEC)
#define RESTART_PAUSE_MAX_USEC (60 * USEC_PER_MINUTE)
#define WELL_FOR_LONG_USEC (10 * USEC_PER_MINUTE)

void health_begin(Health *health, usec_t now_usec) {
    health->status = UNIT_HEALTH_STARTING;
    health->since_usec = now_usec;
    health->was_well = false;
    health->n_failures = 0;
}

void health_await(Health *health) {
    health->status = UNIT_HEALTH_STARTING;
}

void health_end(Health *health) {
    health->status = UNIT_HEALTH_NONE;
}

/* Failures do not count yet. */
static bool health_is_starting(const Health *health, const HealthCheck *check, usec_t now_usec) {
    return !health->was_well && now_usec - health->since_usec < check->start_period_usec;
}

static void health_note_well(Health *health, usec_t now_usec) {
    if (health->status != UNIT_HEALTH_HEALTHY)
        health->well_since_usec = now_usec;
    if (now_usec - health->well_since_usec >= WELL_FOR_LONG_USEC)
        health->n_restarts = 0;
    health->status = UNIT_HEALTH_HEALTHY;
    health->was_well = true;
    health->n_failures = 0;
}

bool health_note(Health *health, const HealthCheck *check, bool is_well, usec_t now_usec) {
    UnitHealth before = health->status;
    if (is_well)
        health_note_well(health, now_usec);
    else if (!health_is_starting(health, check, now_usec) && ++health->n_failures >= check->retries)
        health->status = UNIT_HEALTH_UNHEALTHY;
    return health->status != before;
}

usec_t health_next(const Health *health, const HealthCheck *check, usec_t phase_usec,
                   usec_t now_usec) {
    usec_t interval = check->interval_usec;
    if (health_is_starting(health, check, now_usec))
        return now_usec + MIN(interval, STARTING_INTERVAL_USEC);
    usec_t earliest = now_usec + interval / 2 + 1;
    return earliest + (phase_usec % interval + interval - earliest % interval) % interval;
}

/* After the first restart, and twice as long after each further one. */
static usec_t restart_pause(uint64_t n_restarts) {
    usec_t pause = RESTART_PAUSE_USEC;
    for (uint64_t i = 1; i < n_restarts && pause < RESTART_PAUSE_MAX_USEC; i++)
        pause *= 2;
    return MIN(pause, RESTART_PAUSE_MAX_USEC);
}

bool health_wants_restart(const Health *health, const HealthCheck *check, usec_t now_usec) {
    if (health->status != UNIT_HEALTH_UNHEALTHY || !check->may_restart)
        return false;
    return health->n_restarts == 0 ||
           now_usec - health->restarted_usec >= restart_pause(health->n_restarts);
}

void health_note_restart(Health *health, usec_t now_usec) {
    health->n_restarts++;
    health->restarted_usec = now_usec;
    health->status = UNIT_HEALTH_STARTING;
}

char *health_format(const Health *health) {
    return str_printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
                      unit_health_to_string(health->status), health->since_usec,
                      health->well_since_usec, health->restarted_usec, health->n_restarts);
}

int health_parse(const char *text, Health *ret) {
    char word[16];
    int end = 0;
    Health health = {};
    if (sscanf(text, "%15s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 "%n", word,
               &health.since_usec, &health.well_since_usec, &health.restarted_usec,
               &health.n_restarts, &end) != 5 ||
        text[end])
        return -EINVAL;
    health.status = unit_health_from_string(word);
    if (health.status == _UNIT_HEALTH_INVALID)
        return -EINVAL;
    health.was_well = health.status >= UNIT_HEALTH_HEALTHY;
    *ret = health;
    return 0;
}
