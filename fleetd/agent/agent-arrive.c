/* A machine that is listed in a store has said there what it has of another cluster: whoever finds
 * it may adopt or restore. So before the presence is entered, the cluster is asked for, and if
 * there are units here that were claimed for another one, orphans are told of. A machine that
 * cannot tell, as its systemd does not answer, is not listed; it counts as one that is away. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"

#include <errno.h>

static void agent_enter(Agent *agent) {
    agent->arrival.step = ARRIVAL_NONE;
    presence_enter(agent->presence);
}

/* As is almost always so, and known without systemd. */
static bool agent_has_no_orphans(Agent *agent) {
    _cleanup_free_ char *cluster = NULL;
    int r = unit_manager_common_cluster(agent->unit_manager, &cluster);
    return r >= 0 && map_size(agent->orphans) == 0 && (!cluster || streq(cluster, agent->cluster));
}

static int agent_tell_all_orphans(Agent *agent) {
    _unused_ const char *name;
    AgentUnit *unit;
    MAP_FOREACH (name, unit, agent->units) {
        int r = agent_tell_orphan(agent, unit);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Begins, and goes on until nothing has changed meanwhile. */
static void agent_go_on_telling(Agent *agent) {
    if (agent_tell_all_orphans(agent) < 0) {
        log_warning("Failed to tell of units of another cluster: out of memory; trying it again");
        agent_retry_at(agent, loop_now(agent->loop) + USEC_PER_SEC);
    } else if (agent->arrival.step == ARRIVAL_UNITS) {
        agent->arrival.step = ARRIVAL_TELLING;
        publisher_set_place(agent->orphan_publisher, agent->arrival.lease, agent->arrival.revision);
    } else if (publisher_is_idle(agent->orphan_publisher))
        agent_enter(agent);
}

static bool agent_knows_its_orphans(const Agent *agent) {
    return agent->is_listed && mirror_is_synced(agent->orders) &&
           cluster_check_id(agent->cluster_check);
}

void agent_arrive(Agent *agent) {
    if (agent->arrival.step == ARRIVAL_CLUSTER && cluster_check_id(agent->cluster_check)) {
        if (agent_has_no_orphans(agent)) {
            agent_enter(agent);
            return;
        }
        agent->arrival.step = ARRIVAL_UNITS;
        mirror_relist(agent->orders);
    }
    bool has_come_to_units = agent->arrival.step > ARRIVAL_CLUSTER;
    if (has_come_to_units && agent_knows_its_orphans(agent))
        agent_go_on_telling(agent);
}

void agent_on_vacant(int64_t lease, int64_t revision, void *userdata) {
    Agent *agent = userdata;
    if (agent->is_leaving) { /* all that is on a machine that goes down ends with it */
        presence_enter(agent->presence);
        return;
    }
    agent->arrival.step = ARRIVAL_CLUSTER;
    agent->arrival.lease = lease;
    agent->arrival.revision = revision;
    publisher_set_place(agent->orphan_publisher, 0, 0);
    agent_doubt_cluster(agent);
    agent_ask_cluster(agent);
}
