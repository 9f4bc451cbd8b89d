/* Evening the load out, on a simulated cluster: one of three machines is away while units start. */
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/rebalance.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/engine-test.h"

static int64_t ask(SimCluster *cluster, Rebalance wanted) {
    wanted.since_usec = loop_realtime(cluster->loop);
    _cleanup_free_ char *value = rebalance_format(&wanted);
    assert_int_equal(store_sync_put(&cluster->sync, KEY_REBALANCE_TEXT, value, 0), 0);
    return (int64_t) wanted.since_usec;
}

/* NULL: there is none, or none that can be read. */
static Rebalance *rebalance_of(SimCluster *cluster) {
    _cleanup_free_ char *value = store_sync_get(&cluster->sync, KEY_REBALANCE_TEXT);
    Rebalance *rebalance = NULL;
    if (value)
        (void) rebalance_parse(value, strlen(value), &rebalance, NULL);
    return rebalance;
}

static void expect(SimCluster *cluster, RebalancePhase phase, size_t n_made, size_t n_moves) {
    _cleanup_(rebalance_freep) Rebalance *rebalance = rebalance_of(cluster);
    assert_non_null(rebalance);
    assert_string_equal(rebalance_phase_to_string(rebalance->phase),
                        rebalance_phase_to_string(phase));
    assert_int_equal(rebalance_count(rebalance, MOVE_MADE), n_made);
    assert_int_equal(rebalance->n_moves, n_moves);
}

static void instance_name(unsigned i, char ret[32]) {
    (void) snprintf(ret, 32, "app@%u.service", i);
}

/* Six units on two machines, of a template or each for itself; the third machine is back, and has
 * none. */
static SimNode *start_on_two(SimCluster *cluster, bool is_template) {
    SimNode *late = engine_test_follower(cluster, NULL);
    sim_node_shut_down(late);
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    if (!is_template)
        engine_test_start_many(cluster, 6);
    for (unsigned i = 1; is_template && i <= 6; i++) {
        char name[32];
        instance_name(i, name);
        engine_test_start(cluster, name, SLEEPER);
    }
    sim_node_boot(late);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_int_equal(engine_test_count_orders_on(cluster, late), 0);
    return late;
}

