#include "fleetd/sched/feasible.h"

#include "fleetd/base/strv.h"
#include "tests/sched/world.h"
#include "tests/unit/cmocka-test.h"

#define M1 "11111111111111111111111111111111"

/* Two machines, and the unit to judge, which is not placed: plans are up to the tests. */
static World *world_with(const char *name, const char *options) {
    World *world = world_new();
    world_put_machine(world, M1, MACHINE_STATUS_RUNNING, "region=us");
    world_put_machine(world, "m2", MACHINE_STATUS_RUNNING, "region=eu,disk=ssd");
    world_put_unit(world, name, LAUNCH_STATE_LAUNCHED, options);
    world_tell(world, SIZE_MAX);
    return world;
}

static void put_order(World *world, const char *id, const char *name, LaunchState desired) {
    Order order = {.machine_id = (char *) id,
                   .name = (char *) name,
                   .hash = (char *) "hash",
                   .desired = desired,
                   .unit_revision = world->revision,
                   .reason = (char *) "test"};
    must(cluster_put_order(world->cluster, &order) == 0);
}

static char *misfit_of(World *world, const char *name, const char *id) {
    Misfit misfit = {};
    bool fits = machine_fits(world->cluster, cluster_find_unit(world->cluster, name),
                             cluster_find_machine(world->cluster, id), &misfit);
    return fits ? strdup("fits") : misfit_text(&misfit);
}

#define assert_judged(world, name, id, expected) \
    do { \
        _cleanup_free_ char *_text = misfit_of(world, name, id); \
        assert_string_equal(_text, expected); \
    } while (0)

static void unit_without_requirements_fits_anywhere(void **state) {
    _cleanup_(world_freep) World *world = world_with("a.service", "");
    assert_judged(world, "a.service", M1, "fits");
    assert_judged(world, "a.service", "m2", "fits");
}

static void metadata_needs_each_key_and_one_of_its_values(void **state) {
    _cleanup_(world_freep) World *world = world_with(
        "a.service", "MachineMetadata=region=eu region=asia\nMachineMetadata=disk=ssd\n");
    assert_judged(world, "a.service", M1, "metadata disk is not set");
    assert_judged(world, "a.service", "m2", "fits");
    world_put_machine(world, "m2", MACHINE_STATUS_RUNNING, "region=us,disk=ssd");
    world_tell(world, SIZE_MAX);
    assert_judged(world, "a.service", "m2", "metadata region is 'us', not one of 'eu', 'asia'");
}

static void machine_id_names_the_only_machine(void **state) {
    _cleanup_(world_freep) World *world = world_with("a.service", "MachineID=" M1 "\n");
    assert_judged(world, "a.service", M1, "fits");
    assert_judged(world, "a.service", "m2", "is not machine " M1);
}

static void restarting_machine_takes_nothing_new_and_keeps_what_it_has(void **state) {
    _cleanup_(world_freep) World *world = world_with("a.service", "");
    world_put_machine(world, M1, MACHINE_STATUS_RESTARTING, "");
    world_tell(world, SIZE_MAX);
    assert_judged(world, "a.service", M1, "fleetd is restarting");
    put_order(world, M1, "a.service", LAUNCH_STATE_LAUNCHED);
    assert_judged(world, "a.service", M1, "fits");
}

static void follower_fits_where_target_is_and_is_not_leaving(void **state) {
    _cleanup_(world_freep) World *world = world_with("a.service", "MachineOf=b.service\n");
    assert_judged(world, "a.service", M1, "does not have b.service (MachineOf)");
    put_order(world, M1, "b.service", LAUNCH_STATE_LOADED);
    assert_judged(world, "a.service", M1, "fits");
    put_order(world, M1, "b.service", LAUNCH_STATE_INACTIVE);
    assert_judged(world, "a.service", M1, "does not have b.service (MachineOf)");
}

static void conflict_counts_whoever_declares_it(void **state) {
    _cleanup_(world_freep) World *world = world_with("a.service", "Conflicts=b*.service\n");
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, "");
    world_tell(world, SIZE_MAX);
    put_order(world, M1, "a.service", LAUNCH_STATE_LAUNCHED);
    put_order(world, "m2", "b.service", LAUNCH_STATE_LAUNCHED);
    assert_judged(world, "b.service", M1, "conflicts with a.service");
    assert_judged(world, "a.service", "m2", "conflicts with b.service");
}

