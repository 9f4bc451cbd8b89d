#include "tests/sim/sim-clone.h"

#include <stdio.h>

#define NUMBER 200 /* of no node's */
/* No boot of the other one has its id. */
#define FIRST_BOOT 0x8000

/* Nothing that it asks is answered in the moment in which a presence goes. */
static const StoreFaults faults = {.latency_min_usec = USEC_PER_MSEC,
                                   .latency_max_usec = 200 * USEC_PER_MSEC,
                                   .timeout_usec = STORE_FAULTS_TIMEOUT_USEC};

struct SimClone {
    SimCluster *cluster;
    const SimCheck *check;
    SimTrace *trace;
    SimNode node;
    char own_address[sizeof(((SimNode *) NULL)->address)];
    bool has_same_address;
};

static void on_txn(const StoreTxn *txn, const StoreTxnResult *result, void *userdata) {
    const SimClone *clone = userdata;
    if (result->succeeded && txn->n_writes > 0)
        sim_trace_fail(clone->trace, "the clone of machine %s wrote %s", clone->node.id,
                       txn->writes[0].key);
}

SimClone *sim_clone_new(SimCluster *cluster, const SimCheck *check, SimTrace *trace) {
    SimClone *clone = sim_must(calloc(1, sizeof(SimClone)));
    *clone = (SimClone){.cluster = cluster, .check = check, .trace = trace};
    sim_node_init(&clone->node, NUMBER, cluster->loop, cluster->store, on_txn, clone);
    clone->node.n_boots = FIRST_BOOT;
    clone->node.cluster = cluster;
    memcpy(clone->own_address, clone->node.address, sizeof(clone->own_address));
    faulty_store_set_faults(clone->node.link, &faults);
    return clone;
}

void sim_clone_free(SimClone *clone) {
    if (!clone)
        return;
    sim_node_done(&clone->node);
    free(clone);
}

void sim_clone_boot(SimClone *clone, const SimNode *of, bool has_its_address) {
    SimNode *node = &clone->node;
    if (node->is_on)
        return;
    clone->has_same_address = has_its_address;
    memcpy(node->id, of->id, sizeof(node->id));
    memcpy(node->address, has_its_address ? of->address : clone->own_address,
           sizeof(node->address));
    sim_node_boot(node);
}

void sim_clone_end(SimClone *clone) {
    sim_node_cut_power(&clone->node);
}

/* One whose fleetd was stopped keeps it from a machine at its own address for a lease time only:
 * that may be itself, after a power cut. */
static bool place_is_free(const SimClone *clone) {
    const char *id = clone->node.id;
    const Machine *machine = sim_view_machine(clone->cluster->view, id);
    usec_t since = sim_check_last_change(clone->check, KEY_MACHINE, id, NULL);
    if (!machine || machine->status == MACHINE_STATUS_LEFT)
        return true;
    return machine->status == MACHINE_STATUS_RESTARTING && clone->has_same_address &&
           loop_now(clone->cluster->loop) >= since + SIM_TTL;
}

static void share_outage(SimClone *clone) {
    int cut = clone->cluster->is_store_away ? -ETIMEDOUT : 0;
    if (clone->node.cut != cut)
        sim_node_cut_off(&clone->node, cut);
}

void sim_clone_step(SimClone *clone) {
    static const FakeAction touches[] = {FAKE_ACTION_WRITE, FAKE_ACTION_START};
    if (!clone->node.is_on)
        return;
    share_outage(clone);
    for (size_t i = 0; i < ELEMENTSOF(touches); i++)
        if (sim_node_count(&clone->node, touches[i]) > 0)
            sim_trace_fail(clone->trace, "the clone of machine %s has units", clone->node.id);
    if (!place_is_free(clone))
        return;
    sim_trace(clone->trace, "fate: the clone goes, as the place of machine %s is free",
              clone->node.id);
    sim_clone_end(clone);
}
