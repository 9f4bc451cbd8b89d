/* The health of this machine's units: which ones are asked, what is told of it, and what is done.
 * All of it is this machine's own business, and goes on while the store is away. */
#include "fleetd/agent/agent-internal.h"
#include "fleetd/agent/health-watch.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"

#include <inttypes.h>

/* --- the check that its file asks for --- */

/* Most files have none, and need not be parsed to see that. */
static int text_read_check(const char *name, const char *text, size_t size, HealthCheck **ret) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    *ret = NULL;
    if (!strstr(text, "HealthCheck"))
        return 0;
    int r = unit_file_parse(text, size, &file, NULL);
    if (r >= 0)
        r = requirements_parse(file, name, &requirements, NULL);
    if (r >= 0)
        *ret = TAKE_PTR(requirements->health);
    return r == -ENOMEM ? r : 0; /* what else is wrong with it was told when it was submitted */
}

static int unit_read_check(const AgentUnit *unit, HealthCheck **ret) {
    _cleanup_free_ char *text = NULL;
    size_t size;
    *ret = NULL;
    int r = unit_manager_read(unit->agent->unit_manager, unit->name, &text, &size);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    return text_read_check(unit->name, text, size, ret);
}

/* --- what is told --- */

/* -ENOMEM: the next change tells it. */
static void unit_set_health(AgentUnit *unit, UnitHealth health, const char *message) {
    unit->health = health;
    if (str_replace(&unit->health_message, message) < 0)
        free(TAKE_PTR(unit->health_message));
    agent_mark(unit->agent, unit->name);
}

/* What does not run keeps its pause. */
static void watch_keep(const HealthWatch *watch) {
    AgentUnit *unit = watch->unit;
    bool is_none = watch->health.status == UNIT_HEALTH_NONE && watch->health.n_restarts == 0;
    _cleanup_free_ char *note = is_none ? NULL : health_format(&watch->health);
    int r = note || is_none ? unit_manager_note_health(unit->agent->unit_manager, unit->name, note)
                            : -ENOMEM;
    if (r >= 0 && unit->status)
        r = str_replace(&unit->status->health, note);
    if (r < 0 && r != -ENOENT)
        log_unit(LOG_WARNING, unit->name, "Failed to note the health of unit '%s': %s", unit->name,
                 strerror(-r));
}

static void watch_tell(const HealthWatch *watch, const char *message) {
    watch_keep(watch);
    unit_set_health(watch->unit, watch->health.status, message);
}

/* --- from when on it is watched --- */

/* At the first sight of the unit, in whatever state: the pause holds also while it is stopped or on
 * its way. */
static void watch_recall(HealthWatch *watch) {
    const char *note = watch->unit->status->health;
    if (note && health_parse(note, &watch->health) >= 0)
        watch->is_recalled = watch->health.status != UNIT_HEALTH_NONE;
}

/* Another file is another unit: what is noted was of the former one. */
static void watch_recall_or_forget(HealthWatch *watch) {
    AgentUnit *unit = watch->unit;
    if (!unit->watched_hash)
        watch_recall(watch);
    else if (unit->status->health)
        watch_keep(watch);
}

static int unit_watch(AgentUnit *unit) {
    const char *hash = unit->status ? unit->status->hash : NULL;
    HealthCheck *check = NULL;
    if (streq_ptr(unit->watched_hash, hash))
        return 0;
    health_watch_free(TAKE_PTR(unit->watch));
    int r = hash ? unit_read_check(unit, &check) : 0;
    if (r >= 0 && check)
        r = health_watch_new(unit, check, &unit->watch);
    if (r >= 0 && unit->watch)
        watch_recall_or_forget(unit->watch);
    return r < 0 ? r : str_replace(&unit->watched_hash, hash);
}

/* --- which units are asked --- */

static bool status_is_active(const UnitStatus *status) {
    return streq_ptr(status->active, "active") || streq_ptr(status->active, "reloading") ||
           streq_ptr(status->active, "refreshing");
}

/* An orphan is nobody's business here. */
static bool unit_is_up(const AgentUnit *unit) {
    return unit->status && unit->status->was_launched && status_is_active(unit->status) &&
           !agent_has_orphan(unit->agent, unit) &&
           (unit->running == TASK_NONE || unit->running == TASK_WRITE);
}

static bool unit_is_on_its_way(const AgentUnit *unit) {
    if (unit->running == TASK_START || unit->running == TASK_RESTART)
        return true;
    return unit->running == TASK_NONE && unit->status && unit->status->was_launched &&
           streq_ptr(unit->status->active, "activating");
}

/* The fleetd before this one knew it, and it runs on: it is as it was, until it says otherwise. */
static void watch_resume(HealthWatch *watch) {
    usec_t now = loop_now(watch->unit->agent->loop);
    usec_t next = health_next(&watch->health, watch->check, watch->phase_usec, now);
    watch->is_recalled = false;
    unit_set_health(watch->unit, watch->health.status, NULL);
    health_watch_on(watch, next - now);
}

