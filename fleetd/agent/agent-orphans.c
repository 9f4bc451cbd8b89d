/* Units of another cluster than the one whose store this is: it lost its data, or was replaced.
 * That nobody ordered them here proves nothing, so they are kept as they are, and the cluster is
 * told what it could have back (docs/architecture.md, "A store that has forgotten"). */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"

#include <errno.h>

/* --- whose store it is --- */

/* What was learnt of the store before this is of another one: orders, revisions, this machine's
 * place. */
static void agent_change_cluster(Agent *agent) {
    _unused_ const char *name;
    AgentUnit *unit;
    log_warning("The store is another cluster's than before: it has lost its data, or was replaced. "
                "Units that it does not know are kept as they are");
    MAP_FOREACH (name, unit, agent->units)
        agent_unit_forget_answers(unit);
    mirror_start_over(agent->orders);
    agent_reclaim_presence(agent);
}

static void on_cluster_known(void *userdata) {
    Agent *agent = userdata;
    const char *id = cluster_check_id(agent->cluster_check);
    bool is_other = agent->cluster && !streq(agent->cluster, id);
    int r = str_replace(&agent->cluster, id);
    if (r < 0) {
        log_error("Failed to note which cluster the store is of: out of memory");
        agent_doubt_cluster(agent);
        agent_ask_cluster(agent);
        return;
    }
    if (is_other)
        agent_change_cluster(agent);
    agent_mark_all(agent);
}

void agent_doubt_cluster(Agent *agent) {
    agent->is_cluster_asked = false;
}

void agent_ask_cluster(Agent *agent) {
    if (agent->is_cluster_asked || agent->registered_revision == 0)
        return;
    agent->is_cluster_asked = true;
    cluster_check_ask(agent->cluster_check);
}

int agent_open_cluster(Agent *agent) {
    return cluster_check_new(agent->store, agent->loop, on_cluster_known, agent,
                             &agent->cluster_check);
}

/* --- whose the units are --- */

static int agent_claim(Agent *agent, AgentUnit *unit) {
    if (!unit->status || streq_ptr(unit->status->cluster, agent->cluster))
        return 0;
    int r = unit_manager_claim(agent->unit_manager, unit->name, agent->cluster);
    return r < 0 ? r : str_replace(&unit->status->cluster, agent->cluster);
}

/* One that was claimed for nobody was put here by a fleetd that did not know of this. */
static bool agent_has_orphan(const Agent *agent, const AgentUnit *unit) {
    return !unit->order && !unit->is_held && unit->status && unit->status->cluster &&
           !streq(unit->status->cluster, agent->cluster);
}

void agent_drop_orphan(Agent *agent, const char *name) {
    map_remove(agent->orphans, name);
}

static int agent_keep_orphan(Agent *agent, const AgentUnit *unit) {
    agent_publish(agent, unit);
    if (map_has(agent->orphans, unit->name))
        return 0;
    return map_put(agent->orphans, unit->name, NULL);
}

int agent_sort_unit(Agent *agent, AgentUnit *unit, bool *ret_is_orphan) {
    bool is_orphan = agent_has_orphan(agent, unit);
    int r = 0;
    if (is_orphan)
        r = agent_keep_orphan(agent, unit);
    else
        agent_drop_orphan(agent, unit->name);
    if (unit->order && !unit->is_held)
        r = agent_claim(agent, unit);
    *ret_is_orphan = is_orphan;
    return MIN(r, 0);
}

void agent_tell_orphans(Agent *agent) {
    size_t n = map_size(agent->orphans);
    if (n == agent->n_orphans_told)
        return;
    agent->n_orphans_told = n;
    if (n > 0)
        log_warning("%zu of the units on this machine are of another cluster and have no order in "
                    "this one; they are kept as they are ('fleetctl adopt' takes them over)",
                    n);
    else
        log_notice("No unit on this machine is of another cluster any more");
}