static void units_move_when_somebody_asks(void **state) {
    SimCluster *cluster = *state;
    SimNode *late = start_on_two(cluster, false);
    ask(cluster, (Rebalance){});
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    expect(cluster, REBALANCE_DONE, 2, 2);
    assert_int_equal(engine_test_count_orders_on(cluster, late), 2);
    size_t n_touches = sim_count_touches(cluster);
    ask(cluster, (Rebalance){});
    sim_cluster_run(cluster, 5 * USEC_PER_SEC);
    expect(cluster, REBALANCE_DONE, 0, 0);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

static void no_more_than_asked_for(void **state) {
    SimCluster *cluster = *state;
    SimNode *late = start_on_two(cluster, false);
    ask(cluster, (Rebalance){.max_moves = 1});
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    expect(cluster, REBALANCE_DONE, 1, 1);
    assert_int_equal(engine_test_count_orders_on(cluster, late), 1);
}

static void dry_run_moves_nothing(void **state) {
    SimCluster *cluster = *state;
    start_on_two(cluster, false);
    size_t n_touches = sim_count_touches(cluster);
    ask(cluster, (Rebalance){.is_dry_run = true});
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    expect(cluster, REBALANCE_PROPOSED, 0, 2);
    assert_int_equal(sim_count_touches(cluster), n_touches);
}

/* Runs until the record is in a phase with moves. */
static void run_until_proposed(SimCluster *cluster) {
    for (unsigned i = 0; i < 100000; i++) {
        _cleanup_(rebalance_freep) Rebalance *rebalance = rebalance_of(cluster);
        if (rebalance && rebalance->phase != REBALANCE_WANTED)
            return;
        assert_true(virtual_loop_step(cluster->loop));
    }
    fail_msg("nothing is proposed");
}

/* One instance has left, or is about to, and the other one waits for its turn. */
static void next_leader_goes_on(void **state) {
    SimCluster *cluster = *state;
    SimNode *late = start_on_two(cluster, true);
    ask(cluster, (Rebalance){});
    run_until_proposed(cluster);
    SimNode *leader = sim_leader(cluster);
    sim_node_crash(leader);
    assert_true(engine_test_count_orders_on(cluster, late) <= 1);
    sim_cluster_run(cluster, 2 * USEC_PER_SEC);
    sim_node_start(leader);
    sim_cluster_run(cluster, 20 * USEC_PER_SEC);
    expect(cluster, REBALANCE_DONE, 2, 2);
    assert_int_equal(engine_test_count_orders_on(cluster, late), 2);
}

/* Instances of a template leave one at a time. */
static void budget_is_kept(void **state) {
    SimCluster *cluster = *state;
    start_on_two(cluster, true);
    ask(cluster, (Rebalance){});
    usec_t end = loop_now(cluster->loop) + 20 * USEC_PER_SEC;
    while (loop_now(cluster->loop) < end && virtual_loop_step(cluster->loop)) {
        size_t n_running = 0;
        for (unsigned i = 1; i <= 6; i++) {
            char name[32];
            instance_name(i, name);
            n_running += sim_count_running(cluster, name);
        }
        assert_true(n_running >= 5);
    }
    expect(cluster, REBALANCE_DONE, 2, 2);
}

static void nothing_moves_while_the_brake_holds(void **state) {
    SimCluster *cluster = *state;
    cluster->failover_hold_usec = 5 * USEC_PER_MINUTE;
    for (size_t i = 0; i < cluster->n_nodes; i++)
        sim_node_crash(&cluster->nodes[i]);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        sim_node_start(&cluster->nodes[i]);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    start_on_two(cluster, false);
    SimNode *leader = sim_leader(cluster);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (&cluster->nodes[i] != leader)
            sim_node_cut_power(&cluster->nodes[i]);
    sim_cluster_run(cluster, 70 * USEC_PER_SEC);
    size_t n_touches = sim_count_touches(cluster);
    ask(cluster, (Rebalance){});
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    _cleanup_(rebalance_freep) Rebalance *rebalance = rebalance_of(cluster);
    assert_int_equal(rebalance->phase, REBALANCE_WANTED);
    assert_string_equal(rebalance->why, "too many machines have vanished at once; nothing is moved "
                                        "before that is over");
    assert_int_equal(sim_count_touches(cluster), n_touches);
    for (size_t i = 0; i < cluster->n_nodes; i++)
        if (&cluster->nodes[i] != leader)
            sim_node_boot(&cluster->nodes[i]);
    sim_cluster_run(cluster, 30 * USEC_PER_SEC);
    _cleanup_(rebalance_freep) Rebalance *done = rebalance_of(cluster);
    assert_int_equal(done->phase, REBALANCE_DONE);
    assert_null(done->why);
}

static void second_one_takes_the_place_of_the_first(void **state) {
    SimCluster *cluster = *state;
    SimNode *late = start_on_two(cluster, true);
    ask(cluster, (Rebalance){});
    run_until_proposed(cluster);
    int64_t second = ask(cluster, (Rebalance){.max_moves = 1});
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    _cleanup_(rebalance_freep) Rebalance *rebalance = rebalance_of(cluster);
    assert_int_equal(rebalance->since_usec, second);
    assert_int_equal(rebalance->phase, REBALANCE_DONE);
    assert_int_equal(rebalance->n_moves, 1);
    assert_true(engine_test_count_orders_on(cluster, late) <= 2);
}

static void cancelled_one_begins_nothing_more(void **state) {
    SimCluster *cluster = *state;
    SimNode *late = start_on_two(cluster, true);
    ask(cluster, (Rebalance){});
    run_until_proposed(cluster);
    assert_int_equal(store_sync_delete(&cluster->sync, KEY_REBALANCE_TEXT), 0);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_true(engine_test_count_orders_on(cluster, late) <= 1);
    assert_null(rebalance_of(cluster));
}

static void move_that_does_not_fit_any_more_is_dropped(void **state) {
    SimCluster *cluster = *state;
    SimNode *late = start_on_two(cluster, true);
    ask(cluster, (Rebalance){});
    run_until_proposed(cluster);
    _cleanup_free_ char *key = key_maintenance(late->id);
    assert_int_equal(store_sync_put(&cluster->sync, key, "{}", 0), 0);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    _cleanup_(rebalance_freep) Rebalance *rebalance = rebalance_of(cluster);
    assert_int_equal(rebalance->phase, REBALANCE_DONE);
    assert_int_equal(rebalance->n_moves, 2);
    assert_true(rebalance_count(rebalance, MOVE_DROPPED) >= 1);
    _cleanup_free_ char *why = str_printf("%s: is cordoned", late->id);
    for (size_t i = 0; i < rebalance->n_moves; i++)
        if (rebalance->moves[i].phase == MOVE_DROPPED)
            assert_string_equal(rebalance->moves[i].why, why);
    assert_int_equal(engine_test_count_orders_on(cluster, late),
                     rebalance_count(rebalance, MOVE_MADE));
}

static void unreadable_record_moves_nothing(void **state) {
    SimCluster *cluster = *state;
    start_on_two(cluster, false);
    size_t n_touches = sim_count_touches(cluster);
    assert_int_equal(store_sync_put(&cluster->sync, KEY_REBALANCE_TEXT, "\xff\xfe", 0), 0);
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    assert_int_equal(sim_count_touches(cluster), n_touches);
    ask(cluster, (Rebalance){});
    sim_cluster_run(cluster, 10 * USEC_PER_SEC);
    expect(cluster, REBALANCE_DONE, 2, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(units_move_when_somebody_asks),
        ENGINE_TEST(no_more_than_asked_for),
        ENGINE_TEST(dry_run_moves_nothing),
        ENGINE_TEST(next_leader_goes_on),
        ENGINE_TEST(budget_is_kept),
        ENGINE_TEST(nothing_moves_while_the_brake_holds),
        ENGINE_TEST(second_one_takes_the_place_of_the_first),
        ENGINE_TEST(cancelled_one_begins_nothing_more),
        ENGINE_TEST(move_that_does_not_fit_any_more_is_dropped),
        ENGINE_TEST(unreadable_record_moves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
