/* A task of one unit in the hands of the unit manager: its beginning, which the pass decides on,
 * and its end, after which the unit is looked at again. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"

#include <errno.h>

static void agent_log_end(const AgentUnit *unit, TaskKind kind, JobResult result,
                          const char *message) {
    if (result == JOB_RESULT_DONE)
        log_unit(LOG_DEBUG, unit->name, "Unit '%s': %s done", unit->name,
                 task_kind_to_string(kind));
    else
        log_unit(LOG_WARNING, unit->name, "Failed to %s unit '%s': %s", task_kind_to_string(kind),
                 unit->name, message ? message : job_result_to_string(result));
}

void agent_task_ended(AgentUnit *unit, TaskKind kind, JobResult result, const char *message,
                      char *const *log) {
    agent_log_end(unit, kind, result, message);
    agent_metrics_count_job(unit->agent, kind, result);
    agent_unit_note_ended(unit, kind, result, message, log, loop_now(unit->agent->loop));
    agent_watch_health(unit->agent, unit);
    agent_mark(unit->agent, unit->name);
    if (result == JOB_RESULT_CANCELED) /* with contact lost nobody knows what came of it */
        agent_list(unit->agent);
}

/* Jobs of one unit end in the order in which they began, so the stale ones come first. */
static void on_started(JobResult result, const char *message, char *const *log, void *userdata) {
    AgentUnit *unit = userdata;
    if (unit->n_stale_starts == 0) {
        agent_task_ended(unit, TASK_START, result, message, log);
        return;
    }
    unit->n_stale_starts--;
    agent_mark(unit->agent, unit->name); /* it may have held up the end of all business */
}

/* No order asked for it, so that none is answered. */
static void agent_restart_ended(AgentUnit *unit, JobResult result, const char *message) {
    agent_log_end(unit, TASK_RESTART, result, message);
    agent_metrics_count_job(unit->agent, TASK_RESTART, result);
    unit->running = TASK_NONE;
    agent_watch_health(unit->agent, unit);
    agent_mark(unit->agent, unit->name);
    if (result == JOB_RESULT_CANCELED)
        agent_list(unit->agent);
}

/* A stop overtakes it as it does a start. */
static void on_restarted(JobResult result, const char *message, _unused_ char *const *log,
                         void *userdata) {
    AgentUnit *unit = userdata;
    if (unit->n_stale_starts == 0) {
        agent_restart_ended(unit, result, message);
        return;
    }
    unit->n_stale_starts--;
    agent_mark(unit->agent, unit->name);
}

void agent_restart_unit(Agent *agent, AgentUnit *unit) {
    unit->running = TASK_RESTART;
    int r = unit_manager_restart(agent->unit_manager, unit->name, on_restarted, unit);
    if (r < 0)
        agent_restart_ended(unit, JOB_RESULT_ERROR, strerror(-r));
}

/* Its socket, a timer or another unit may start it again at once; or fleetd has missed that it
 * stopped, which a list tells. To stop it again without delay would go on for ever. */
static void on_stopped_in_vain(AgentUnit *unit) {
    agent_task_ended(unit, TASK_STOP, JOB_RESULT_FAILED, "it runs, although it was stopped", NULL);
    agent_list(unit->agent);
}

/* While systemd is being asked, what is known may be out of date: the answer tells more. */
static void on_stopped(JobResult result, const char *message, char *const *log, void *userdata) {
    AgentUnit *unit = userdata;
    bool runs = unit->status && unit_status_is_running(unit->status);
    if (result == JOB_RESULT_DONE && runs && unit->agent->is_listed)
        on_stopped_in_vain(unit);
    else
        agent_task_ended(unit, TASK_STOP, result, message, log);
}

/* After a failure systemd may know the file again only by a list; and it may run. */
static void on_removed(int r, const char *message, void *userdata) {
    AgentUnit *unit = userdata;
    agent_task_ended(unit, TASK_REMOVE, r < 0 ? JOB_RESULT_ERROR : JOB_RESULT_DONE,
                     r < 0 && !message ? strerror(-r) : message, NULL);
    if (r < 0)
        agent_list(unit->agent);
}

int agent_note_restart(AgentUnit *unit) {
    int r = unit_manager_note_restart(unit->agent->unit_manager, unit->name, unit->order->restart);
    if (r >= 0)
        unit->status->restart = unit->order->restart;
    return r;
}

/* What it is started for is noted together with that it was: so whoever comes after this fleetd
 * does not do it a second time, nor leave it out. */
static int agent_start_unit(AgentUnit *unit) {
    int r = agent_note_restart(unit);
    return r < 0 ? r : unit_manager_start(unit->agent->unit_manager, unit->name, on_started, unit);
}

static int agent_call_unit_manager(UnitManager *unit_manager, AgentUnit *unit, TaskKind kind) {
    switch (kind) {
    case TASK_START:
        return agent_start_unit(unit);
    case TASK_STOP:
        return unit_manager_stop(unit_manager, unit->name, on_stopped, unit);
    case TASK_REMOVE:
        return unit_manager_remove(unit_manager, unit->name, on_removed, unit);
    default:
        return -EINVAL; /* files are written in batches */
    }
}

void agent_begin_task(Agent *agent, AgentUnit *unit, Task task) {
    log_unit(LOG_DEBUG, unit->name, "Unit '%s': %s, as %s", unit->name,
             task_kind_to_string(task.kind), task.reason);
    unit->running = task.kind;
    int r = agent_call_unit_manager(agent->unit_manager, unit, task.kind);
    JobResult result = r == -ENOMEM ? JOB_RESULT_CANCELED : JOB_RESULT_ERROR;
    if (r < 0) /* what systemd has not heard of it cannot have refused: it is tried again */
        agent_task_ended(unit, task.kind, result, strerror(-r), NULL);
    else if (task.kind == TASK_START && unit_status_is_running(unit->status))
        agent_publish(agent, unit); /* it may stay as it is for ever, and no change be heard of */
}
