#include "fleetd/agent/agent-unit.h"

#include "fleetd/agent/health-watch.h"

#include "fleetd/base/strv.h"

#define RETRY_FIRST_USEC (2 * USEC_PER_SEC)
#define RETRY_DOUBLINGS_MAX 5 /* up to about a minute */

int agent_unit_new(struct Agent *agent, const char *name, AgentUnit **ret) {
    AgentUnit *unit = calloc(1, sizeof(AgentUnit));
    if (!unit)
        return -ENOMEM;
    unit->agent = agent;
    unit->name = strdup(name);
    if (!unit->name) {
        free(unit);
        return -ENOMEM;
    }
    *ret = unit;
    return 0;
}

void agent_unit_free(AgentUnit *unit) {
    if (!unit)
        return;
    health_watch_free(unit->watch);
    order_free(unit->order);
    unit_status_free(unit->status);
    strv_free(unit->log);
    free(unit->message);
    free(unit->health_message);
    free(unit->watched_hash);
    free(unit->name);
    free(unit);
}

void agent_unit_set_order_take(AgentUnit *unit, Order *order) {
    order_free(unit->order);
    unit->order = order;
    unit->n_failures = 0;
    unit->not_before_usec = 0;
}

void agent_unit_set_status_take(AgentUnit *unit, UnitStatus *status) {
    unit_status_free(unit->status);
    unit->status = status;
}

static int copy_string(char **to, const char *from) {
    *to = from ? strdup(from) : NULL;
    return from && !*to ? -ENOMEM : 0;
}

int agent_unit_copy_status(AgentUnit *unit, const UnitStatus *status) {
    _cleanup_(unit_status_freep) UnitStatus *copy = calloc(1, sizeof(UnitStatus));
    if (!copy)
        return -ENOMEM;
    copy->was_launched = status->was_launched;
    copy->restart = status->restart;
    copy->stop_after_usec = status->stop_after_usec;
    copy->stop_timeout_usec = status->stop_timeout_usec;
    if (copy_string(&copy->name, status->name) < 0 || copy_string(&copy->hash, status->hash) < 0 ||
        copy_string(&copy->cluster, status->cluster) < 0 ||
        copy_string(&copy->health, status->health) < 0 ||
        copy_string(&copy->load, status->load) < 0 ||
        copy_string(&copy->active, status->active) < 0 ||
        copy_string(&copy->sub, status->sub) < 0 ||
        copy_string(&copy->result, status->result) < 0 ||
        (status->log && strv_copy(status->log, &copy->log) < 0))
        return -ENOMEM;
    agent_unit_set_status_take(unit, TAKE_PTR(copy));
    return 0;
}

int agent_unit_note_written(AgentUnit *unit, const char *hash) {
    if (!unit->status) {
        UnitStatus fresh = {.name = unit->name, .hash = (char *) hash};
        return agent_unit_copy_status(unit, &fresh);
    }
    unit->status->was_launched = false;
    return str_replace(&unit->status->hash, hash);
}

/* A start that systemd took up is over, well or not: the unit's file decides about restarts. What
 * else fails is tried again, later and later, as a disk may be full or a stop slow; a start that
 * systemd refused would be refused again. A canceled start may never have reached systemd; whether
 * it has, the next list tells. What comes after a start that nobody wants any more need not wait.
 */
static usec_t retry_delay(const AgentUnit *unit, TaskKind kind, JobResult result) {
    if (kind == TASK_START && reconcile_start_is_stale(unit->order, unit->status))
        return 0;
    if (kind == TASK_START && result != JOB_RESULT_CANCELED)
        return USEC_INFINITY;
    return RETRY_FIRST_USEC << MIN(unit->n_failures, (unsigned) RETRY_DOUBLINGS_MAX);
}

static void agent_unit_note_effect(AgentUnit *unit, TaskKind kind, JobResult result) {
    if (kind == TASK_REMOVE && result == JOB_RESULT_DONE)
        agent_unit_set_status_take(unit, NULL);
    else if (kind == TASK_START && unit->status)
        unit->status->was_launched = result != JOB_RESULT_ERROR;
    else if (kind == TASK_STOP && result == JOB_RESULT_DONE && unit->status)
        unit->status->was_launched = false;
}

