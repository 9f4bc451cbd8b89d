/* The agent as a whole, and its place in the cluster: what comes and goes with its presence.
 * Everything that happens anywhere marks units and asks for a pass (agent-pass.c), and that alone
 * decides. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"

/* --- what happens: presence --- */

static void on_former_revoked(_unused_ int r, _unused_ int64_t lease, _unused_ usec_t ttl_usec,
                              void *userdata) {
    Agent *agent = userdata;
    agent->revoke = NULL;
}

void agent_revoke_former(Agent *agent) {
    if (agent->former_lease == 0 || agent->revoke || agent->is_leaving || !agent->is_listed ||
        !agent_knows_its_orders(agent) || map_size(agent->marked) > 0 ||
        !publisher_is_idle(agent->publisher) || !publisher_is_idle(agent->orphan_publisher))
        return;
    if (store_lease_revoke(agent->store, agent->former_lease, on_former_revoked, agent,
                           &agent->revoke) >= 0)
        agent->former_lease = 0;
}

void agent_set_place(Agent *agent, int64_t lease, int64_t revision) {
    publisher_set_place(agent->publisher, lease, revision);
    publisher_set_place(agent->orphan_publisher, lease, revision);
}

static void on_presence_registered(int64_t lease, int64_t revision, int64_t former_lease,
                                   void *userdata) {
    Agent *agent = userdata;
    log_info("Registered in the cluster as machine %s", agent->machine_id);
    agent->registered_revision = revision;
    if (agent->is_leaving)
        return; /* the last word is yet to be said */
    if (former_lease != 0)
        agent->former_lease = former_lease;
    agent_set_place(agent, lease, revision);
    mirror_relist(
        agent->orders); /* what was withdrawn before this must be known before anything is done */
    agent_doubt_cluster(agent);
    agent_mark_all(agent);
    agent_ask_for_presence(agent);
    agent_consider_reboot(agent);
    if (agent->on_registered)
        agent->on_registered(agent->userdata);
}

static void on_presence_lost(void *userdata) {
    Agent *agent = userdata;
    log_warning("The presence of this machine in the store is gone; units are kept as they are "
                "until it is back");
    agent->registered_revision = 0;
    agent_set_place(agent, 0, 0);
}

static void on_presence_contact(int r, void *userdata) {
    Agent *agent = userdata;
    if (r < 0)
        log_warning("The store cannot be reached (%s); units are kept as they are", strerror(-r));
    else
        agent_mark_all(agent);
}

static void on_states_published(void *userdata) {
    Agent *agent = userdata;
    agent_revoke_former(agent);
    if (agent->is_leaving)
        agent_left(agent, 0);
}

static void on_orphans_published(void *userdata) {
    Agent *agent = userdata;
    if (agent->is_leaving) {
        presence_part(agent->presence);
        return;
    }
    agent_revoke_former(agent);
    timer_start_if_idle(agent->pass, 0);
}

/* Somebody deleted the presence, or took it over. */
static void on_refused(void *userdata) {
    Agent *agent = userdata;
    if (agent->is_leaving) {
        agent_left(agent, -ESTALE);
        return;
    }
    if (agent->arrival.step == ARRIVAL_NONE)
        log_warning(
            "The presence of this machine in the store is not its own any more; registering anew");
    agent->registered_revision = 0;
    presence_reclaim(agent->presence);
}

void agent_reclaim_presence(Agent *agent) {
    agent->registered_revision = 0;
    agent_set_place(agent, 0, 0);
    presence_reclaim(agent->presence);
}

/* With a new revision of the presence a late write cannot undo what is written from now on. */
static void on_unsure(void *userdata) {
    Agent *agent = userdata;
    if (!agent->is_leaving && agent->registered_revision != 0)
        agent_reclaim_presence(agent);
}

int agent_set_machine(Agent *agent, const Machine *machine) {
    int r = presence_set_machine(agent->presence, machine);
    if (r >= 0 && agent->registered_revision != 0 && !agent->is_leaving)
        agent_reclaim_presence(agent);
    return r;
}

/* --- making --- */

static void on_files_changed(void *userdata) {
    Agent *agent = userdata;
    timer_start_if_idle(agent->pass, 0);
}

