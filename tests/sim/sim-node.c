#include "tests/sim/sim-node.h"

#include "tests/fakes/fake-unit-manager.h"
#include "tests/sim/pausable-loop.h"
#include "tests/sim/sim-cluster.h"

#include <stdio.h>

/* Of each machine: too little for all units that reserve some. */
#define MEMORY_BYTES (UINT64_C(1) << 30)
#define CORES 2

#define FAREWELL_USEC (5 * USEC_PER_SEC) /* as in fleetd/daemon.c */
#define RESTART_USEC USEC_PER_SEC        /* as in fleet.service */

void *sim_must(void *pointer) {
    if (!pointer)
        abort();
    return pointer;
}

void sim_must_be_zero(int r) {
    if (r != 0)
        abort();
}

/* --- fleetd --- */

static void fleetd_free(SimNode *node) {
    if (node->agent && node->before_end)
        node->before_end(node);
    sim_node_note_trouble(node, 0);
    api_free(TAKE_PTR(node->api));
    engine_free(TAKE_PTR(node->engine));
    unit_manager_free(TAKE_PTR(node->unit_manager));
    agent_free(TAKE_PTR(node->agent));
    sim_fuse_set(node->fuse, 0);
    timer_stop(node->end);
    timer_stop(node->restart);
    node->is_leaving = false;
}

static usec_t on_steady_since(void *userdata) {
    const SimNode *node = userdata;
    return agent_steady_since(node->agent);
}

static void on_registered(void *userdata) {
    SimNode *node = userdata;
    EngineOptions options = {
        .store = sim_fuse_store(node->fuse),
        .loop = node->loop,
        .machine_id = node->id,
        .agent_ttl_usec = node->cluster->agent_ttl_usec,
        .failover_hold_usec = node->cluster->failover_hold_usec,
        .steady_since = on_steady_since,
        .userdata = node,
        .metrics = node->metrics,
    };
    if (!node->engine && engine_new(&options, &node->engine) < 0)
        timer_start(node->restart, 0);
}

static void on_restart(void *userdata) {
    SimNode *node = userdata;
    if (!node->agent) {
        sim_node_start(node);
        return;
    }
    sim_node_crash(node);
    timer_start(node->restart, RESTART_USEC);
}

static int api_start(SimNode *node) {
    ApiOptions options = {
        .store = sim_fuse_store(node->fuse),
        .loop = node->loop,
        .store_timeout_usec = SIM_API_TIMEOUT,
        .metrics = node->metrics,
    };
    return api_new(&options, &node->api);
}

void sim_node_start(SimNode *node) {
    if (!node->is_on || node->agent)
        return;
    sim_node_note_trouble(node, 0);
    AgentOptions options = {
        .store = sim_fuse_store(node->fuse),
        .loop = node->loop,
        .machine = &node->machine,
        .ttl_usec = node->cluster->agent_ttl_usec,
        .restart_grace_usec = SIM_GRACE,
        .on_registered = on_registered,
        .userdata = node,
        .metrics = node->metrics,
    };
    sim_must_be_zero(fake_unit_manager_new(node->systemd, &node->unit_manager));
    node->unit_manager = sim_fuse_unit_manager_take(node->fuse, node->unit_manager);
    options.unit_manager = node->unit_manager;
    options.prober = fake_prober_prober(node->prober);
    int r = agent_new(&options, &node->agent);
    if (r >= 0)
        r = api_start(node);
    if (r < 0) {
        fleetd_free(node);
        timer_start(node->restart, RESTART_USEC);
    }
}

void sim_node_crash(SimNode *node) {
    fleetd_free(node);
    pausable_loop_resume(node->loop);
}

/* A machine that goes down ends its units right after fleetd. */
static void on_end(void *userdata) {
    SimNode *node = userdata;
    bool goes_down = node->farewell == PRESENCE_LEFT;
    fleetd_free(node);
    if (goes_down)
        sim_node_cut_power(node);
}

static void on_resigned(_unused_ int r, void *userdata) {
    timer_start(((SimNode *) userdata)->end, 0);
}

static void on_left(_unused_ int r, void *userdata) {
    SimNode *node = userdata;
    if (!node->engine || engine_resign(node->engine, on_resigned, node) < 0)
        timer_start(node->end, 0);
}

static void fleetd_leave(SimNode *node, PresenceFarewell farewell) {
    if (!node->agent || node->is_leaving)
        return;
    node->is_leaving = true;
    node->farewell = farewell;
    if (farewell == PRESENCE_LEFT)
        node->n_goodbyes = node->n_boots;
    timer_start(node->end, FAREWELL_USEC + agent_leave_limit(node->agent, farewell));
    int r = agent_leave(node->agent, farewell, on_left, node);
    if (r < 0)
        on_left(r, node);
}

void sim_node_stop(SimNode *node) {
    fleetd_leave(node, PRESENCE_RESTARTING);
}

