/* The pass: decides for every marked unit, by reconcile_unit(), and begins tasks: at most one a
 * unit, so that each unit has its own queue and none waits for another, but for one rule: no unit
 * is started while files are being written, as the unit may need them. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"

#define UNSURE_RETRY_USEC (200 * USEC_PER_MSEC)

struct WriteRun {
    Agent *agent;
    WriteRun *next;
    AgentUnit **units;
    char **hashes;
    size_t n;
};

/* --- tasks for one unit --- */

static void agent_log_end(const AgentUnit *unit, TaskKind kind, JobResult result,
                          const char *message) {
    if (result == JOB_RESULT_DONE)
        log_unit(LOG_DEBUG, unit->name, "Unit '%s': %s done", unit->name,
                 task_kind_to_string(kind));
    else
        log_unit(LOG_WARNING, unit->name, "Failed to %s unit '%s': %s", task_kind_to_string(kind),
                 unit->name, message ? message : job_result_to_string(result));
}

static void agent_task_ended(AgentUnit *unit, TaskKind kind, JobResult result, const char *message,
                             char *const *log) {
    agent_log_end(unit, kind, result, message);
    agent_unit_note_ended(unit, kind, result, message, log, loop_now(unit->agent->loop));
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

static void on_stopped(JobResult result, const char *message, char *const *log, void *userdata) {
    agent_task_ended(userdata, TASK_STOP, result, message, log);
}

static void on_removed(int r, const char *message, void *userdata) {
    AgentUnit *unit = userdata;
    agent_task_ended(unit, unit->running, r < 0 ? JOB_RESULT_ERROR : JOB_RESULT_DONE,
                     r < 0 && !message ? strerror(-r) : message, NULL);
}

static int agent_call_unit_manager(UnitManager *unit_manager, AgentUnit *unit, TaskKind kind) {
    switch (kind) {
    case TASK_START:
        return unit_manager_start(unit_manager, unit->name, on_started, unit);
    case TASK_STOP:
        return unit_manager_stop(unit_manager, unit->name, on_stopped, unit);
    case TASK_REMOVE:
        return unit_manager_remove(unit_manager, unit->name, on_removed, unit);
    default:
        return -EINVAL; /* files are written in batches */
    }
}

static void agent_begin(Agent *agent, AgentUnit *unit, Task task) {
    log_unit(LOG_DEBUG, unit->name, "Unit '%s': %s, as %s", unit->name,
             task_kind_to_string(task.kind), task.reason);
    unit->running = task.kind;
    int r = agent_call_unit_manager(agent->unit_manager, unit, task.kind);
    if (r < 0)
        agent_task_ended(unit, task.kind, JOB_RESULT_ERROR, strerror(-r), NULL);
}

/* --- writing files, many at once --- */

void write_run_free(WriteRun *run) {
    if (!run)
        return;
    strv_free(run->hashes);
    free(run->units);
    free(run);
}
DEFINE_POINTER_CLEANUP(WriteRun, write_run_free)

void agent_drop_write_run(Agent *agent, WriteRun *run) {
    for (WriteRun **p = &agent->writing; *p; p = &(*p)->next)
        if (*p == run) {
            *p = run->next;
            return;
        }
}

static void on_batch_written(int r, const char *message, void *userdata) {
    _cleanup_(write_run_freep) WriteRun *run = userdata;
    Agent *agent = run->agent;
    agent_drop_write_run(agent, run);
    if (r < 0 && run->n > 1)
        agent->write_singly = true;
    else if (!agent->writing)
        agent->write_singly = false;
    for (size_t i = 0; i < run->n; i++) {
        AgentUnit *unit = run->units[i];
        unit->running = TASK_NONE;
        int written = r < 0 ? r : agent_unit_note_written(unit, run->hashes[i]);
        if (written >= 0)
            agent_task_ended(unit, TASK_WRITE, JOB_RESULT_DONE, NULL, NULL);
        else if (run->n == 1)
            agent_task_ended(unit, TASK_WRITE, JOB_RESULT_ERROR,
                             message ? message : strerror(-written), NULL);
        else
            agent_mark(agent, unit->name);
    }
    timer_start_if_idle(agent->pass, 0); /* starts that waited for the files are still marked */
}

/* A text that cannot be had is told in the unit's state, and asked for again by the cache's own
 * timer. */
static int agent_get_text(Agent *agent, AgentUnit *unit, const char **ret_text, size_t *ret_size) {
    int r = file_cache_get(agent->files, unit->order->hash, ret_text, ret_size);
    if (r >= 0)
        return r;
    _cleanup_free_ char *message =
        str_printf("its unit file %.7s is %s", unit->order->hash,
                   r == -ENOENT ? "not in the store" : "not readable in the store");
    agent_unit_note_ended(unit, TASK_WRITE, JOB_RESULT_ERROR, message, NULL, loop_now(agent->loop));
    agent_unit_settle(unit, TASK_NONE, loop_now(agent->loop));
    unit->not_before_usec = 0;
    agent_publish(agent, unit);
    return r;
}

static int write_run_new(Agent *agent, size_t n_max, WriteRun **ret) {
    WriteRun *run = calloc(1, sizeof(WriteRun));
    if (!run)
        return -ENOMEM;
    *run = (WriteRun){.agent = agent, .units = calloc(n_max, sizeof(AgentUnit *))};
    if (!run->units) {
        free(run);
        return -ENOMEM;
    }
    *ret = run;
    return 0;
}

static int write_run_send(WriteRun *run_take, const UnitFileWrite *writes) {
    _cleanup_(write_run_freep) WriteRun *run = run_take;
    Agent *agent = run->agent;
    size_t n = run->n;
    if (n == 0)
        return 0;
    int r = unit_manager_write(agent->unit_manager, writes, n, on_batch_written, run);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++)
        run->units[i]->running = TASK_WRITE;
    run->next = agent->writing;
    agent->writing = TAKE_PTR(run);
    return 0;
}

