/* What is told of a request: each kind of change, on small worlds. */
#include "fleetd/sched/rehearsal.h"

#include "fleetd/base/strv.h"
#include "tests/sched/world.h"
#include "tests/unit/cmocka-test.h"

static void rest(Rehearsal *rehearsal) {
    for (size_t n = 0; rehearsal_step(rehearsal, 1) > 0; n++)
        assert_true(n < 1000);
}

static void agents_act_until_rest(World *world) {
    for (size_t n = 0; n < 20; n++) {
        world_tell(world, SIZE_MAX);
        plan_free(world_plan(world, 0));
        world_agents_act(world, NULL);
    }
    world_tell(world, SIZE_MAX);
}

/* A world at rest, and its rehearsal, which is marked. */
typedef struct Stage {
    World *world;
    Rehearsal *rehearsal;
} Stage;

static Stage stage_new(World *world) {
    Stage stage = {.world = world};
    agents_act_until_rest(world);
    assert_int_equal(rehearsal_new(world->cluster, &stage.rehearsal), 0);
    rest(stage.rehearsal);
    assert_int_equal(rehearsal_mark(stage.rehearsal), 0);
    return stage;
}

static void stage_done(Stage *stage) {
    rehearsal_free(stage->rehearsal);
    world_free(stage->world);
}
#define _cleanup_stage_ _cleanup_(stage_done)

/* One change a line. */
static void assert_told(Stage *stage, const char *expected) {
    _cleanup_forecast_ Forecast forecast = {};
    char *text = strdup("");
    world_tell(stage->world, SIZE_MAX);
    rest(stage->rehearsal);
    assert_int_equal(rehearsal_tell(stage->rehearsal, &forecast), 0);
    assert_int_equal(forecast.has_changes, forecast.n_changes > 0);
    for (size_t i = 0; i < forecast.n_changes; i++) {
        const ForecastChange *change = &forecast.changes[i];
        char *longer = str_printf("%s%s %s %s %s: %s\n", text, change->name,
                                  forecast_kind_to_string(change->kind), str_or(change->from, "-"),
                                  str_or(change->to, "-"), change->reason);
        free(text);
        text = longer;
    }
    assert_string_equal(text, expected);
    free(text);
}

static World *two_machines(void) {
    World *world = world_new();
    world_put_machine(world, "m1", MACHINE_STATUS_RUNNING, "zone=a");
    world_put_machine(world, "m2", MACHINE_STATUS_RUNNING, "zone=b");
    return world;
}

static void nothing_is_told_when_nothing_is_asked(void **state) {
    World *world = two_machines();
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "");
    world_put_unit(world, "w.service", LAUNCH_STATE_LAUNCHED, "MachineMetadata=zone=c\n");
    _cleanup_stage_ Stage stage = stage_new(world);
    assert_told(&stage, "");
}

static void new_unit_starts_where_it_would_be_placed(void **state) {
    World *world = two_machines();
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "");
    _cleanup_stage_ Stage stage = stage_new(world);
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, "");
    assert_told(&stage, "b.service start - m2: fewest units (0) of 2 machines that fit\n");
}

static void unit_that_fits_nowhere_waits_with_the_reasons(void **state) {
    _cleanup_stage_ Stage stage = stage_new(two_machines());
    world_put_unit(stage.world, "b.service", LAUNCH_STATE_LAUNCHED, "MachineMetadata=zone=c\n");
    _cleanup_forecast_ Forecast forecast = {};
    world_tell(stage.world, SIZE_MAX);
    rest(stage.rehearsal);
    assert_int_equal(rehearsal_tell(stage.rehearsal, &forecast), 0);
    assert_int_equal(forecast.n_changes, 1);
    assert_int_equal(forecast.changes[0].kind, FORECAST_WAIT);
    assert_null(forecast.changes[0].from);
    assert_null(forecast.changes[0].to);
    assert_non_null(strstr(forecast.changes[0].reason, "0 of 2 machines fit: "));
}

static void changed_file_restarts_it_where_it_is(void **state) {
    World *world = two_machines();
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "");
    _cleanup_stage_ Stage stage = stage_new(world);
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "MachineMetadata=zone=a\n");
    assert_told(&stage, "a.service restart m1 m1: gets its new file where it is\n");
}

static void unit_whose_machine_fits_no_more_moves(void **state) {
    World *world = two_machines();
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "");
    _cleanup_stage_ Stage stage = stage_new(world);
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "MachineMetadata=zone=b\n");
    _cleanup_forecast_ Forecast forecast = {};
    world_tell(world, SIZE_MAX);
    rest(stage.rehearsal);
    assert_int_equal(rehearsal_tell(stage.rehearsal, &forecast), 0);
    assert_int_equal(forecast.n_changes, 1);
    assert_int_equal(forecast.changes[0].kind, FORECAST_MOVE);
    assert_string_equal(forecast.changes[0].from, "m1");
    assert_string_equal(forecast.changes[0].to, "m2");
    assert_string_equal(forecast.changes[0].reason,
                        "machine no longer fits: metadata zone is 'a', not one of 'b'; only "
                        "machine that fits (of 2)");
}

