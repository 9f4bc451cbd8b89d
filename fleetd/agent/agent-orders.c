/* This machine's orders, as they come and go in the store. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"

static char *order_key_name(const Agent *agent, const char *key) {
    return (char *) key + strlen(agent->order_prefix);
}

static void agent_set_order(Agent *agent, const char *name, Order *order) {
    AgentUnit *unit;
    if (agent_get_unit(agent, name, &unit) < 0) {
        order_free(order);
        log_unit(LOG_ERR, name, "Failed to take the order for unit '%s': out of memory", name);
        return;
    }
    agent_unit_set_order_take(unit, order);
    agent_mark(agent, name);
}

static void on_order_put(const StoreEntry *entry, void *userdata) {
    Agent *agent = userdata;
    const char *name = order_key_name(agent, entry->key);
    Order *order = NULL;
    _cleanup_error_ Error error = {};
    int r = order_parse(agent->machine_id, name, entry->value, entry->value_size, &order, &error);
    if (r < 0) {
        log_unit(LOG_WARNING, name, "Skipping the order for unit '%s', which is not readable: %s",
                 name, error_text(&error, r));
        return;
    }
    agent_set_order(agent, name, order);
}

static void on_order_deleted(const char *key, _unused_ int64_t revision, void *userdata) {
    Agent *agent = userdata;
    if (map_has(agent->units, order_key_name(agent, key)))
        agent_set_order(agent, order_key_name(agent, key), NULL);
}

static void on_orders_synced(_unused_ int64_t revision, void *userdata) {
    Agent *agent = userdata;
    timer_start_if_idle(agent->pass, 0);
}

static void on_restored(void *userdata) {
    Agent *agent = userdata;
    if (agent->is_leaving)
        return;
    log_warning("The store has gone back to an earlier time; registering anew");
    agent_reclaim_presence(agent);
}

int agent_open_orders(Agent *agent) {
    static const MirrorCallbacks callbacks = {
        .on_put = on_order_put,
        .on_delete = on_order_deleted,
        .on_synced = on_orders_synced,
        .on_restored = on_restored,
    };
    return mirror_new(agent->store, agent->loop, agent->order_prefix, 0, &callbacks, agent,
                      &agent->orders);
}