static void unit_does_not_conflict_with_itself(void **state) {
    _cleanup_(world_freep) World *world = world_with("a.service", "Conflicts=*\n");
    put_order(world, M1, "a.service", LAUNCH_STATE_LAUNCHED);
    assert_judged(world, "a.service", M1, "fits");
}

static void withdrawn_order_is_in_the_way_of_newcomers_only(void **state) {
    _cleanup_(world_freep) World *world = world_with("a.service", "Conflicts=b.service\n");
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, "");
    world_tell(world, SIZE_MAX);
    put_order(world, M1, "b.service", LAUNCH_STATE_INACTIVE);
    assert_judged(world, "a.service", M1, "conflicts with b.service");
    put_order(world, M1, "a.service", LAUNCH_STATE_LAUNCHED);
    assert_judged(world, "a.service", M1, "fits");
}

static void of_two_that_conflict_in_place_the_later_request_goes(void **state) {
    _cleanup_(world_freep) World *world = world_with("b.service", "Conflicts=a.service\n");
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "");
    world_tell(world, SIZE_MAX);
    put_order(world, M1, "a.service", LAUNCH_STATE_LAUNCHED);
    put_order(world, M1, "b.service", LAUNCH_STATE_LAUNCHED);
    assert_judged(world, "a.service", M1, "conflicts with b.service");
    assert_judged(world, "b.service", M1, "fits");
}

static void replaced_unit_goes_and_stays_away(void **state) {
    _cleanup_(world_freep) World *world = world_with("new.service", "Replaces=old.service\n");
    world_put_unit(world, "old.service", LAUNCH_STATE_LAUNCHED, "");
    world_tell(world, SIZE_MAX);
    put_order(world, M1, "old.service", LAUNCH_STATE_LAUNCHED);
    assert_judged(world, "new.service", M1, "fits");
    put_order(world, M1, "new.service", LAUNCH_STATE_LOADED);
    assert_judged(world, "old.service", M1, "is held by new.service, which replaces it");
}

static void first_obstacle_by_name_is_told(void **state) {
    _cleanup_(world_freep) World *world = world_with("a.service", "Conflicts=*\n");
    put_order(world, M1, "d.service", LAUNCH_STATE_LAUNCHED);
    put_order(world, M1, "b.service", LAUNCH_STATE_LAUNCHED);
    put_order(world, M1, "c.service", LAUNCH_STATE_LAUNCHED);
    assert_judged(world, "a.service", M1, "conflicts with b.service");
}

static void machine_with_an_old_answer_is_not_ready(void **state) {
    _cleanup_(world_freep) World *world = world_with("a.service", "");
    world_put_state(world, M1, "a.service", LAUNCH_STATE_INACTIVE, world->revision);
    world_tell(world, SIZE_MAX);
    assert_judged(world, "a.service", M1, "has not yet cleared away its last order for it");
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, NULL);
    world_tell(world, SIZE_MAX);
    assert_judged(world, "a.service", M1, "fits");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unit_without_requirements_fits_anywhere),
        cmocka_unit_test(metadata_needs_each_key_and_one_of_its_values),
        cmocka_unit_test(machine_id_names_the_only_machine),
        cmocka_unit_test(restarting_machine_takes_nothing_new_and_keeps_what_it_has),
        cmocka_unit_test(follower_fits_where_target_is_and_is_not_leaving),
        cmocka_unit_test(conflict_counts_whoever_declares_it),
        cmocka_unit_test(unit_does_not_conflict_with_itself),
        cmocka_unit_test(withdrawn_order_is_in_the_way_of_newcomers_only),
        cmocka_unit_test(of_two_that_conflict_in_place_the_later_request_goes),
        cmocka_unit_test(replaced_unit_goes_and_stays_away),
        cmocka_unit_test(first_obstacle_by_name_is_told),
        cmocka_unit_test(machine_with_an_old_answer_is_not_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
