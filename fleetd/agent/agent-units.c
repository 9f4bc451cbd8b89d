/* The units that this machine has or is to have: what is known of each, what systemd says of it,
 * and which ones the next pass is to look at. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/model/keys.h"

void agent_retry_soon(Agent *agent, const char *what, const char *name) {
    log_unit(LOG_WARNING, name, "Failed to %s unit '%s': out of memory; trying it again", what,
             name);
    agent_retry_at(agent, loop_now(agent->loop) + USEC_PER_SEC);
}

void agent_mark(Agent *agent, const char *name) {
    if (map_put(agent->marked, name, NULL) < 0)
        agent_retry_soon(agent, "look at", name);
    if (!agent->is_leaving)
        timer_start_if_idle(agent->pass, 0);
}

void agent_mark_all(Agent *agent) {
    const char *name;
    _unused_ AgentUnit *unit;
    MAP_FOREACH (name, unit, agent->units)
        agent_mark(agent, name);
    timer_start_if_idle(agent->pass, 0);
}

int agent_get_unit(Agent *agent, const char *name, AgentUnit **ret) {
    AgentUnit *unit = map_get(agent->units, name);
    if (unit) {
        *ret = unit;
        return 0;
    }
    int r = agent_unit_new(agent, name, &unit);
    if (r < 0)
        return r;
    r = map_put(agent->units, name, unit);
    if (r < 0) {
        agent_unit_free(unit);
        return r;
    }
    *ret = unit;
    return 0;
}

/* What a unit is in the midst of a task is told if the task takes its time. */
int agent_publish(Agent *agent, const AgentUnit *unit) {
    _cleanup_free_ char *key = key_state(agent->machine_id, unit->name), *value = NULL;
    int r = key ? agent_unit_format_state(unit, agent_has_orphan(agent, unit), &value) : -ENOMEM;
    if (r >= 0 && unit->running != TASK_NONE)
        r = publisher_set_passing(agent->publisher, key, value);
    else if (r >= 0)
        r = publisher_set(agent->publisher, key, value);
    if (r < 0)
        agent_retry_soon(agent, "publish the state of", unit->name);
    return r;
}

void agent_retry_at(Agent *agent, usec_t at_usec) {
    if (at_usec == USEC_INFINITY || (agent->retry->is_armed && agent->retry_at_usec <= at_usec))
        return;
    usec_t now = loop_now(agent->loop);
    agent->retry_at_usec = at_usec;
    timer_start(agent->retry, at_usec > now ? at_usec - now : 0);
}

/* --- what systemd says --- */

static void on_status_changed(const UnitStatus *status, void *userdata) {
    Agent *agent = userdata;
    AgentUnit *unit = map_get(agent->units, status->name);
    if (!unit || (!unit->status && unit->running != TASK_WRITE))
        return; /* not listed yet, or just removed */
    agent_note_guard(unit, status);
    if (agent_unit_copy_status(unit, status) < 0) {
        agent_retry_soon(agent, "note the state of", unit->name);
        agent_list(agent); /* what it is now must be known before anything is decided on it */
        return;
    }
    agent_watch_health(agent, unit);
    if (unit->running == TASK_NONE)
        agent_mark(agent, status->name);
    else
        agent_publish(agent, unit);
}

static int agent_take_list(Agent *agent, const UnitStatus *const *statuses, size_t n) {
    const char *name;
    AgentUnit *unit;
    MAP_FOREACH (name, unit, agent->units)
        if (unit->running == TASK_NONE)
            agent_unit_set_status_take(unit, NULL);
    for (size_t i = 0; i < n; i++) {
        int r = agent_get_unit(agent, statuses[i]->name, &unit);
        if (r >= 0)
            r = agent_unit_copy_status(unit, statuses[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static void on_listed(int r, const UnitStatus *const *statuses, size_t n, void *userdata) {
    Agent *agent = userdata;
    agent->is_listing = false;
    if (agent->is_list_outdated) {
        agent_list(agent);
        return;
    }
    if (r >= 0)
        r = agent_take_list(agent, statuses, n);
    if (r < 0) {
        log_warning("Failed to list the units on this machine: %s", strerror(-r));
        agent_retry_at(agent, loop_now(agent->loop) + USEC_PER_SEC);
        return;
    }
    agent->is_listed = true;
    agent_watch_all(agent);
    agent_mark_all(agent);
}

void agent_list(Agent *agent) {
    agent->is_listed = false;
    agent->is_list_outdated = agent->is_listing;
    if (agent->is_listing)
        return;
    int r = unit_manager_list(agent->unit_manager, on_listed, agent);
    agent->is_listing = r >= 0;
    if (r < 0) {
        log_error("Failed to ask systemd for the units on this machine: %s", strerror(-r));
        agent_retry_at(agent, loop_now(agent->loop) + USEC_PER_SEC);
    }
}

static void on_systemd_reset(void *userdata) {
    agent_list(userdata);
}

static void on_retry(void *userdata) {
    Agent *agent = userdata;
    if (!agent->is_listed)
        agent_list(agent);
    agent_mark_all(agent);
}

int agent_open_units(Agent *agent) {
    static const UnitManagerCallbacks callbacks = {
        .on_changed = on_status_changed,
        .on_reset = on_systemd_reset,
    };
    int r = timer_new(agent->loop, agent_on_pass, agent, &agent->pass);
    if (r >= 0)
        r = timer_new(agent->loop, on_retry, agent, &agent->retry);
    if (r < 0)
        return r;
    unit_manager_set_callbacks(agent->unit_manager, &callbacks, agent);
    agent_list(agent);
    return 0;
}