static void watch_begin(HealthWatch *watch) {
    if (watch->is_recalled)
        return watch_resume(watch);
    health_begin(&watch->health, loop_now(watch->unit->agent->loop));
    watch_tell(watch, watch->unit->health_message);
    health_watch_on(watch, 0);
}

static void watch_end(HealthWatch *watch, bool is_coming) {
    AgentUnit *unit = watch->unit;
    bool was_recalled = watch->is_recalled;
    watch->is_recalled = false;
    if (is_coming)
        health_await(&watch->health);
    else
        health_end(&watch->health);
    if (unit->health != watch->health.status)
        watch_tell(watch, is_coming ? unit->health_message : NULL);
    else if (was_recalled)
        watch_keep(watch);
}

/* What runs on, and is only not to be asked just now, has not begun anew when it is. */
static void watch_pause(HealthWatch *watch) {
    const UnitStatus *status = watch->unit->status;
    bool is_coming = unit_is_on_its_way(watch->unit);
    if (watch->is_on)
        health_watch_off(watch);
    if (!watch->is_recalled || is_coming || !status_is_active(status))
        watch_end(watch, is_coming);
}

void agent_watch_health(Agent *agent, AgentUnit *unit) {
    if (!agent->prober)
        return;
    if (unit_watch(unit) < 0)
        return agent_retry_soon(agent, "read the health check of", unit->name);
    HealthWatch *watch = unit->watch;
    if (!watch && unit->health != UNIT_HEALTH_NONE)
        unit_set_health(unit, UNIT_HEALTH_NONE, NULL);
    if (watch && unit_is_up(unit) && !watch->is_on)
        watch_begin(watch);
    else if (watch && !unit_is_up(unit))
        watch_pause(watch);
}

void agent_watch_all(Agent *agent) {
    _unused_ const char *name;
    AgentUnit *unit;
    MAP_FOREACH (name, unit, agent->units)
        agent_watch_health(agent, unit);
}

/* --- answers --- */

static char *restarts_describe(const Health *health) {
    return health->n_restarts == 0
               ? strdup("")
               : str_printf("; restarted %" PRIu64 " time%s by fleet", health->n_restarts,
                            health->n_restarts == 1 ? "" : "s");
}

static char *failure_describe(const HealthWatch *watch, const char *failure) {
    _cleanup_free_ char *restarts = restarts_describe(&watch->health);
    return str_printf("%s%s%s", failure, str_or(restarts, ""),
                      watch->check->may_restart ? "" : "; left as it is, as Restart= is not set");
}

/* Not while something else is being done with it, or is to be. */
static bool unit_can_be_restarted(const AgentUnit *unit) {
    return unit->running == TASK_NONE &&
           (!unit->order || !reconcile_start_is_stale(unit->order, unit->status));
}

static void watch_restart(HealthWatch *watch, const char *failure) {
    AgentUnit *unit = watch->unit;
    health_note_restart(&watch->health, loop_now(unit->agent->loop));
    _cleanup_free_ char *message =
        str_printf("restarted by fleet (%" PRIu64 "), as it was unhealthy: %s",
                   watch->health.n_restarts, failure);
    log_unit(LOG_NOTICE, unit->name, "Restarting unit '%s', as it is unhealthy: %s", unit->name,
             failure);
    health_watch_off(watch);
    watch_tell(watch, message);
    agent_restart_unit(unit->agent, unit);
}

static void watch_tell_change(HealthWatch *watch, const char *failure) {
    AgentUnit *unit = watch->unit;
    if (watch->health.status != UNIT_HEALTH_UNHEALTHY) {
        log_unit(LOG_INFO, unit->name, "Unit '%s' is healthy", unit->name);
        return watch_tell(watch, NULL);
    }
    _cleanup_free_ char *message = failure_describe(watch, failure);
    log_unit(LOG_WARNING, unit->name, "Unit '%s' is unhealthy: %s", unit->name, failure);
    watch_tell(watch, message);
}

void health_watch_answered(HealthWatch *watch, bool is_well, const char *message) {
    AgentUnit *unit = watch->unit;
    usec_t now = loop_now(unit->agent->loop);
    const char *failure = str_or(message, "it gives no reason");
    uint64_t n_restarts = watch->health.n_restarts;
    if (unit->agent->is_leaving)
        return;
    if (health_note(&watch->health, watch->check, is_well, now))
        watch_tell_change(watch, failure);
    else if (watch->health.n_restarts != n_restarts)
        watch_keep(watch);
    if (health_wants_restart(&watch->health, watch->check, now) && unit_can_be_restarted(unit))
        watch_restart(watch, failure);
}
