#include "fleetd/sched/cluster.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/cluster-internal.h"
#include "tests/sched/world.h"
#include "tests/unit/cmocka-test.h"

static size_t plan_steps(World *world) {
    world_tell(world, SIZE_MAX);
    _cleanup_(plan_freep) Plan *plan = world_plan(world, 0);
    return plan->n_steps;
}

static World *settled_world(void) {
    World *world = world_new();
    world_put_machine(world, "m1", MACHINE_STATUS_RUNNING, "k=v");
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "MachineMetadata=k=v\n");
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, "MachineMetadata=k=w\n");
    must(plan_steps(world) == 2);
    return world;
}

static void new_cluster_has_no_work(void **state) {
    _cleanup_(cluster_freep) Cluster *cluster = cluster_new(0);
    assert_false(cluster_has_work(cluster));
    _cleanup_(plan_freep) Plan *plan = NULL;
    assert_int_equal(cluster_plan(cluster, 0, &plan), 0);
    assert_int_equal(plan->n_steps, 0);
}

static void what_is_told_again_unchanged_is_no_work(void **state) {
    _cleanup_(world_freep) World *world = settled_world();
    const WorldUnit *a = map_get(world->units, "a.service");
    assert_int_equal(cluster_put_machine(world->cluster, map_get(world->machines, "m1")), 0);
    assert_int_equal(cluster_put_unit_take(world->cluster, &a->unit, world_requirements(a)), 0);
    assert_int_equal(cluster_put_order(world->cluster, world_find_order(world, "m1", "a.service")),
                     0);
    assert_int_equal(cluster_put_pending(world->cluster, map_get(world->pendings, "b.service")), 0);
    assert_false(cluster_has_work(world->cluster));
}

static void removal_of_what_is_unknown_is_no_work(void **state) {
    _cleanup_(cluster_freep) Cluster *cluster = cluster_new(0);
    assert_int_equal(cluster_remove_machine(cluster, "m1", false), 0);
    assert_int_equal(cluster_remove_unit(cluster, "a.service"), 0);
    assert_int_equal(cluster_remove_order(cluster, "m1", "a.service"), 0);
    assert_int_equal(cluster_remove_state(cluster, "m1", "a.service"), 0);
    assert_int_equal(cluster_remove_pending(cluster, "a.service"), 0);
    assert_false(cluster_has_work(cluster));
}

static void state_of_a_running_unit_is_no_work(void **state) {
    _cleanup_(world_freep) World *world = settled_world();
    world_agents_act(world, NULL);
    assert_int_equal(world->n_events, 1);
    world_tell(world, SIZE_MAX);
    assert_false(cluster_has_work(world->cluster));
}

static void what_is_held_on_a_machine_that_vanished_is_not_starting(void **state) {
    _cleanup_(world_freep) World *world = settled_world();
    assert_int_equal(cluster_count_starting(world->cluster), 1);
    world_put_machine(world, "m1", MACHINE_STATUS_RESTARTING, "k=v");
    world_tell(world, SIZE_MAX);
    assert_int_equal(cluster_count_starting(world->cluster), 0);
    world_put_machine(world, "m1", MACHINE_STATUS_RUNNING, "k=v");
    world_tell(world, SIZE_MAX);
    assert_int_equal(cluster_count_starting(world->cluster), 1);
    world_agents_act(world, NULL);
    world_tell(world, SIZE_MAX);
    assert_int_equal(cluster_count_starting(world->cluster), 0);
}

static void lost_order_is_written_again(void **state) {
    _cleanup_(world_freep) World *world = settled_world();
    assert_int_equal(cluster_remove_order(world->cluster, "m1", "a.service"), 0);
    assert_true(cluster_has_work(world->cluster));
    assert_int_equal(plan_steps(world), 1);
}

static void lost_pending_is_written_again(void **state) {
    _cleanup_(world_freep) World *world = settled_world();
    assert_int_equal(cluster_remove_pending(world->cluster, "b.service"), 0);
    assert_int_equal(plan_steps(world), 1);
}

