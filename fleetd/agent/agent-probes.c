/* When each unit is asked how it is: at its own times, and only so many at once. */
#include "fleetd/agent/agent-internal.h"
#include "fleetd/agent/health-watch.h"

#include "fleetd/base/log.h"

#define PROBES_MAX 32 /* at a time: each is a socket or a process of this machine */

static void health_watch_ask(HealthWatch *watch);

static void agent_ask_waiting(Agent *agent) {
    HealthWatch *next = TAILQ_FIRST(&agent->probes_waiting);
    if (!next || agent->is_leaving || agent->n_probes >= PROBES_MAX)
        return;
    TAILQ_REMOVE(&agent->probes_waiting, next, link);
    next->is_queued = false;
    health_watch_ask(next);
}

static void health_watch_wait(HealthWatch *watch) {
    usec_t now = loop_now(watch->unit->agent->loop);
    usec_t next = health_next(&watch->health, watch->check, watch->phase_usec, now);
    timer_start(watch->timer, next - now);
}

static void on_answer(bool is_well, const char *message, void *userdata) {
    HealthWatch *watch = userdata;
    Agent *agent = watch->unit->agent;
    watch->probe = NULL;
    agent->n_probes--;
    agent_metrics_count_check(agent, is_well);
    health_watch_answered(watch, is_well, message);
    if (watch->is_on)
        health_watch_wait(watch);
    agent_ask_waiting(agent);
}

/* That it could not be asked says nothing of the unit. */
static void health_watch_ask(HealthWatch *watch) {
    AgentUnit *unit = watch->unit;
    Agent *agent = unit->agent;
    int r = prober_ask(agent->prober, watch->check, on_answer, watch, &watch->probe);
    if (r >= 0) {
        agent->n_probes++;
        return;
    }
    log_unit(LOG_WARNING, unit->name, "Failed to ask unit '%s' for its health: %s; trying it again",
             unit->name, strerror(-r));
    health_watch_wait(watch);
}

static void on_due(void *userdata) {
    HealthWatch *watch = userdata;
    Agent *agent = watch->unit->agent;
    if (agent->is_leaving)
        return;
    TAILQ_INSERT_TAIL(&agent->probes_waiting, watch, link);
    watch->is_queued = true;
    agent_ask_waiting(agent);
}

/* FNV-1a: names that differ little have phases that differ much. */
static uint64_t name_hash(const char *name) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++)
        hash = (hash ^ (unsigned char) *name) * UINT64_C(0x100000001b3);
    return hash;
}

int health_watch_new(AgentUnit *unit, HealthCheck *check_take, HealthWatch **ret) {
    HealthWatch *watch = calloc(1, sizeof(HealthWatch));
    if (!watch) {
        health_check_free(check_take);
        return -ENOMEM;
    }
    *watch = (HealthWatch){.unit = unit,
                           .check = check_take,
                           .phase_usec = name_hash(unit->name) % check_take->interval_usec};
    int r = timer_new(unit->agent->loop, on_due, watch, &watch->timer);
    if (r < 0) {
        health_watch_free(watch);
        return r;
    }
    *ret = watch;
    return 0;
}

void health_watch_on(HealthWatch *watch, usec_t first_usec) {
    watch->is_on = true;
    timer_start(watch->timer, first_usec);
}

void health_watch_off(HealthWatch *watch) {
    Agent *agent = watch->unit->agent;
    watch->is_on = false;
    timer_stop(watch->timer);
    if (watch->is_queued)
        TAILQ_REMOVE(&agent->probes_waiting, watch, link);
    watch->is_queued = false;
    if (!watch->probe)
        return;
    probe_cancel(TAKE_PTR(watch->probe));
    agent->n_probes--;
    agent_ask_waiting(agent);
}

void health_watch_free(HealthWatch *watch) {
    if (!watch)
        return;
    if (watch->timer)
        health_watch_off(watch);
    timer_free(watch->timer);
    health_check_free(watch->check);
    free(watch);
}
