/* What the agent knows of the health of one unit whose file has HealthCheck=, and the question that
 * is on its way to it. For agent-health.c and agent-probes.c. */
#pragma once

#include "fleetd/agent/agent-unit.h"
#include "fleetd/agent/health.h"
#include "fleetd/net/loop.h"
#include "fleetd/probe/prober.h"

#include <sys/queue.h>

typedef struct HealthWatch {
    AgentUnit *unit;
    HealthCheck *check;
    Health health;
    usec_t phase_usec; /* of its questions */
    bool is_recalled;  /* health is what the fleetd before this one noted, and goes on with it */
    bool is_on;        /* the unit runs, and is asked */
    Timer *timer;      /* to the next question */
    Probe *probe;      /* under way; NULL: none */
    bool is_queued;    /* for its turn, as too many are under way */
    TAILQ_ENTRY(HealthWatch) link;
} HealthWatch;

typedef TAILQ_HEAD(HealthQueue, HealthWatch) HealthQueue;

/* agent-probes.c */

/* check becomes the watch's. */
int health_watch_new(AgentUnit *unit, HealthCheck *check_take, HealthWatch **ret);
void health_watch_free(HealthWatch *watch);
/* From then on, until it is off. */
void health_watch_on(HealthWatch *watch, usec_t first_usec);
void health_watch_off(HealthWatch *watch);

/* agent-health.c: an answer came. */
void health_watch_answered(HealthWatch *watch, bool is_well, const char *message);
