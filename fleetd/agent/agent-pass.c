/* The pass: decides for every marked unit, by reconcile_unit(), and begins tasks: at most one a
 * unit, so that each unit has its own queue and none waits for another, but for one rule: no unit
 * is started while files are being written, as the unit may need them. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"

#include <errno.h>

#define UNSURE_RETRY_USEC (200 * USEC_PER_MSEC)

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

/* It is over: there is nothing to say of it any more. */
static void agent_forget(Agent *agent, const AgentUnit *unit) {
    if (agent_publish(agent, unit) >= 0)
        map_remove(agent->units, unit->name);
}

/* An order that cannot be read; or one of a time when this machine was gone: the engine, which does
 * not know yet that it is back, is about to write it anew. */
static bool unit_has_to_wait(const AgentUnit *unit) {
    const Order *order = unit->order;
    return unit->is_held ||
           (order && order->is_suspended && order->desired != LAUNCH_STATE_INACTIVE);
}

/* What was started by an earlier version of fleet, or for another cluster, is kept as it is: only a
 * restart after that is for it. */
static void agent_settle_restart(AgentUnit *unit) {
    const UnitStatus *status = unit->status;
    bool is_launched = unit->order && unit->order->desired == LAUNCH_STATE_LAUNCHED && status &&
                       status->was_launched;
    int r = is_launched && status->restart < 0 ? agent_note_restart(unit) : 0;
    if (r < 0)
        log_unit(LOG_WARNING, unit->name,
                 "Failed to note which restart of unit '%s' was the last: %s", unit->name,
                 strerror(-r));
    if (r < 0)
        unit->status->restart = unit->order->restart;
}

/* What to do for one unit now; TASK_NONE also when it has to wait. */
static Task agent_decide(Agent *agent, AgentUnit *unit) {
    usec_t now = loop_now(agent->loop);
    if (unit_has_to_wait(unit)) {
        agent_publish(agent, unit);
        return (Task){.kind = TASK_NONE};
    }
    agent_settle_restart(unit);
    Task next = reconcile_unit(unit->order, unit->status, unit->answered_revision);
    agent_unit_settle(unit, next.kind, now);
    if (next.kind != TASK_NONE && agent_unit_has_to_wait(unit, next.kind, now)) {
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
    agent_begin_task(agent, unit, stop);
}

/* A unit is not stopped for a file that cannot be had: that would end what runs, for nothing. */
static bool agent_has_what_it_takes(Agent *agent, AgentUnit *unit, Task task) {
    if (!task.needs_file)
        return true;
    const char *text;
    size_t size;
    int r = agent_get_text(agent, unit, &text, &size);
    if (r != 1 && map_put(agent->marked, unit->name, NULL) < 0) /* the file cache asks for a pass */
        agent_retry_soon(agent, "look at", unit->name);
    return r == 1;
}

/* Nothing is begun before it is known whose the unit is, also after a restart of fleetd. */
static void agent_note_unsorted(Agent *agent, AgentUnit *unit, int r) {
    _cleanup_free_ char *message =
        str_printf("failed to note which cluster it is of: %s", strerror(-r));
    log_unit(LOG_WARNING, unit->name, "Failed to note which cluster unit '%s' is of: %s",
             unit->name, strerror(-r));
    if (unit->running != TASK_NONE)
        return; /* its end marks it again */
    agent_unit_note_unclaimed(unit, message, loop_now(agent->loop));
    agent_publish(agent, unit);
    agent_retry_at(agent, unit->not_before_usec);
}

static void agent_pass_unit(Agent *agent, const char *name, Pass *pass) {
    AgentUnit *unit = map_get(agent->units, name);
    bool is_orphan = true;
    if (!unit)
        return;
    int r = agent_sort_unit(agent, unit, &is_orphan);
    if (r < 0)
        agent_note_unsorted(agent, unit, r);
    if (r < 0)
        return;
    agent_watch_health(agent, unit);
    if (is_orphan)
        return;
    bool is_starting = unit->running == TASK_START || unit->running == TASK_RESTART;
    if (!unit_has_to_wait(unit) && is_starting &&
        reconcile_start_is_stale(unit->order, unit->status)) {
        agent_overtake_start(agent, unit);
        return;
    }
    if (unit->running != TASK_NONE)
        return; /* its end marks it again */
    if (agent_unit_is_over(unit)) {
        agent_forget(agent, unit);
        return;
    }
    agent_need_presence(agent, unit);
    Task next = agent_decide(agent, unit);
    if (next.kind == TASK_WRITE)
        pass->writes[pass->n_writes++] = unit;
    else if (next.kind == TASK_START)
        pass->starts[pass->n_starts++] = unit;
    else if (next.kind != TASK_NONE && agent_has_what_it_takes(agent, unit, next))
        agent_begin_task(agent, unit, next);
}

/* They are looked at again when the batch that is being written is done: one large batch is less
 * work for systemd than many small ones. */
static int agent_write_later(Agent *agent, const Pass *pass) {
    for (size_t i = 0; i < pass->n_writes; i++)
        if (map_put(agent->marked, pass->writes[i]->name, NULL) < 0)
            return -ENOMEM;
    return 0;
}

static int agent_write_files(Agent *agent, const Pass *pass) {
    if (agent->writing && !agent->write_singly)
        return agent_write_later(agent, pass);
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
        bool needs_presence = agent_unit_is_guarded(unit) && !agent_has_vouched_for(agent, unit);
        bool has_to_wait = is_writing || needs_presence;
        if (has_to_wait && map_put(agent->marked, unit->name, NULL) < 0)
            return -ENOMEM;
        if (!has_to_wait)
            agent_begin_task(agent, unit,
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
    agent_log_orphans(agent);
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
    if (!agent->is_listed || agent->is_leaving || !agent_knows_its_orders(agent))
        return false; /* each of them asks for a pass when it comes */
    if (presence_is_sure(agent->presence))
        return true;
    agent_retry_at(agent, loop_now(agent->loop) + UNSURE_RETRY_USEC);
    return false;
}

void agent_on_pass(void *userdata) {
    Agent *agent = userdata;
    _cleanup_(strv_freep) char **names = NULL;
    agent_arrive(agent);
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
