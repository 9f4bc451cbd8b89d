/* Units of another cluster than the one whose store this is: it lost its data, or was replaced.
 * That nobody ordered them here proves nothing, so they are kept as they are, and the cluster is
 * told what it could have back (docs/architecture.md, "A store that has forgotten"). */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/unit-file.h"

#include <errno.h>

/* --- whose store it is --- */

/* What was learnt of the store before this is of another one: orders, revisions, this machine's
 * place. */
static void agent_change_cluster(Agent *agent) {
    _unused_ const char *name;
    AgentUnit *unit;
    log_warning(
        "The store is another cluster's than before: it has lost its data, or was replaced. "
        "Units that it does not know are kept as they are");
    MAP_FOREACH (name, unit, agent->units)
        agent_unit_forget_answers(unit);
    if (agent->on_replaced)
        agent->on_replaced(agent->userdata);
    mirror_start_over(agent->orders);
    if (agent->registered_revision != 0)
        agent_reclaim_presence(agent);
    else if (agent->arrival.step != ARRIVAL_NONE)
        agent->arrival.step = ARRIVAL_CLUSTER;
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
    cluster_check_forget(agent->cluster_check);
}

void agent_ask_cluster(Agent *agent) {
    bool has_place = agent->registered_revision != 0 || agent->arrival.step != ARRIVAL_NONE;
    if (agent->is_cluster_asked || !has_place)
        return;
    agent->is_cluster_asked = true;
    cluster_check_ask(agent->cluster_check);
}

int agent_open_cluster(Agent *agent) {
    return cluster_check_new(agent->store, agent->loop, on_cluster_known, agent,
                             &agent->cluster_check);
}

/* --- whose the units are --- */

/* What is about to leave needs no mark any more, and is not held up by one that cannot be written.
 */
static bool agent_needs_claim(const Agent *agent, const AgentUnit *unit) {
    return unit->order && !unit->is_held && unit->order->desired != LAUNCH_STATE_INACTIVE &&
           unit->status && !streq_ptr(unit->status->cluster, agent->cluster);
}

static int agent_claim(Agent *agent, AgentUnit *unit) {
    int r = 0;
    if (agent_needs_claim(agent, unit)) {
        r = unit_manager_claim(agent->unit_manager, unit->name, agent->cluster);
        if (r >= 0)
            r = str_replace(&unit->status->cluster, agent->cluster);
        if (r >= 0)
            unit->status->restart = -1; /* what another cluster has restarted means nothing here */
    }
    if (r >= 0)
        agent_unit_note_claimed(unit);
    return r;
}

/* One that was claimed for nobody was put here by a fleetd that did not know of this. */
bool agent_has_orphan(const Agent *agent, const AgentUnit *unit) {
    return !unit->order && !unit->is_held && unit->status && unit->status->cluster &&
           agent->cluster && !streq(unit->status->cluster, agent->cluster);
}

/* NULL: it cannot be had, or the cluster would not take it. */
static char *agent_read_text(Agent *agent, const AgentUnit *unit) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_free_ char *text = NULL;
    size_t size;
    if (unit_manager_read(agent->unit_manager, unit->name, &text, &size) < 0 ||
        unit_file_parse(text, size, &file, NULL) < 0 ||
        !streq(unit_file_hash(file), unit->status->hash))
        return NULL;
    return TAKE_PTR(text);
}

static int agent_publish_orphan(Agent *agent, const AgentUnit *unit) {
    const UnitStatus *status = unit->status;
    _cleanup_free_ char *key = key_orphan(agent->machine_id, unit->name);
    _cleanup_free_ char *text = agent_read_text(agent, unit);
    Orphan orphan = {
        .hash = status->hash,
        .desired = status->was_launched ? LAUNCH_STATE_LAUNCHED : LAUNCH_STATE_LOADED,
        .cluster = status->cluster,
        .text = text,
    };
    _cleanup_free_ char *value = orphan_format(&orphan);
    return key && value ? publisher_set(agent->orphan_publisher, key, value) : -ENOMEM;
}

static int agent_keep_orphan(Agent *agent, const AgentUnit *unit) {
    agent_publish(agent, unit);
    agent_need_presence(agent, unit);
    if (streq_ptr(map_get(agent->orphans, unit->name), unit->status->hash))
        return 0;
    int r = agent_publish_orphan(agent, unit);
    char *hash = r < 0 ? NULL : strdup(unit->status->hash);
    if (!hash || map_put(agent->orphans, unit->name, hash) < 0) {
        free(hash);
        return -ENOMEM;
    }
    return 0;
}

static int agent_drop_orphan(Agent *agent, const AgentUnit *unit) {
    if (!map_has(agent->orphans, unit->name))
        return 0;
    _cleanup_free_ char *key = key_orphan(agent->machine_id, unit->name);
    if (!key || publisher_set(agent->orphan_publisher, key, NULL) < 0)
        return -ENOMEM;
    map_remove(agent->orphans, unit->name);
    return 0;
}

int agent_tell_orphan(Agent *agent, const AgentUnit *unit) {
    return agent_has_orphan(agent, unit) ? agent_keep_orphan(agent, unit)
                                         : agent_drop_orphan(agent, unit);
}

int agent_sort_unit(Agent *agent, AgentUnit *unit, bool *ret_is_orphan) {
    int r = agent_tell_orphan(agent, unit);
    if (r >= 0)
        r = agent_claim(agent, unit);
    if (r >= 0)
        *ret_is_orphan = agent_has_orphan(agent, unit);
    return r;
}

void agent_log_orphans(Agent *agent) {
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
