/* This machine's orders, as they come and go in the store. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"

#include <errno.h>

static void agent_refuse_order(Agent *agent) {
    log_warning("Failed to take an order: out of memory; asking for it again");
    mirror_refuse(agent->orders);
}

/* order NULL: there is none, or, if it is held, none that can be read. */
static void agent_set_order(Agent *agent, const char *name, Order *order, bool is_held) {
    AgentUnit *unit;
    if (agent_get_unit(agent, name, &unit) < 0) {
        order_free(order);
        agent_refuse_order(agent);
        return;
    }
    unit->is_held = is_held;
    if (!is_held)
        agent_unit_set_order_take(unit, order);
    agent_mark(agent, name);
}

/* Of an order that cannot be read the one before stays, but nothing is begun for either: whoever
 * leads writes it anew (docs/architecture.md, "Garbage"). */
static void on_order_put(const StoreEntry *entry, void *userdata) {
    Agent *agent = userdata;
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, &error);
    if (r == -ENOMEM) {
        agent_refuse_order(agent);
        return;
    }
    if (r < 0) {
        log_warning("The store has a key that is no order, which is left alone: %s",
                    error_text(&error, r));
        return;
    }
    if (!record.is_readable)
        log_unit(LOG_WARNING, record.key.name,
                 "The store has an order that cannot be read, %s; unit '%s' is left as it is",
                 error_text(&error, r), record.key.name);
    agent_set_order(agent, record.key.name, TAKE_PTR(record.order), !record.is_readable);
}

static void on_order_deleted(const char *key, _unused_ int64_t revision, void *userdata) {
    Agent *agent = userdata;
    const char *name = key + strlen(agent->order_prefix);
    const AgentUnit *unit = map_get(agent->units, name);
    if (!unit)
        return;
    if (unit->order && unit->order->desired != LAUNCH_STATE_INACTIVE)
        agent_doubt_cluster(agent); /* no engine deletes one that it has not withdrawn before */
    agent_set_order(agent, name, NULL, false);
}

static void on_orders_synced(_unused_ int64_t revision, void *userdata) {
    Agent *agent = userdata;
    agent_ask_cluster(agent);
    timer_start_if_idle(agent->pass, 0);
}

static void on_lost(_unused_ int r, void *userdata) {
    agent_doubt_cluster(userdata);
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
        .on_lost = on_lost,
        .on_restored = on_restored,
    };
    return mirror_new(agent->store, agent->loop, &(MirrorKeys){.prefix = agent->order_prefix},
                      &callbacks, agent, &agent->orders);
}