/* Sends a batch of those among the units whose text is at hand. 0, or the number of units whose
 * text is on its way. */
static int agent_write_batch(Agent *agent, AgentUnit **units, size_t n) {
    _cleanup_(write_run_freep) WriteRun *run = NULL;
    _cleanup_free_ UnitFileWrite *writes = calloc(n, sizeof(UnitFileWrite));
    int n_awaited = 0, r = write_run_new(agent, n, &run);
    if (!writes || r < 0)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        UnitFileWrite write = {.name = units[i]->name};
        r = agent_get_text(agent, units[i], &write.text, &write.size);
        if (r == 1) {
            if (strv_push(&run->hashes, units[i]->order->hash) < 0)
                return -ENOMEM;
            run->units[run->n] = units[i];
            writes[run->n++] = write;
            continue;
        }
        n_awaited += r == 0;
        if (map_put(agent->marked, units[i]->name, NULL) <
            0) /* without a pass: the file cache asks for it */
            return -ENOMEM;
    }
    if (run->n > 0)
        log_debug("Writing %zu unit file%s: '%s'%s", run->n, run->n == 1 ? "" : "s",
                  run->units[0]->name, run->n == 1 ? "" : " and more");
    r = write_run_send(TAKE_PTR(run), writes);
    return r < 0 ? r : n_awaited;
}

/* --- the pass --- */

typedef struct Pass {
    AgentUnit **writes;
    size_t n_writes;
    AgentUnit **starts;
    size_t n_starts;
} Pass;

static void pass_done(Pass *pass) {
    free(pass->writes);
    free(pass->starts);
}

static void agent_forget(Agent *agent, const char *name) {
    if (publisher_set(agent->publisher, name, NULL) < 0)
        log_unit(LOG_ERR, name, "Failed to delete the state of unit '%s': out of memory", name);
    map_remove(agent->units, name);
}

/* What to do for one unit now; TASK_NONE also when it has to wait. */
static Task agent_decide(Agent *agent, AgentUnit *unit) {
    usec_t now = loop_now(agent->loop);
    Task next = reconcile_unit(unit->order, unit->status, unit->answered_revision);
    agent_unit_settle(unit, next.kind, now);
    if (next.kind != TASK_NONE && now < unit->not_before_usec) {
        agent_retry_at(agent, unit->not_before_usec);
        next.kind = TASK_NONE;
    }
    if (next.kind == TASK_NONE)
        agent_publish(agent, unit);
    return next;
}

/* A start can take as long as the unit's file likes, also for ever; the users need not wait for it
 * to think better of it. systemd lets the stop job take the start job's place. */
