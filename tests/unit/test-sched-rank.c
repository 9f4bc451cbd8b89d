#include "fleetd/sched/rank.h"

#include "fleetd/base/strv.h"
#include "tests/sched/world.h"
#include "tests/unit/cmocka-test.h"

static World *world_of_machines(size_t n) {
    World *world = world_new();
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *id = str_printf("m%03zu", i);
        world_put_machine(world, id, MACHINE_STATUS_RUNNING, i % 2 ? "odd=yes" : "odd=no");
    }
    world_tell(world, SIZE_MAX);
    return world;
}

/* So many units on a machine that nobody else knows of. */
static void load_machine(World *world, const char *id, size_t n) {
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *name = str_printf("load-%s@%zu.service", id, i);
        Order order = {.machine_id = (char *) id,
                       .name = name,
                       .hash = (char *) "hash",
                       .desired = LAUNCH_STATE_LAUNCHED,
                       .reason = (char *) "test"};
        must(cluster_put_order(world->cluster, &order) == 0);
    }
}

static Choice choose(World *world, const char *options, char ret_reason[CHOICE_REASON_SIZE]) {
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, options);
    world_tell(world, SIZE_MAX);
    must(load_index_refresh(&world->cluster->here, LOAD_UNITS) == 0);
    Choice choice;
    const ClusterUnit *unit = cluster_find_unit(world->cluster, "a.service");
    must(rank_machines(world->cluster, unit, &choice) == 0);
    choice_reason(world->cluster, &choice, ret_reason);
    return choice;
}

static void least_loaded_machine_is_chosen(void **state) {
    _cleanup_(world_freep) World *world = world_of_machines(3);
    load_machine(world, "m000", 2);
    load_machine(world, "m001", 1);
    load_machine(world, "m002", 3);
    char reason[CHOICE_REASON_SIZE];
    assert_string_equal(choose(world, "", reason).machine->id, "m001");
    assert_string_equal(reason, "fewest units (1) of 3 machines that fit");
}

static void smallest_id_wins_among_equals(void **state) {
    _cleanup_(world_freep) World *world = world_of_machines(3);
    load_machine(world, "m000", 1);
    char reason[CHOICE_REASON_SIZE];
    assert_string_equal(choose(world, "", reason).machine->id, "m001");
}

static void withdrawn_orders_are_no_load(void **state) {
    _cleanup_(world_freep) World *world = world_of_machines(2);
    Order order = {.machine_id = (char *) "m000",
                   .name = (char *) "b.service",
                   .hash = (char *) "hash",
                   .desired = LAUNCH_STATE_INACTIVE,
                   .reason = (char *) "test"};
    must(cluster_put_order(world->cluster, &order) == 0);
    char reason[CHOICE_REASON_SIZE];
    assert_string_equal(choose(world, "", reason).machine->id, "m000");
}

static void only_machine_that_fits_says_so(void **state) {
    _cleanup_(world_freep) World *world = world_of_machines(3);
    char reason[CHOICE_REASON_SIZE];
    assert_string_equal(choose(world, "MachineMetadata=odd=yes\n", reason).machine->id, "m001");
    assert_string_equal(reason, "only machine that fits (of 3)");
}

static void nothing_is_chosen_where_nothing_fits(void **state) {
    _cleanup_(world_freep) World *world = world_of_machines(3);
    char reason[CHOICE_REASON_SIZE];
    assert_null(choose(world, "MachineMetadata=odd=perhaps\n", reason).machine);
}

static void large_clusters_are_not_counted(void **state) {
    _cleanup_(world_freep) World *world = world_of_machines(4 * RANK_COUNT_MAX);
    char reason[CHOICE_REASON_SIZE];
    Choice choice = choose(world, "MachineMetadata=odd=yes\n", reason);
    assert_string_equal(choice.machine->id, "m001");
    assert_int_equal(choice.n_seen, RANK_COUNT_MAX);
    assert_string_equal(reason, "fewest units (0) of at least 8 machines that fit");
    choice = choose(world, "", reason);
    assert_string_equal(choice.machine->id, "m000");
    assert_int_equal(choice.n_seen, 1);
    assert_string_equal(reason, "fewest units (0) of the machines that fit");
}

