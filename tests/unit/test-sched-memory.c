/* Lets each allocation of a story fail in turn: the cluster says so and can be thrown away. Linked
 * with --wrap for the functions below. */
#include "fleetd/sched/plan.h"
#include "tests/sched/world.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

static size_t n_left; /* allocations until the one that fails; 0: none does */

static bool fails_now(void) {
    return n_left > 0 && --n_left == 0;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    return fails_now() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size) {
    return fails_now() ? NULL : __real_calloc(n, size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size) {
    return fails_now() ? NULL : __real_realloc(old, size);
}

char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__wrap_strdup(const char *s) {
    return fails_now() ? NULL : __real_strdup(s);
}

/* A world that has every kind of thing to tell. */
static World *busy_world(void) {
    World *world = world_new();
    world_put_machine(world, "m1", MACHINE_STATUS_RUNNING, "k=v");
    world_put_machine(world, "m2", MACHINE_STATUS_RUNNING, "");
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "MachineMetadata=k=v\n");
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, "MachineOf=a.service\n");
    world_put_unit(world, "c.service", LAUNCH_STATE_LAUNCHED, "Conflicts=a.service x*\n");
    world_put_unit(world, "d.service", LAUNCH_STATE_LAUNCHED, "Replaces=e.service\n");
    world_put_unit(world, "e.service", LAUNCH_STATE_LAUNCHED, "");
    world_put_unit(world, "f.service", LAUNCH_STATE_LAUNCHED, "Global=true\n");
    world_put_unit(world, "g.service", LAUNCH_STATE_LAUNCHED, "MachineOf=h.service\n");
    world_put_unit(world, "h.service", LAUNCH_STATE_LAUNCHED, "MachineOf=g.service\n");
    world_set_capacity(world, "m1", UINT64_C(1) << 30, 2, 0);
    world_put_unit(world, "i@1.service", LAUNCH_STATE_LAUNCHED,
                   "Spread=k disk\nPrefer=k=v\nReserveMemory=60%\n");
    world_put_unit(world, "i@2.service", LAUNCH_STATE_LAUNCHED,
                   "Spread=k\nMachineMetadata=k=v\nReserveMemory=60%\nReserveCPU=1\n");
    world_put_unit(world, "i@3.service", LAUNCH_STATE_LAUNCHED, "Avoid=k=v 3\nReserveCPU=1\n");
    world_leave_order(world, "m1", "i@3.service", LAUNCH_STATE_INACTIVE, 5, "test");
    world_leave_order(world, "m2", "e.service", LAUNCH_STATE_LAUNCHED, 5, "test");
    world_leave_order(world, "m2", "gone.service", LAUNCH_STATE_LAUNCHED, 5, "test");
    world_leave_order(world, "m3", "f.service", LAUNCH_STATE_INACTIVE, 5, "test");
    world_leave_pending(world, "gone.service", "test");
    world_leave_pending(world, "g.service", "test");
    world_put_state(world, "m2", "gone.service", LAUNCH_STATE_INACTIVE, 1);
    return world;
}

static int feed_units(Cluster *cluster, const World *world, Requirements **requirements) {
    const char *key;
    const WorldUnit *unit;
    int r = 0;
    MAP_FOREACH (key, unit, world->units)
        if (r >= 0)
            r = cluster_put_unit_take(cluster, &unit->unit, TAKE_PTR(*requirements++));
    return r;
}

static int feed_rest(Cluster *cluster, const World *world) {
    const char *key;
    void *value;
    int r = 0;
    MAP_FOREACH (key, value, world->machines)
        if (r >= 0)
            r = cluster_put_machine(cluster, value);
    MAP_FOREACH (key, value, world->orders)
        if (r >= 0)
            r = cluster_put_order(cluster, value);
    MAP_FOREACH (key, value, world->states)
        if (r >= 0)
            r = cluster_put_state(cluster, value);
    MAP_FOREACH (key, value, world->pendings)
        if (r >= 0)
            r = cluster_put_pending(cluster, value);
    return r;
}

static int plan_and_forget(Cluster *cluster) {
    _cleanup_(plan_freep) Plan *plan = NULL;
    return cluster_plan(cluster, 0, &plan);
}

static int tell_story(const World *world, Requirements **requirements) {
    _cleanup_(cluster_freep) Cluster *cluster = cluster_new(0);
    if (!cluster)
        return -ENOMEM;
    int r;
    if ((r = feed_units(cluster, world, requirements)) < 0 || (r = feed_rest(cluster, world)) < 0 ||
        (r = plan_and_forget(cluster)) < 0 ||
        (r = cluster_remove_machine(cluster, "m1", false)) < 0 ||
        (r = cluster_remove_unit(cluster, "d.service")) < 0)
        return r;
    return plan_and_forget(cluster);
}

static void every_failed_allocation_is_reported_and_nothing_leaks(void **state) {
    _cleanup_(world_freep) World *world = busy_world();
    size_t n_units = map_size(world->units);
    Requirements *requirements[16] = {};
    int r = -ENOMEM;
    size_t n = 0;
    while (r == -ENOMEM) {
        size_t i = 0;
        const char *name;
        const WorldUnit *unit;
        MAP_FOREACH (name, unit, world->units)
            requirements[i++] = world_requirements(unit);
        n_left = ++n;
        r = tell_story(world, requirements);
        n_left = 0;
        for (i = 0; i < n_units; i++)
            requirements_free(TAKE_PTR(requirements[i]));
    }
    assert_int_equal(r, 0);
    assert_true(n > 100); /* else the wrapping does not work */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failed_allocation_is_reported_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