static void agent_overtake_start(Agent *agent, AgentUnit *unit) {
    Task stop = {.kind = TASK_STOP,
                 .reason = "it is still starting, and that is not wanted any more"};
    unit->n_stale_starts++;
    agent_begin(agent, unit, stop);
}

static void agent_pass_unit(Agent *agent, const char *name, Pass *pass) {
    AgentUnit *unit = map_get(agent->units, name);
    if (unit && unit->running == TASK_START &&
        reconcile_start_is_stale(unit->order, unit->status)) {
        agent_overtake_start(agent, unit);
        return;
    }
    if (!unit || unit->running != TASK_NONE)
        return; /* its end marks it again */
    if (agent_unit_is_over(unit)) {
        agent_forget(agent, name);
        return;
    }
    Task next = agent_decide(agent, unit);
    if (next.kind == TASK_WRITE)
        pass->writes[pass->n_writes++] = unit;
    else if (next.kind == TASK_START)
        pass->starts[pass->n_starts++] = unit;
    else if (next.kind != TASK_NONE)
        agent_begin(agent, unit, next);
}

static int agent_write_files(Agent *agent, const Pass *pass) {
    size_t batch = agent->write_singly ? 1 : pass->n_writes;
    int n_awaited = 0;
    for (size_t i = 0; i < pass->n_writes; i += batch) {
        int r = agent_write_batch(agent, pass->writes + i, MIN(batch, pass->n_writes - i));
        if (r < 0)
            return r;
        n_awaited += r;
    }
    return n_awaited;
}

static int agent_start_units(Agent *agent, const Pass *pass, bool is_writing) {
    for (size_t i = 0; i < pass->n_starts; i++) {
        AgentUnit *unit = pass->starts[i];
        if (is_writing && map_put(agent->marked, unit->name, NULL) < 0)
            return -ENOMEM;
        if (!is_writing)
            agent_begin(agent, unit,
                        reconcile_unit(unit->order, unit->status, unit->answered_revision));
    }
    return 0;
}

static int agent_pass(Agent *agent, char *const *names) {
    size_t n = strv_length(names);
    _cleanup_(pass_done) Pass pass = {
        .writes = calloc(n + 1, sizeof(AgentUnit *)),
        .starts = calloc(n + 1, sizeof(AgentUnit *)),
    };
    if (!pass.writes || !pass.starts)
        return -ENOMEM;
    STRV_FOREACH (name, names)
        agent_pass_unit(agent, *name, &pass);
    int n_awaited = agent_write_files(agent, &pass);
    if (n_awaited < 0)
        return n_awaited;
    int r = agent_start_units(agent, &pass, agent->writing || n_awaited > 0);
    if (r < 0)
        return r;
    if (n_awaited == 0)
        file_cache_clear(agent->files);
    agent_revoke_former(agent);
    return 0;
}

static int agent_take_marked(Agent *agent, char ***ret_names) {
    _cleanup_free_ const char **keys = NULL;
    int r = map_sorted_keys(agent->marked, &keys);
    if (r < 0)
        return r;
    r = strv_copy((char *const *) keys, ret_names);
    if (r < 0)
        return r;
    map_clear(agent->marked);
    return 0;
}

/* Orders are carried out only by a machine that surely holds its place, and that has seen every
 * order withdrawn before it took the place (docs/architecture.md, promise 3). */
static bool agent_may_act(Agent *agent) {
    if (!agent->is_listed || agent->is_leaving || agent->registered_revision == 0 ||
        !mirror_is_synced(agent->orders) ||
        mirror_revision(agent->orders) < agent->registered_revision)
        return false; /* each of them asks for a pass when it comes */
    if (presence_is_sure(agent->presence))
        return true;
    agent_retry_at(agent, loop_now(agent->loop) + UNSURE_RETRY_USEC);
    return false;
}

void agent_on_pass(void *userdata) {
    Agent *agent = userdata;
    _cleanup_(strv_freep) char **names = NULL;
    if (!agent_may_act(agent))
        return;
    int r = agent_take_marked(agent, &names);
    if (r >= 0)
        r = agent_pass(agent, names);
    if (r < 0) {
        log_error("Failed to look at this machine's units: %s", strerror(-r));
        agent_retry_at(agent, loop_now(agent->loop) + USEC_PER_SEC);
    }
}
