#include "fleetd/sched/work-queue.h"

#include "fleetd/sched/cluster-internal.h"
#include "tests/unit/cmocka-test.h"

static ClusterUnit unit_named(const char *name) {
    return (ClusterUnit){.name = name, .is_known = true};
}

static void items_of_one_request_come_in_order_of_name(void **state) {
    static const char *const names[] = {"d", "a", "e", "c", "b"};
    ClusterUnit units[ELEMENTSOF(names)];
    WorkQueue queue = {};
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        units[i] = unit_named(names[i]);
        units[i].work.unit = &units[i];
        assert_int_equal(work_queue_push(&queue, &units[i].work), 0);
    }
    for (const char *expected = "abcde"; *expected; expected++)
        assert_int_equal(work_queue_pop(&queue)->unit->name[0], *expected);
    assert_null(work_queue_pop(&queue));
    work_queue_done(&queue);
}

static void earlier_requests_come_first_whatever_their_names(void **state) {
    ClusterUnit units[] = {unit_named("a"), unit_named("b"), unit_named("c")};
    WorkQueue queue = {};
    for (size_t i = 0; i < ELEMENTSOF(units); i++) {
        units[i].revision = (INT64_C(1) << 56) - 1 - (int64_t) i;
        units[i].work.unit = &units[i];
        assert_int_equal(work_queue_push(&queue, &units[i].work), 0);
    }
    for (size_t i = ELEMENTSOF(units); i > 0; i--)
        assert_ptr_equal(work_queue_pop(&queue)->unit, &units[i - 1]);
    work_queue_done(&queue);
}

static void higher_priority_comes_before_earlier_requests(void **state) {
    Requirements low = {.ranking.priority = 0}, high = {.ranking.priority = PRIORITY_MAX};
    ClusterUnit units[] = {unit_named("high"), unit_named("usual"), unit_named("low")};
    WorkQueue queue = {};
    units[0].requirements = &high;
    units[2].requirements = &low;
    for (size_t i = 0; i < ELEMENTSOF(units); i++) {
        units[i].revision = (int64_t) (ELEMENTSOF(units) - i);
        units[i].work.unit = &units[i];
        assert_int_equal(work_queue_push(&queue, &units[i].work), 0);
    }
    for (size_t i = 0; i < ELEMENTSOF(units); i++)
        assert_ptr_equal(work_queue_pop(&queue)->unit, &units[i]);
    work_queue_done(&queue);
}

static void item_is_queued_once(void **state) {
    ClusterUnit unit = unit_named("a");
    unit.work.unit = &unit;
    WorkQueue queue = {};
    assert_int_equal(work_queue_push(&queue, &unit.work), 0);
    assert_int_equal(work_queue_push(&queue, &unit.work), 0);
    assert_ptr_equal(work_queue_pop(&queue), &unit.work);
    assert_null(work_queue_pop(&queue));
    work_queue_remove(&queue, &unit.work);
    work_queue_done(&queue);
}

static void replacers_come_before_the_rest(void **state) {
    char *globs[] = {(char *) "a", NULL};
    Requirements requirements = {.replaces = globs};
    ClusterUnit plain = unit_named("a"), replacer = unit_named("z");
    plain.work.unit = &plain;
    replacer.work.unit = &replacer;
    replacer.requirements = &requirements;
    replacer.revision = 2;
    WorkQueue queue = {};
    assert_int_equal(work_queue_push(&queue, &plain.work), 0);
    assert_int_equal(work_queue_push(&queue, &replacer.work), 0);
    assert_ptr_equal(work_queue_pop(&queue)->unit, &replacer);
    assert_ptr_equal(work_queue_pop(&queue)->unit, &plain);
    work_queue_done(&queue);
}

static void a_unit_as_a_whole_comes_before_its_places(void **state) {
    ClusterUnit unit = unit_named("a");
    ClusterMachine machines[] = {{.id = "m1"}, {.id = "m2"}};
    Placement places[2];
    for (size_t i = 0; i < 2; i++) {
        places[i] = (Placement){.unit = &unit, .machine = &machines[i]};
        places[i].work = (WorkItem){.unit = &unit, .placement = &places[i]};
    }
    unit.work.unit = &unit;
    WorkQueue queue = {};
    assert_int_equal(work_queue_push(&queue, &places[1].work), 0);
    assert_int_equal(work_queue_push(&queue, &unit.work), 0);
    assert_int_equal(work_queue_push(&queue, &places[0].work), 0);
    assert_null(work_queue_pop(&queue)->placement);
    assert_ptr_equal(work_queue_pop(&queue)->placement, &places[0]);
    assert_ptr_equal(work_queue_pop(&queue)->placement, &places[1]);
    work_queue_done(&queue);
}

#define N 200
#define REQUEST 7 /* units of one */

static void order_holds_when_items_are_taken_out(void **state) {
    static char names[N][8];
    static ClusterUnit units[N];
    WorkQueue queue = {};
    for (size_t i = 0; i < N; i++) {
        snprintf(names[i], sizeof(names[i]), "%03zu", (i * 73) % N);
        units[i] = unit_named(names[i]);
        units[i].revision = (int64_t) (i * 73 % N / REQUEST); /* in order of names, too */
        units[i].work.unit = &units[i];
        assert_int_equal(work_queue_push(&queue, &units[i].work), 0);
    }
    for (size_t i = 0; i < N; i += 3)
        work_queue_remove(&queue, &units[i].work);
    const char *previous = "";
    size_t n = 0;
    for (WorkItem *item; (item = work_queue_pop(&queue)); n++) {
        assert_true(strcmp(previous, item->unit->name) < 0);
        previous = item->unit->name;
    }
    assert_int_equal(n, N - (N + 2) / 3);
    work_queue_done(&queue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_of_one_request_come_in_order_of_name),
        cmocka_unit_test(earlier_requests_come_first_whatever_their_names),
        cmocka_unit_test(higher_priority_comes_before_earlier_requests),
        cmocka_unit_test(item_is_queued_once),
        cmocka_unit_test(replacers_come_before_the_rest),
        cmocka_unit_test(a_unit_as_a_whole_comes_before_its_places),
        cmocka_unit_test(order_holds_when_items_are_taken_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