static int agent_init_parts(Agent *agent, const AgentOptions *options) {
    static const PresenceCallbacks presence_callbacks = {
        .on_vacant = agent_on_vacant,
        .on_parting = agent_on_parting,
        .on_registered = on_presence_registered,
        .on_lost = on_presence_lost,
        .on_contact = on_presence_contact,
    };
    static const PublisherCallbacks publisher_callbacks = {
        .on_idle = on_states_published,
        .on_refused = on_refused,
        .on_unsure = on_unsure,
    };
    static const PublisherCallbacks orphan_callbacks = {
        .on_idle = on_orphans_published,
        .on_refused = on_refused,
        .on_unsure = on_unsure,
    };
    int r = publisher_new(agent->store, agent->loop, agent->machine_id, &publisher_callbacks, agent,
                          &agent->publisher);
    if (r >= 0)
        r = publisher_new(agent->store, agent->loop, agent->machine_id, &orphan_callbacks, agent,
                          &agent->orphan_publisher);
    if (r >= 0)
        r = file_cache_new(agent->store, agent->loop, on_files_changed, agent, &agent->files);
    if (r >= 0)
        r = agent_open_cluster(agent);
    if (r >= 0)
        r = agent_open_orders(agent);
    if (r >= 0)
        r = agent_open_vouching(agent);
    if (r >= 0)
        r = agent_open_reboot(agent);
    if (r >= 0)
        r = timer_new(agent->loop, agent_on_stop_limit, agent, &agent->stop_limit);
    if (r >= 0)
        r = presence_new(agent->store, agent->loop, options->machine, options->ttl_usec,
                         &presence_callbacks, agent, &agent->presence);
    if (r >= 0)
        r = agent_open_units(agent); /* last: once systemd has been asked, nothing may fail */
    return r;
}

int agent_new(const AgentOptions *options, Agent **ret) {
    _cleanup_(agent_freep) Agent *agent = calloc(1, sizeof(Agent));
    if (!agent)
        return -ENOMEM;
    *agent = (Agent){
        .store = options->store,
        .loop = options->loop,
        .unit_manager = options->unit_manager,
        .prober = options->prober,
        .machine_id = strdup(options->machine->id),
        .boot_id = strdup(options->machine->boot_id),
        .order_prefix = key_schedule_prefix(options->machine->id),
        .ttl_usec = options->ttl_usec,
        .restart_grace_usec = options->restart_grace_usec,
        .on_registered = options->on_registered,
        .on_replaced = options->on_replaced,
        .userdata = options->userdata,
        .metrics = options->metrics,
        .units = map_new((MapFreeValue) agent_unit_free),
        .marked = map_new(NULL),
        .orphans = map_new(free),
    };
    if (!agent->machine_id || !agent->boot_id || !agent->order_prefix || !agent->units ||
        !agent->marked || !agent->orphans)
        return -ENOMEM;
    TAILQ_INIT(&agent->probes_waiting);
    int r = agent_init_parts(agent, options);
    if (r < 0)
        return r;
    agent_metrics_open(agent);
    *ret = TAKE_PTR(agent);
    return 0;
}

usec_t agent_steady_since(const Agent *agent) {
    return presence_steady_since(agent->presence);
}

void agent_free(Agent *agent) {
    if (!agent)
        return;
    metric_source_free(agent->metric_source);
    agent_close_vouching(agent);
    agent_close_reboot(agent);
    timer_free(agent->stop_limit);
    presence_free(agent->presence);
    mirror_free(agent->orders);
    cluster_check_free(agent->cluster_check);
    file_cache_free(agent->files);
    publisher_free(agent->publisher);
    publisher_free(agent->orphan_publisher);
    store_op_cancel(agent->revoke);
    timer_free(agent->pass);
    timer_free(agent->retry);
    while (agent->writing) {
        WriteRun *run = agent->writing;
        agent_drop_write_run(agent, run);
        write_run_free(run);
    }
    agent->is_leaving = true; /* what waits for its turn to be asked is not asked any more */
    map_free(agent->units);
    map_free(agent->marked);
    map_free(agent->orphans);
    free(agent->cluster);
    free(agent->order_prefix);
    free(agent->boot_id);
    free(agent->machine_id);
    free(agent);
}