static void machines_with_orders_and_without_presence_are_missing(void **state) {
    _cleanup_(world_freep) World *world = settled_world();
    world_leave_order(world, "m3", "c.service", LAUNCH_STATE_LAUNCHED, 1, "test");
    world_leave_order(world, "m2", "d.service", LAUNCH_STATE_LAUNCHED, 1, "test");
    world_restart_engine(world, NULL, NULL);
    _cleanup_free_ const char **ids = NULL;
    assert_int_equal(cluster_missing_machines(world->cluster, &ids), 0);
    assert_string_equal(ids[0], "m2");
    assert_string_equal(ids[1], "m3");
    assert_null(ids[2]);
    assert_true(cluster_has_orders(world->cluster, "m1"));
    assert_true(cluster_has_orders(world->cluster, "m2"));
    assert_false(cluster_has_orders(world->cluster, "m4"));
}

static void void_order_asks_for_absence_and_an_answered_one_does_not(void **state) {
    _cleanup_(world_freep) World *world = settled_world();
    world_remove_machine(world, "m1");
    world_tell(world, SIZE_MAX);
    _cleanup_(plan_freep) Plan *plan = NULL;
    assert_int_equal(cluster_plan(world->cluster, 0, &plan), 0);
    assert_int_equal(plan->steps[0].kind, PLAN_DELETE_ORDER);
    assert_true(plan->steps[0].is_void);

    _cleanup_(world_freep) World *other = settled_world();
    world_remove_unit(other, "a.service");
    assert_int_equal(plan_steps(other), 1);
    world_agents_act(other, NULL);
    world_tell(other, SIZE_MAX);
    _cleanup_(plan_freep) Plan *second = NULL;
    assert_int_equal(cluster_plan(other->cluster, 0, &second), 0);
    assert_int_equal(second->steps[0].kind, PLAN_DELETE_ORDER);
    assert_false(second->steps[0].is_void);
}

static void plan_of_one_unit_leaves_the_rest_for_later(void **state) {
    _cleanup_(world_freep) World *world = world_new();
    world_put_machine(world, "m1", MACHINE_STATUS_RUNNING, "");
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "");
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, "");
    world_tell(world, SIZE_MAX);
    _cleanup_(plan_freep) Plan *plan = world_plan(world, 1);
    assert_int_equal(plan->n_steps, 1);
    assert_string_equal(plan->steps[0].order->name, "a.service");
    assert_true(cluster_has_work(world->cluster));
}

static void long_chain_is_placed_in_one_plan(void **state) {
    _cleanup_(world_freep) World *world = world_new();
    world_put_machine(world, "m1", MACHINE_STATUS_RUNNING, "");
    world_put_machine(world, "m2", MACHINE_STATUS_RUNNING, "");
    for (size_t i = 0; i < 200; i++) {
        _cleanup_free_ char *name = str_printf("u%03zu.service", i);
        _cleanup_free_ char *options = str_printf("MachineOf=u%03zu.service\n", i + 1);
        world_put_unit(world, name, LAUNCH_STATE_LAUNCHED, i < 199 ? options : "");
    }
    assert_int_equal(plan_steps(world), 200);
    assert_int_equal(map_size(world->orders), 200);
    assert_int_equal(map_size(world->pendings), 0);
}

static void nothing_is_kept_of_what_is_gone(void **state) {
    _cleanup_(world_freep) World *world = world_new();
    world_put_machine(world, "m1", MACHINE_STATUS_RUNNING, "");
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "Conflicts=x*\n");
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, "MachineOf=a.service\n");
    world_put_unit(world, "c.service", LAUNCH_STATE_LAUNCHED, "MachineOf=unknown.service\n");
    world_put_unit(world, "d.service", LAUNCH_STATE_LAUNCHED, "Replaces=a.service\n");
    world_put_unit(world, "e.service", LAUNCH_STATE_LAUNCHED, "Global=true\n");
    plan_steps(world);
    world_agents_act(world, NULL);
    for (char name[] = "a.service"; name[0] <= 'e'; name[0]++)
        world_remove_unit(world, name);
    plan_steps(world);
    world_agents_act(world, NULL);
    plan_steps(world);
    world_agents_act(world, NULL);
    world_remove_machine(world, "m1");
    plan_steps(world);

    const Cluster *cluster = world->cluster;
    assert_int_equal(map_size(cluster->units), 0);
    assert_int_equal(map_size(cluster->machines), 0);
    assert_int_equal(cluster->here.machines.n, 0);
    assert_int_equal(map_size(cluster->globals), 0);
    assert_int_equal(map_size(cluster->replacers), 0);
    assert_int_equal(map_size(cluster->movers), 0);
    assert_int_equal(map_size(cluster->waiting), 0);
    assert_int_equal(map_size(cluster->obstructed), 0);
}