static void machines_that_have_the_metadata_are_known_after_changes(void **state) {
    _cleanup_(world_freep) World *world = world_of_machines(4 * RANK_COUNT_MAX);
    char reason[CHOICE_REASON_SIZE];
    choose(world, "MachineMetadata=odd=yes\n", reason);
    world_put_machine(world, "m000", MACHINE_STATUS_RUNNING, "odd=yes");
    world_tell(world, SIZE_MAX);
    assert_string_equal(choose(world, "MachineMetadata=odd=yes\n", reason).machine->id, "m000");
    load_machine(world, "m000", 1);
    world_put_machine(world, "a", MACHINE_STATUS_RUNNING, "odd=yes");
    world_remove_machine(world, "m001");
    world_tell(world, SIZE_MAX);
    world_give_up_missing(world);
    assert_string_equal(choose(world, "MachineMetadata=odd=yes\n", reason).machine->id, "a");
}

static void choice_goes_as_far_as_it_must(void **state) {
    _cleanup_(world_freep) World *world = world_of_machines(2 * RANK_COUNT_MAX);
    world_put_machine(world, "m015", MACHINE_STATUS_RUNNING, "odd=last");
    world_tell(world, SIZE_MAX);
    char reason[CHOICE_REASON_SIZE];
    assert_string_equal(choose(world, "MachineMetadata=odd=last\n", reason).machine->id, "m015");
    assert_string_equal(reason, "only machine that fits (of 16)");
}

static void machine_is_not_taken_from_a_unit_that_fits_nowhere_else(void **state) {
    _cleanup_(world_freep) World *world = world_of_machines(2);
    world_put_unit(world, "old.service", LAUNCH_STATE_LAUNCHED, "MachineMetadata=odd=no\n");
    world_tell(world, SIZE_MAX);
    plan_free(world_plan(world, 0));
    load_machine(world, "m001", 5);
    char reason[CHOICE_REASON_SIZE];
    Choice choice = choose(world, "Replaces=old.service\n", reason);
    assert_string_equal(choice.machine->id, "m001");
    assert_true(choice.is_obstructed);
}

/* More machines than are looked at to say how many fit. */
static void better_machine_is_found_behind_many(void **state) {
    static const char *const options[] = {
        "Prefer=disk=ssd 1\n",
        "Avoid=odd=yes odd=no\n",
        "Group=some\nSpread=disk\n",
        "Group=some\nSpread=odd\nPrefer=disk=ssd odd=maybe\n",
        "Prefer=disk=ssd 1\nReserveMemory=1G\n",
    };
    for (size_t i = 0; i < ELEMENTSOF(options); i++) {
        _cleanup_(world_freep) World *world = world_of_machines(3 * RANK_COUNT_MAX);
        world_put_machine(world, "m023", MACHINE_STATUS_RUNNING, "disk=ssd");
        char reason[CHOICE_REASON_SIZE];
        load_machine(world, "m023", 3);
        const char *expected = strstr(options[i], "odd\n") ? "m000" : "m023";
        assert_string_equal(choose(world, options[i], reason).machine->id, expected);
    }
}

/* All but the last have one of the group. */
static void least_used_value_is_found_behind_many(void **state) {
    char reason[CHOICE_REASON_SIZE];
    _cleanup_(world_freep) World *world = world_of_machines(0);
    world_put_machine(world, "m100", MACHINE_STATUS_RUNNING, "zone=a");
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, "Group=some\nSpread=zone\n");
    world_tell(world, SIZE_MAX);
    plan_free(world_plan(world, 0));
    for (size_t i = 0; i < 3 * RANK_COUNT_MAX; i++) {
        _cleanup_free_ char *id = str_printf("m%03zu", i);
        world_put_machine(world, id, MACHINE_STATUS_RUNNING, "zone=a");
    }
    world_put_machine(world, "m200", MACHINE_STATUS_RUNNING, "zone=b");
    load_machine(world, "m200", 3);
    Choice choice = choose(world, "Group=some\nSpread=zone\n", reason);
    assert_string_equal(choice.machine->id, "m200");
    assert_string_equal(reason, "fewest of its group nearby (0), fewest units (3) of the "
                                "machines that fit");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_loaded_machine_is_chosen),
        cmocka_unit_test(smallest_id_wins_among_equals),
        cmocka_unit_test(withdrawn_orders_are_no_load),
        cmocka_unit_test(only_machine_that_fits_says_so),
        cmocka_unit_test(nothing_is_chosen_where_nothing_fits),
        cmocka_unit_test(large_clusters_are_not_counted),
        cmocka_unit_test(machines_that_have_the_metadata_are_known_after_changes),
        cmocka_unit_test(choice_goes_as_far_as_it_must),
        cmocka_unit_test(machine_is_not_taken_from_a_unit_that_fits_nowhere_else),
        cmocka_unit_test(better_machine_is_found_behind_many),
        cmocka_unit_test(least_used_value_is_found_behind_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
