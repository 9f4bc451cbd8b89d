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
    return r >= 0 && (!cluster || streq(cluster, agent->cluster));
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

static void agent_begin_telling(Agent *agent) {
    if (agent_tell_all_orphans(agent) < 0) {
        log_warning("Failed to tell of units of another cluster: out of memory; trying it again");
        agent_retry_at(agent, loop_now(agent->loop) + USEC_PER_SEC);
        return;
    }
    agent->arrival.step = ARRIVAL_TELLING;
    publisher_set_place(agent->orphan_publisher, agent->arrival.lease, agent->arrival.revision);
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
    if (agent->arrival.step == ARRIVAL_UNITS && agent->is_listed && mirror_is_synced(agent->orders))
        agent_begin_telling(agent);
    if (agent->arrival.step == ARRIVAL_TELLING && publisher_is_idle(agent->orphan_publisher))
        agent_enter(agent);
}

/* What shall outlive the farewell has to stand under its lease. */
static void agent_part(Agent *agent) {
    bool has_orphans = agent->farewell == PRESENCE_RESTARTING && map_size(agent->orphans) > 0;
    if (has_orphans)
        publisher_set_place(agent->orphan_publisher, agent->arrival.lease, agent->arrival.revision);
    else
        presence_enter(agent->presence);
}

void agent_on_vacant(int64_t lease, int64_t revision, void *userdata) {
    Agent *agent = userdata;
    agent->arrival.lease = lease;
    agent->arrival.revision = revision;
    if (agent->is_leaving) {
        agent_part(agent);
        return;
    }
    agent->arrival.step = ARRIVAL_CLUSTER;
    publisher_set_place(agent->orphan_publisher, 0, 0);
    agent_doubt_cluster(agent);
    agent_ask_cluster(agent);
}