static void unit_that_is_destroyed_stops_and_frees_its_place(void **state) {
    World *world = two_machines();
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED,
                   "MachineMetadata=zone=a\nConflicts=b*\n");
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, "MachineMetadata=zone=a\n");
    _cleanup_stage_ Stage stage = stage_new(world);
    world_remove_unit(world, "a.service");
    assert_told(&stage, "a.service stop m1 -: destroyed\n"
                        "b.service start - m1: only machine that fits (of 2)\n");
}

static void loading_unloading_and_stopping_are_told_apart(void **state) {
    World *world = two_machines();
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "");
    world_put_unit(world, "b.service", LAUNCH_STATE_LOADED, "");
    world_put_unit(world, "c.service", LAUNCH_STATE_LOADED, "");
    world_put_unit(world, "d.service", LAUNCH_STATE_INACTIVE, "");
    _cleanup_stage_ Stage stage = stage_new(world);
    world_put_unit(world, "a.service", LAUNCH_STATE_LOADED, NULL);
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, NULL);
    world_put_unit(world, "c.service", LAUNCH_STATE_INACTIVE, NULL);
    world_put_unit(world, "d.service", LAUNCH_STATE_LOADED, NULL);
    assert_told(&stage, "a.service stop m1 m1: stays loaded\n"
                        "b.service start m2 m2: fewest units (0) of 2 machines that fit\n"
                        "c.service unload m1 -: unloaded\n"
                        "d.service load - m1: fewest units (1) of 2 machines that fit\n");
}

static void global_unit_is_told_machine_by_machine(void **state) {
    _cleanup_stage_ Stage stage = stage_new(two_machines());
    world_put_unit(stage.world, "g.service", LAUNCH_STATE_LAUNCHED, "Global=true\n");
    assert_told(&stage, "g.service start - m1: global unit, and the machine fits\n"
                        "g.service start - m2: global unit, and the machine fits\n");
}

static void drained_machine_loses_its_units_one_after_the_other(void **state) {
    World *world = two_machines();
    for (size_t i = 0; i < 4; i++) {
        _cleanup_free_ char *name = str_printf("a@%zu.service", i);
        world_put_unit(world, name, LAUNCH_STATE_LAUNCHED, "");
    }
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, "MachineMetadata=zone=a\n");
    _cleanup_stage_ Stage stage = stage_new(world);
    world_put_maintenance(world, &(Maintenance){.machine_id = (char *) "m1", .is_draining = true});
    _cleanup_forecast_ Forecast forecast = {};
    world_tell(world, SIZE_MAX);
    rest(stage.rehearsal);
    assert_int_equal(rehearsal_tell(stage.rehearsal, &forecast), 0);
    assert_int_equal(forecast.n_changes, 3);
    assert_int_equal(forecast.changes[0].kind, FORECAST_MOVE);
    assert_int_equal(forecast.changes[1].kind, FORECAST_MOVE);
    assert_string_equal(forecast.changes[2].name, "b.service");
    assert_int_equal(forecast.changes[2].kind, FORECAST_WAIT);
    assert_string_equal(forecast.changes[2].to, "m1");
}

/* Its machine has been asked to start it, and has not said a word yet. */
static void what_is_under_way_counts_as_done(void **state) {
    World *world = two_machines();
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "");
    world_tell(world, SIZE_MAX);
    plan_free(world_plan(world, 0));
    world_put_maintenance(world, &(Maintenance){.machine_id = (char *) "m1", .is_draining = true});
    world_tell(world, SIZE_MAX);
    _cleanup_stage_ Stage stage = {.world = world};
    assert_int_equal(rehearsal_new(world->cluster, &stage.rehearsal), 0);
    rest(stage.rehearsal);
    assert_int_equal(rehearsal_mark(stage.rehearsal), 0);
    world_remove_unit(world, "a.service");
    assert_told(&stage, "a.service stop m2 -: destroyed\n");
}

/* Nobody there carries anything out. */
static void unit_on_a_machine_that_is_missing_stays(void **state) {
    World *world = two_machines();
    world_leave_order(world, "m3", "a.service", LAUNCH_STATE_LAUNCHED, 1, "test");
    world_put_unit(world, "a.service", LAUNCH_STATE_LAUNCHED, "");
    world_restart_engine(world, NULL, NULL);
    _cleanup_stage_ Stage stage = {.world = world};
    assert_int_equal(rehearsal_new(world->cluster, &stage.rehearsal), 0);
    rest(stage.rehearsal);
    assert_int_equal(rehearsal_mark(stage.rehearsal), 0);
    world_put_unit(world, "b.service", LAUNCH_STATE_LAUNCHED, "");
    assert_told(&stage, "b.service start - m1: fewest units (0) of 2 machines that fit\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_told_when_nothing_is_asked),
        cmocka_unit_test(new_unit_starts_where_it_would_be_placed),
        cmocka_unit_test(unit_that_fits_nowhere_waits_with_the_reasons),
        cmocka_unit_test(changed_file_restarts_it_where_it_is),
        cmocka_unit_test(unit_whose_machine_fits_no_more_moves),
        cmocka_unit_test(unit_that_is_destroyed_stops_and_frees_its_place),
        cmocka_unit_test(loading_unloading_and_stopping_are_told_apart),
        cmocka_unit_test(global_unit_is_told_machine_by_machine),
        cmocka_unit_test(drained_machine_loses_its_units_one_after_the_other),
        cmocka_unit_test(what_is_under_way_counts_as_done),
        cmocka_unit_test(unit_on_a_machine_that_is_missing_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
