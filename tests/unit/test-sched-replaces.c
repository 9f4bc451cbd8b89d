#include "fleetd/sched/replaces.h"

#include "tests/sched/world.h"
#include "tests/unit/cmocka-test.h"

static World *world_with(const char *const units[][2], size_t n) {
    World *world = world_new();
    for (size_t i = 0; i < n; i++)
        world_put_unit(world, units[i][0], LAUNCH_STATE_LAUNCHED, units[i][1]);
    world_tell(world, SIZE_MAX);
    return world;
}

static bool is_replaced(const World *world, const char *name, const char *other) {
    return unit_replaces(world->cluster, cluster_find_unit(world->cluster, name),
                         cluster_find_unit(world->cluster, other));
}

static void glob_replaces_what_it_matches_but_not_itself(void **state) {
    static const char *const units[][2] = {
        {"web@1.service", "Replaces=web@*.service\n"}, {"web@2.service", ""}, {"db.service", ""}};
    _cleanup_(world_freep) World *world = world_with(units, ELEMENTSOF(units));
    assert_true(is_replaced(world, "web@1.service", "web@2.service"));
    assert_false(is_replaced(world, "web@2.service", "web@1.service"));
    assert_false(is_replaced(world, "web@1.service", "db.service"));
    assert_false(is_replaced(world, "web@1.service", "web@1.service"));
}

static void chain_replaces_link_by_link(void **state) {
    static const char *const units[][2] = {{"v3.service", "Replaces=v2.service\n"},
                                           {"v2.service", "Replaces=v1.service\n"},
                                           {"v1.service", ""}};
    _cleanup_(world_freep) World *world = world_with(units, ELEMENTSOF(units));
    assert_true(is_replaced(world, "v3.service", "v2.service"));
    assert_true(is_replaced(world, "v2.service", "v1.service"));
    assert_false(is_replaced(world, "v3.service", "v1.service"));
}

static void circle_of_two_is_ignored(void **state) {
    static const char *const units[][2] = {{"a.service", "Replaces=b.service\n"},
                                           {"b.service", "Replaces=a.service\n"}};
    _cleanup_(world_freep) World *world = world_with(units, ELEMENTSOF(units));
    assert_false(is_replaced(world, "a.service", "b.service"));
    assert_false(is_replaced(world, "b.service", "a.service"));
}

static void longer_circle_is_ignored_until_it_is_broken(void **state) {
    static const char *const units[][2] = {{"a.service", "Replaces=b.service\n"},
                                           {"b.service", "Replaces=c.service\n"},
                                           {"c.service", "Replaces=a.service\n"}};
    _cleanup_(world_freep) World *world = world_with(units, ELEMENTSOF(units));
    assert_false(is_replaced(world, "a.service", "b.service"));
    world_remove_unit(world, "c.service");
    world_tell(world, SIZE_MAX);
    assert_true(is_replaced(world, "a.service", "b.service"));
}

static void unit_does_not_replace_what_it_follows_even_through_others(void **state) {
    static const char *const units[][2] = {
        {"a.service", "Replaces=c.service\nMachineOf=b.service\n"},
        {"b.service", "MachineOf=c.service\n"},
        {"c.service", ""}};
    _cleanup_(world_freep) World *world = world_with(units, ELEMENTSOF(units));
    assert_false(is_replaced(world, "a.service", "c.service"));
}

static void unknown_units_make_no_circle(void **state) {
    static const char *const units[][2] = {
        {"a.service", "Replaces=b.service\n"},
        {"b.service", "Replaces=unknown.service\n"},
        {"c.service", "Replaces=a.service\nMachineOf=unknown.service\n"}};
    _cleanup_(world_freep) World *world = world_with(units, ELEMENTSOF(units));
    assert_true(is_replaced(world, "a.service", "b.service"));
    world_put_unit(world, "unknown.service", LAUNCH_STATE_LAUNCHED, "");
    world_tell(world, SIZE_MAX);
    assert_false(is_replaced(world, "a.service", "b.service"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(glob_replaces_what_it_matches_but_not_itself),
        cmocka_unit_test(chain_replaces_link_by_link),
        cmocka_unit_test(circle_of_two_is_ignored),
        cmocka_unit_test(longer_circle_is_ignored_until_it_is_broken),
        cmocka_unit_test(unit_does_not_replace_what_it_follows_even_through_others),
        cmocka_unit_test(unknown_units_make_no_circle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