bool sim_node_runs(const SimNode *node) {
    return node->agent != NULL;
}

bool sim_node_leads(const SimNode *node) {
    return node->engine && engine_is_leader(node->engine);
}

void sim_node_pause(SimNode *node) {
    sim_node_note_trouble(node, 0);
    if (node->agent)
        pausable_loop_pause(node->loop);
}

void sim_node_resume(SimNode *node) {
    sim_node_note_trouble(node, 0);
    pausable_loop_resume(node->loop);
}

/* --- the machine --- */

void sim_node_boot(SimNode *node) {
    if (node->is_on)
        return;
    node->is_on = true;
    node->booted_usec = loop_now(node->world);
    snprintf(node->boot_id, sizeof(node->boot_id), "%.*s%04x", MACHINE_ID_LENGTH - 4, node->id,
             ++node->n_boots & 0xffffu);
    sim_guard_boot(node->guard);
    sim_node_start(node);
}

void sim_node_cut_power(SimNode *node) {
    sim_node_crash(node);
    sim_guard_cut_power(node->guard);
    node->is_on = false;
    fake_systemd_reboot(node->systemd);
}

void sim_node_shut_down(SimNode *node) {
    if (!node->agent)
        sim_node_cut_power(node);
    else
        fleetd_leave(node, PRESENCE_LEFT);
}

void sim_node_cut_off(SimNode *node, int r) {
    if (r != node->cut)
        sim_node_note_trouble(node, 0);
    node->cut = r;
    faulty_store_cut(node->link, r);
}

void sim_node_note_trouble(SimNode *node, usec_t usec) {
    node->trouble_until_usec = MAX(node->trouble_until_usec, loop_now(node->world) + usec);
}

usec_t sim_node_well_since(const SimNode *node) {
    bool is_troubled =
        !node->agent || node->is_leaving || node->cut != 0 || node->is_lossy || node->is_lagging ||
        node->has_no_bus || pausable_loop_is_paused(node->loop) ||
        fake_systemd_is_stopping(node->systemd) || node->trouble_until_usec > loop_now(node->world);
    return is_troubled ? USEC_INFINITY : node->trouble_until_usec;
}

static void on_fuse_blown(void *userdata) {
    SimNode *node = userdata;
    sim_node_crash(node);
    if (node->on_blown)
        node->on_blown(node);
}

bool sim_node_has(SimNode *node, const char *unit) {
    return fake_systemd_is_running(node->systemd, unit);
}

size_t sim_node_count(SimNode *node, FakeAction action) {
    return fake_script_count(fake_systemd_script(node->systemd), action);
}

/* systemd takes no start that contradicts its shutdown. */
static int refuse_start(FakeAction action, _unused_ const char *name, void *userdata) {
    const SimNode *node = userdata;
    bool goes_down = (node->is_leaving && node->farewell == PRESENCE_LEFT) ||
                     fake_systemd_is_stopping(node->systemd);
    return goes_down && action == FAKE_ACTION_START ? -EBUSY : 0;
}

void sim_node_init(SimNode *node, unsigned number, Loop *world, Store *store, TapOnTxn on_txn,
                   void *userdata) {
    *node = (SimNode){.world = world, .loop = sim_must(pausable_loop_new(world))};
    snprintf(node->id, sizeof(node->id), "%0*x", MACHINE_ID_LENGTH, number);
    snprintf(node->address, sizeof(node->address), "10.0.0.%u", number % 250);
    node->machine = (Machine){.id = node->id,
                              .boot_id = node->boot_id,
                              .address = node->address,
                              .memory_bytes = MEMORY_BYTES,
                              .cores = CORES};
    sim_must_be_zero(tap_store_new(node->loop, store, on_txn, userdata, &node->tap));
    sim_must_be_zero(faulty_store_new(node->loop, node->tap, &node->link));
    sim_must_be_zero(tap_store_new(node->loop, node->link, NULL, NULL, &node->way));
    node->fuse = sim_fuse_new(world, node->way, on_fuse_blown, node);
    sim_must_be_zero(fake_systemd_new(world, &node->systemd));
    fake_script_set_fault(fake_systemd_script(node->systemd), refuse_start, node);
    sim_must_be_zero(fake_prober_new(node->loop, &node->prober));
    node->guard = sim_guard_new(node->systemd, world);
    sim_must_be_zero(timer_new(node->loop, on_end, node, &node->end));
    sim_must_be_zero(timer_new(node->loop, on_restart, node, &node->restart));
}

void sim_node_done(SimNode *node) {
    fleetd_free(node);
    timer_free(node->end);
    sim_guard_free(node->guard);
    timer_free(node->restart);
    fake_systemd_free(node->systemd);
    prober_free(fake_prober_prober(node->prober));
    sim_fuse_free(node->fuse);
    store_free(node->way);
    store_free(node->link);
    store_free(node->tap);
    pausable_loop_free(node->loop);
    metadata_done(&node->machine.metadata);
}