void agent_unit_note_ended(AgentUnit *unit, TaskKind kind, JobResult result, const char *message,
                           char *const *log, usec_t now_usec) {
    unit->running = TASK_NONE;
    agent_unit_note_effect(unit, kind, result);

    bool is_failure = result != JOB_RESULT_DONE && result != JOB_RESULT_SKIPPED;
    usec_t delay = is_failure ? retry_delay(unit, kind, result) : 0;
    unit->not_before_usec = delay == USEC_INFINITY ? USEC_INFINITY : now_usec + delay;
    unit->n_failures = is_failure ? unit->n_failures + 1 : 0;

    unit->job = result;
    unit->job_revision = unit->order ? unit->order->unit_revision : 0;
    free(unit->message);
    unit->message = message ? strdup(message) : NULL; /* lost only when memory is */
    strv_free(unit->log);
    unit->log = NULL;
    if (log && strv_copy(log, &unit->log) < 0)
        unit->log = NULL;
}

void agent_unit_note_unclaimed(AgentUnit *unit, const char *message, usec_t now_usec) {
    unit->is_unclaimed = true;
    agent_unit_note_ended(unit, TASK_WRITE, JOB_RESULT_ERROR, message, NULL, now_usec);
    agent_unit_settle(unit, TASK_WRITE, now_usec);
}

void agent_unit_note_claimed(AgentUnit *unit) {
    if (!unit->is_unclaimed)
        return;
    unit->is_unclaimed = false;
    unit->job_revision = 0;
    unit->not_before_usec = 0;
}

void agent_unit_forget_answers(AgentUnit *unit) {
    unit->answered_revision = unit->job_revision = 0;
}

bool agent_unit_is_over(const AgentUnit *unit) {
    return !unit->order && !unit->status && unit->running == TASK_NONE && unit->n_stale_starts == 0;
}

bool agent_unit_has_to_wait(const AgentUnit *unit, TaskKind next, usec_t now_usec) {
    bool is_over = unit->not_before_usec == USEC_INFINITY;
    return is_over ? next == TASK_START : now_usec < unit->not_before_usec;
}

/* inactive and done together say that the unit was let go of, and nothing else may say so: the
 * engine gives it to another machine then. That it was never there, as its file could not be
 * written, is told as inactive and an error while the order stands. */
static bool agent_unit_has_let_go(const AgentUnit *unit, TaskKind next) {
    return unit->order->desired == LAUNCH_STATE_INACTIVE && next == TASK_NONE;
}

void agent_unit_settle(AgentUnit *unit, TaskKind next, usec_t now_usec) {
    bool is_waiting = next == TASK_NONE || agent_unit_has_to_wait(unit, next, now_usec);
    if (!unit->order || unit->running != TASK_NONE || !is_waiting)
        return;
    bool was_as_ordered = unit->job_revision != unit->order->unit_revision;
    if (was_as_ordered || agent_unit_has_let_go(unit, next)) {
        unit->job_revision = unit->order->unit_revision;
        unit->job = JOB_RESULT_DONE;
        free(TAKE_PTR(unit->message));
        strv_free(TAKE_PTR(unit->log));
    }
    unit->answered_revision = unit->order->unit_revision;
}

/* Those of the task that failed, or of a unit that failed later. */
static char **agent_unit_find_log(const AgentUnit *unit, bool is_answered) {
    const UnitStatus *status = unit->status;
    if (is_answered && unit->log)
        return unit->log;
    return status && streq_ptr(status->active, "failed") ? status->log : NULL;
}

int agent_unit_format_state(const AgentUnit *unit, bool is_orphan, char **ret) {
    if (agent_unit_is_over(unit)) {
        *ret = NULL;
        return 0;
    }
    const UnitStatus *status = unit->status;
    bool is_at_rest = unit->running == TASK_NONE || unit->running == TASK_RESTART;
    bool is_answered =
        is_at_rest && unit->order && unit->answered_revision == unit->order->unit_revision;
    JobResult unanswered = is_orphan ? JOB_RESULT_NONE : JOB_RESULT_RUNNING;
    UnitState state = {
        .name = unit->name,
        .hash = status ? status->hash : NULL,
        .current = reconcile_current(status),
        .load = status ? status->load : NULL,
        .active = status ? status->active : NULL,
        .sub = status ? status->sub : NULL,
        .result = status ? status->result : NULL,
        .job = is_answered ? unit->job : unanswered,
        .message = is_answered ? unit->message : NULL,
        .log = agent_unit_find_log(unit, is_answered),
        .unit_revision = unit->answered_revision,
        .health = unit->health,
        .restarts = unit->watch ? unit->watch->health.n_restarts : 0,
        .health_message = unit->health_message,
    };
    *ret = unit_state_format(&state);
    return *ret ? 0 : -ENOMEM;
}
