/* Units with StopAfterDisconnect= run as long as this machine is known to be in the cluster. What
 * is known is an answer of the store: the presence stands, at the revision at which it was
 * registered; and it counts from when the question was sent. Why exactly this, and why not for
 * orders that are suspended, is said in fleetd/engine/suspension.h. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"

#define RETRY_USEC (200 * USEC_PER_MSEC)

bool agent_unit_is_guarded(const AgentUnit *unit) {
    return unit->status && unit->status->stop_after_usec > 0;
}

/* How long the unit may run on after the moment that is vouched for; 0: no time at all, until its
 * file is another one. Whoever gives it to others waits for as long as its order says, so that, and
 * no setting of this machine, is the limit. Without an order that says so nobody waits for more
 * than what the file asks for. */
static usec_t agent_vouch_time(const Agent *agent, const AgentUnit *unit) {
    const UnitStatus *status = unit->status;
    usec_t stop_within = unit->order && !unit->is_held ? unit->order->stop_within_usec : 0;
    if (stop_within == 0)
        return status->stop_after_usec;
    usec_t allowed = stop_within - MIN(stop_within, status->stop_timeout_usec);
    return MIN(MAX(status->stop_after_usec, agent->ttl_usec), allowed);
}

/* An order that cannot be read may hide a suspension, but only one of before this registration: as
 * long as that lasts it is as good as the one before. */
static bool unit_may_be_vouched_for(const Agent *agent, const AgentUnit *unit) {
    if (!agent_unit_is_guarded(unit) || agent_vouch_time(agent, unit) == 0)
        return false;
    if (unit->is_held)
        return unit->vouched_revision == agent->registered_revision;
    if (agent_has_orphan(agent, unit))
        return true; /* nobody else is given it as long as this machine says that it is here */
    return unit->order && unit->order->desired != LAUNCH_STATE_INACTIVE &&
           !unit->order->is_suspended;
}

static void agent_vouch_for(Agent *agent, AgentUnit *unit, usec_t at_usec) {
    unit->vouched_revision = agent->registered_revision;
    unit->vouched_usec = at_usec;
    unit->vouched_for_usec = agent_vouch_time(agent, unit);
    int r = unit_manager_vouch(agent->unit_manager, unit->name, at_usec, unit->vouched_for_usec);
    if (r < 0 && r != -ENOENT)
        log_unit(LOG_WARNING, unit->name, "Failed to tell the guard that unit '%s' may run on: %s",
                 unit->name, strerror(-r));
}

/* The presence stood at that time, or later, and all that was withdrawn or suspended before it was
 * registered is known. The shortest time that was vouched for; a lease at most. */
static usec_t agent_vouch_for_all(Agent *agent, usec_t at_usec) {
    _unused_ const char *name;
    AgentUnit *unit;
    usec_t shortest = agent->ttl_usec;
    MAP_FOREACH (name, unit, agent->units) {
        if (!unit_may_be_vouched_for(agent, unit))
            continue;
        agent_vouch_for(agent, unit, at_usec);
        shortest = MIN(shortest, unit->vouched_for_usec);
    }
    return shortest;
}

static bool agent_has_guarded(const Agent *agent) {
    _unused_ const char *name;
    const AgentUnit *unit;
    MAP_FOREACH (name, unit, agent->units)
        if (agent_unit_is_guarded(unit))
            return true;
    return false;
}

bool agent_knows_its_orders(const Agent *agent) {
    return agent->registered_revision != 0 && mirror_is_synced(agent->orders) &&
           mirror_revision(agent->orders) >= agent->registered_revision &&
           cluster_check_id(agent->cluster_check);
}

static bool presence_stands(const Agent *agent, const StoreRangeResult *result) {
    return result->n_entries > 0 && result->entries[0].mod_revision == agent->registered_revision;
}

static void on_presence_read(int r, const StoreRangeResult *result, void *userdata) {
    Agent *agent = userdata;
    agent->vouch_op = NULL;
    bool is_sure = r >= 0 && agent_knows_its_orders(agent) && presence_stands(agent, result);
    if (!is_sure) {
        timer_start(agent->vouch, RETRY_USEC);
        return;
    }
    usec_t shortest = agent_vouch_for_all(agent, agent->vouch_sent_usec);
    timer_start(agent->vouch, MAX(shortest / 3, RETRY_USEC));
    timer_start_if_idle(agent->pass, 0); /* starts that waited for it are still marked */
}

void agent_ask_for_presence(Agent *agent) {
    if (agent->vouch_op || agent->is_leaving || !agent_has_guarded(agent))
        return;
    StoreRange range = {.key = agent->presence_key};
    agent->vouch_sent_usec = loop_now(agent->loop);
    if (store_range(agent->store, &range, on_presence_read, agent, &agent->vouch_op) < 0)
        timer_start(agent->vouch, RETRY_USEC);
}

static void on_vouch_timer(void *userdata) {
    agent_ask_for_presence(userdata);
}

bool agent_has_vouched_for(const Agent *agent, const AgentUnit *unit) {
    usec_t time = agent_vouch_time(agent, unit);
    return unit->vouched_usec != 0 && unit->vouched_revision == agent->registered_revision &&
           unit->vouched_for_usec == time &&
           loop_now(agent->loop) - unit->vouched_usec < MIN(time, agent->ttl_usec);
}

void agent_need_presence(Agent *agent, const AgentUnit *unit) {
    if (unit_may_be_vouched_for(agent, unit) && !agent_has_vouched_for(agent, unit))
        agent_ask_for_presence(agent);
}

void agent_vouch_until(Agent *agent, usec_t until_usec) {
    if (agent_knows_its_orders(agent))
        agent_vouch_for_all(agent, until_usec);
}

void agent_note_guard(AgentUnit *unit, const UnitStatus *status) {
    bool goes_down = unit->agent->is_leaving && unit->agent->farewell == PRESENCE_LEFT;
    bool was_stopped = !goes_down && agent_unit_is_guarded(unit) && unit->running == TASK_NONE &&
                       unit->status->was_launched && !status->was_launched &&
                       streq_ptr(unit->status->hash, status->hash);
    if (!was_stopped)
        return;
    log_unit(LOG_NOTICE, unit->name,
             "Unit '%s' was stopped by the guard, as this machine was cut off from the cluster for "
             "its StopAfterDisconnect=; it is started again when it is ordered here still",
             unit->name);
    free(unit->message);
    unit->message = strdup("it was stopped, as its machine was cut off (StopAfterDisconnect)");
}

int agent_open_vouching(Agent *agent) {
    agent->presence_key = key_machine(agent->machine_id);
    return agent->presence_key ? timer_new(agent->loop, on_vouch_timer, agent, &agent->vouch)
                               : -ENOMEM;
}

void agent_close_vouching(Agent *agent) {
    store_op_cancel(TAKE_PTR(agent->vouch_op));
    timer_free(TAKE_PTR(agent->vouch));
    free(TAKE_PTR(agent->presence_key));
}