static void reasons_of_a_pending_are_limited(void **state) {
    _cleanup_(world_freep) World *world = world_new();
    for (size_t i = 0; i < PENDING_REASONS_MAX + 10; i++) {
        _cleanup_free_ char *id = str_printf("m%03zu", i);
        world_put_machine(world, id, MACHINE_STATUS_RUNNING, "");
    }
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "MachineMetadata=k=v\n");
    plan_steps(world);
    const Pending *pending = map_get(world->pendings, "a.service");
    assert_int_equal(pending->n_reasons, PENDING_REASONS_MAX);
    assert_string_equal(pending->summary, "0 of 74 machines fit: 74 metadata k is not set");
}

/* "Never share a machine with another unit of a matching name": what has yet to leave may still
 * run. */
static void loaded_unit_is_not_started_beside_one_that_leaves_for_it(void **state) {
    _cleanup_(world_freep) World *world = world_new();
    world_put_machine(world, "m1", MACHINE_STATUS_RUNNING, "");
    world_put_unit(world, "b.service", LAUNCH_STATE_LOADED, "");
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "");
    plan_steps(world);
    world_agents_act(world, NULL);
    plan_steps(world);
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "Conflicts=b.service\n");
    plan_steps(world); /* a is the later one: it has to leave, and takes its time to stop */
    assert_int_equal(world_find_order(world, "m1", "a.service")->desired, LAUNCH_STATE_INACTIVE);
    assert_true(map_has(world->running, "m1/a.service"));
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, NULL);
    plan_steps(world);
    world_agent_act(world, "m1", "b.service");
    assert_false(map_has(world->running, "m1/a.service") &&
                 map_has(world->running, "m1/b.service"));
}

/* fleet-unit(5), Replaces=: "loaded at once and started when they have left", also with a new file.
 */
static void running_unit_that_begins_to_replace_another_waits_for_it_to_leave(void **state) {
    _cleanup_(world_freep) World *world = world_new();
    world_put_machine(world, "m1", MACHINE_STATUS_RUNNING, "");
    world_put_unit(world, "new.service", LAUNCH_STATE_LAUNCHED, "");
    world_put_unit(world, "old.service", LAUNCH_STATE_LAUNCHED, "");
    plan_steps(world);
    world_agents_act(world, NULL);
    plan_steps(world);
    world_put_machine(world, "m2", MACHINE_STATUS_RUNNING, "");
    world_put_unit(world, "new.service", LAUNCH_STATE_LAUNCHED, "Replaces=old.service\n");
    plan_steps(world);
    assert_int_equal(world_find_order(world, "m1", "old.service")->desired, LAUNCH_STATE_INACTIVE);
    assert_int_equal(world_find_order(world, "m1", "new.service")->desired, LAUNCH_STATE_LOADED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_cluster_has_no_work),
        cmocka_unit_test(what_is_told_again_unchanged_is_no_work),
        cmocka_unit_test(removal_of_what_is_unknown_is_no_work),
        cmocka_unit_test(state_of_a_running_unit_is_no_work),
        cmocka_unit_test(what_is_held_on_a_machine_that_vanished_is_not_starting),
        cmocka_unit_test(lost_order_is_written_again),
        cmocka_unit_test(lost_pending_is_written_again),
        cmocka_unit_test(machines_with_orders_and_without_presence_are_missing),
        cmocka_unit_test(void_order_asks_for_absence_and_an_answered_one_does_not),
        cmocka_unit_test(plan_of_one_unit_leaves_the_rest_for_later),
        cmocka_unit_test(long_chain_is_placed_in_one_plan),
        cmocka_unit_test(nothing_is_kept_of_what_is_gone),
        cmocka_unit_test(reasons_of_a_pending_are_limited),
        cmocka_unit_test(loaded_unit_is_not_started_beside_one_that_leaves_for_it),
        cmocka_unit_test(running_unit_that_begins_to_replace_another_waits_for_it_to_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
