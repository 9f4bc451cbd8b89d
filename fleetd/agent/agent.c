/* Everything that happens (an order, a change in systemd, the end of a task, contact with the
 * store) marks units and asks for a pass (agent-pass.c); nothing is decided here. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"

/* --- marking --- */

void agent_mark(Agent *agent, const char *name) {
    if (map_put(agent->marked, name, NULL) < 0)
        log_error("Failed to look at unit '%s': out of memory", name);
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

static int agent_get_unit(Agent *agent, const char *name, AgentUnit **ret) {
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

void agent_publish(Agent *agent, const AgentUnit *unit) {
    _cleanup_free_ char *value = NULL;
    int r = agent_unit_format_state(unit, &value);
    if (r >= 0)
        r = publisher_set(agent->publisher, unit->name, value);
    if (r < 0)
        log_unit(LOG_ERR, unit->name, "Failed to publish the state of unit '%s': %s", unit->name,
                 strerror(-r));
}

void agent_retry_at(Agent *agent, usec_t at_usec) {
    if (at_usec == USEC_INFINITY || (agent->retry->is_armed && agent->retry_at_usec <= at_usec))
        return;
    usec_t now = loop_now(agent->loop);
    agent->retry_at_usec = at_usec;
    timer_start(agent->retry, at_usec > now ? at_usec - now : 0);
}

/* --- what happens: orders --- */

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

/* Makes everything that this machine said of itself be written anew, under a new revision of its
 * presence. */
static void agent_reclaim_presence(Agent *agent) {
    agent->registered_revision = 0;
    publisher_set_place(agent->publisher, 0, 0);
    presence_reclaim(agent->presence);
}

static void on_orders_synced(int64_t revision, void *userdata) {
    Agent *agent = userdata;
    bool is_restored = revision < agent->orders_revision;
    agent->orders_revision = revision;
    if (is_restored && !agent->is_leaving) {
        log_warning("The store has gone back to an earlier time; registering anew");
        agent_reclaim_presence(agent);
    }
    timer_start_if_idle(agent->pass, 0);
}

/* --- what happens: systemd --- */

static void on_status_changed(const UnitStatus *status, void *userdata) {
    Agent *agent = userdata;
    AgentUnit *unit = map_get(agent->units, status->name);
    if (!unit || (!unit->status && unit->running != TASK_WRITE))
        return; /* not listed yet, or just removed */
    if (agent_unit_copy_status(unit, status) < 0)
        log_unit(LOG_ERR, status->name, "Failed to note the state of unit '%s': out of memory",
                 status->name);
    else if (unit->running == TASK_NONE)
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

static void on_retry(void *userdata) {
    Agent *agent = userdata;
    if (!agent->is_listed)
        agent_list(agent);
    agent_mark_all(agent);
}

static void on_files_changed(void *userdata) {
    Agent *agent = userdata;
    timer_start_if_idle(agent->pass, 0);
}

static void on_systemd_reset(void *userdata) {
    agent_list(userdata);
}

/* --- what happens: presence --- */

static void on_former_revoked(_unused_ int r, _unused_ int64_t lease, _unused_ usec_t ttl_usec,
                              void *userdata) {
    Agent *agent = userdata;
    agent->revoke = NULL;
}

void agent_revoke_former(Agent *agent) {
    if (agent->former_lease == 0 || agent->revoke || agent->is_leaving ||
        agent->registered_revision == 0 || map_size(agent->marked) > 0 ||
        !publisher_is_idle(agent->publisher))
        return;
    if (store_lease_revoke(agent->store, agent->former_lease, on_former_revoked, agent,
                           &agent->revoke) >= 0)
        agent->former_lease = 0;
}

static void on_presence_registered(int64_t lease, int64_t revision, int64_t former_lease,
                                   void *userdata) {
    Agent *agent = userdata;
    log_info("Registered in the cluster as machine %s", agent->machine_id);
    agent->registered_revision = revision;
    if (former_lease != 0)
        agent->former_lease = former_lease;
    publisher_set_place(agent->publisher, lease, revision);
    mirror_relist(
        agent->orders); /* what was withdrawn before this must be known before anything is done */
    agent_mark_all(agent);
    if (agent->on_registered)
        agent->on_registered(agent->userdata);
}

static void on_presence_lost(void *userdata) {
    Agent *agent = userdata;
    log_warning("The presence of this machine in the store ran out; units are kept as they are "
                "until it is back");
    agent->registered_revision = 0;
    publisher_set_place(agent->publisher, 0, 0);
}

static void on_presence_contact(int r, void *userdata) {
    Agent *agent = userdata;
    if (r < 0)
        log_warning("The store cannot be reached (%s); units are kept as they are", strerror(-r));
    else
        agent_mark_all(agent);
}

static void agent_left(Agent *agent, int r) {
    void (*left)(int, void *) = TAKE_PTR(agent->left);
    if (left)
        left(r, agent->left_userdata);
}

static void on_states_published(void *userdata) {
    Agent *agent = userdata;
    agent_revoke_former(agent);
    if (agent->is_leaving)
        agent_left(agent, 0);
}

/* Somebody deleted the presence, or took it over. */
static void on_states_refused(void *userdata) {
    Agent *agent = userdata;
    if (agent->is_leaving) {
        agent_left(agent, -ESTALE);
        return;
    }
    log_warning(
        "The presence of this machine in the store is not its own any more; registering anew");
    agent->registered_revision = 0;
    presence_reclaim(agent->presence);
}

/* With a new revision of the presence a late write cannot undo what is written from now on. */
static void on_states_unsure(void *userdata) {
    Agent *agent = userdata;
    if (!agent->is_leaving)
        agent_reclaim_presence(agent);
}

/* --- leaving --- */

static void on_presence_left(int r, int64_t lease, int64_t revision, void *userdata) {
    Agent *agent = userdata;
    if (r < 0 || agent->farewell == PRESENCE_LEFT)
        agent_left(agent, r);
    else {
        publisher_set_place(agent->publisher, lease, revision);
        if (publisher_is_idle(agent->publisher))
            agent_left(agent, 0);
    }
}

int agent_leave(Agent *agent, PresenceFarewell farewell, void (*done)(int r, void *userdata),
                void *userdata) {
    agent->is_leaving = true;
    agent->farewell = farewell;
    agent->left = done;
    agent->left_userdata = userdata;
    timer_stop(agent->pass);
    timer_stop(agent->retry);
    publisher_set_place(agent->publisher, 0, 0);
    return presence_leave(agent->presence, farewell, agent->restart_grace_usec, on_presence_left,
                          agent);
}

/* --- making --- */

static int agent_init_parts(Agent *agent, const AgentOptions *options) {
    static const PresenceCallbacks presence_callbacks = {
        .on_registered = on_presence_registered,
        .on_lost = on_presence_lost,
        .on_contact = on_presence_contact,
    };
    static const PublisherCallbacks publisher_callbacks = {
        .on_idle = on_states_published,
        .on_refused = on_states_refused,
        .on_unsure = on_states_unsure,
    };
    static const MirrorCallbacks mirror_callbacks = {
        .on_put = on_order_put,
        .on_delete = on_order_deleted,
        .on_synced = on_orders_synced,
    };
    int r = timer_new(agent->loop, agent_on_pass, agent, &agent->pass);
    if (r >= 0)
        r = timer_new(agent->loop, on_retry, agent, &agent->retry);
    if (r >= 0)
        r = publisher_new(agent->store, agent->loop, agent->machine_id, &publisher_callbacks, agent,
                          &agent->publisher);
    if (r >= 0)
        r = file_cache_new(agent->store, agent->loop, on_files_changed, agent, &agent->files);
    if (r >= 0)
        r = mirror_new(agent->store, agent->loop, agent->order_prefix, 0, &mirror_callbacks, agent,
                       &agent->orders);
    if (r >= 0)
        r = presence_new(agent->store, agent->loop, options->machine, options->ttl_usec,
                         &presence_callbacks, agent, &agent->presence);
    return r;
}

int agent_new(const AgentOptions *options, Agent **ret) {
    static const UnitManagerCallbacks unit_callbacks = {
        .on_changed = on_status_changed,
        .on_reset = on_systemd_reset,
    };
    _cleanup_(agent_freep) Agent *agent = calloc(1, sizeof(Agent));
    if (!agent)
        return -ENOMEM;
    *agent = (Agent){
        .store = options->store,
        .loop = options->loop,
        .unit_manager = options->unit_manager,
        .machine_id = strdup(options->machine->id),
        .order_prefix = key_schedule_prefix(options->machine->id),
        .restart_grace_usec = options->restart_grace_usec,
        .on_registered = options->on_registered,
        .userdata = options->userdata,
        .units = map_new((MapFreeValue) agent_unit_free),
        .marked = map_new(NULL),
    };
    if (!agent->machine_id || !agent->order_prefix || !agent->units || !agent->marked)
        return -ENOMEM;
    int r = agent_init_parts(agent, options);
    if (r < 0)
        return r;
    unit_manager_set_callbacks(agent->unit_manager, &unit_callbacks, agent);
    agent_list(agent);
    *ret = TAKE_PTR(agent);
    return 0;
}

usec_t agent_steady_since(const Agent *agent) {
    return presence_steady_since(agent->presence);
}

void agent_free(Agent *agent) {
    if (!agent)
        return;
    presence_free(agent->presence);
    mirror_free(agent->orders);
    file_cache_free(agent->files);
    publisher_free(agent->publisher);
    store_op_cancel(agent->revoke);
    timer_free(agent->pass);
    timer_free(agent->retry);
    while (agent->writing) {
        WriteRun *run = agent->writing;
        agent_drop_write_run(agent, run);
        write_run_free(run);
    }
    map_free(agent->units);
    map_free(agent->marked);
    free(agent->order_prefix);
    free(agent->machine_id);
    free(agent);
}
