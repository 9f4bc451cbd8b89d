/* Taking leave. A machine that goes down gives its place back, so that its units may be started
 * elsewhere at once: those that must not run twice are stopped before it says so. If they do not
 * all stop it says nothing, and its lease runs out as in a power cut. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/model/requirements.h"

void agent_left(Agent *agent, int r) {
    void (*left)(int, void *) = TAKE_PTR(agent->left);
    if (left)
        left(r, agent->left_userdata);
}

static void on_presence_left(int r, int64_t lease, int64_t revision, void *userdata) {
    Agent *agent = userdata;
    if (r < 0 || agent->farewell == PRESENCE_LEFT) {
        agent_left(agent, r);
        return;
    }
    agent_vouch_until(agent, agent->leave_usec + agent->restart_grace_usec);
    publisher_set_place(agent->publisher, lease, revision);
    if (publisher_is_idle(agent->publisher))
        agent_left(agent, 0);
}

void agent_on_parting(int64_t lease, int64_t held_lease, void *userdata) {
    Agent *agent = userdata;
    if (agent->farewell == PRESENCE_RESTARTING && map_size(agent->orphans) > 0)
        publisher_set_place_held(agent->orphan_publisher, lease, held_lease);
    else
        presence_part(agent->presence);
}

static int agent_say_goodbye(Agent *agent) {
    agent->leave_usec = loop_now(agent->loop);
    return presence_leave(agent->presence, agent->farewell, agent->restart_grace_usec,
                          on_presence_left, agent);
}

/* --- stopping what must not run twice --- */

static void agent_end_stopping(Agent *agent, int r) {
    timer_stop(agent->stop_limit);
    agent->is_stopping_units = false;
    if (r >= 0)
        r = agent_say_goodbye(agent);
    if (r < 0)
        agent_left(agent, r);
}

static void on_unit_down(JobResult result, const char *message, char *const *log, void *userdata) {
    AgentUnit *unit = userdata;
    Agent *agent = unit->agent;
    agent->n_stopping--;
    if (result != JOB_RESULT_DONE) {
        log_unit(LOG_WARNING, unit->name, "Failed to stop unit '%s' before this machine goes: %s",
                 unit->name, message ? message : job_result_to_string(result));
        agent->stop_result = -EIO;
    }
    if (agent->is_stopping_units && agent->n_stopping == 0)
        agent_end_stopping(agent, agent->stop_result);
}

void agent_on_stop_limit(void *userdata) {
    log_warning("Units that must not run twice did not stop in time");
    agent_end_stopping(userdata, -ETIME);
}

static int agent_stop_guarded(Agent *agent) {
    _unused_ const char *name;
    AgentUnit *unit;
    MAP_FOREACH (name, unit, agent->units) {
        if (!agent_unit_is_guarded(unit))
            continue;
        int r = unit_manager_stop(agent->unit_manager, unit->name, on_unit_down, unit);
        if (r < 0)
            return r;
        agent->n_stopping++;
    }
    return 0;
}

usec_t agent_leave_limit(const Agent *agent, PresenceFarewell farewell) {
    _unused_ const char *name;
    const AgentUnit *unit;
    usec_t limit = 0;
    if (farewell != PRESENCE_LEFT)
        return 0;
    MAP_FOREACH (name, unit, agent->units)
        if (agent_unit_is_guarded(unit))
            limit = MAX(limit, unit->status->stop_timeout_usec + STOP_MARGIN_USEC);
    return limit;
}

int agent_leave(Agent *agent, PresenceFarewell farewell, void (*done)(int r, void *userdata),
                void *userdata) {
    agent->is_leaving = true;
    agent->farewell = farewell;
    agent->left = done;
    agent->left_userdata = userdata;
    timer_stop(agent->pass);
    timer_stop(agent->retry);
    timer_stop(agent->vouch);
    store_op_cancel(TAKE_PTR(agent->vouch_op)); /* the farewell has the last word */
    agent->arrival.step = ARRIVAL_NONE;
    agent_set_place(agent, 0, 0);
    usec_t limit_usec = agent_leave_limit(agent, farewell);
    if (limit_usec == 0)
        return agent_say_goodbye(agent);
    int r = agent_stop_guarded(agent);
    if (r < 0)
        return r;
    agent->is_stopping_units = true;
    timer_start(agent->stop_limit, limit_usec);
    return 0;
}
