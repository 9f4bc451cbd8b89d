#include "fleetd/model/resources.h"
#include "tests/unit/cmocka-test.h"

#define G (UINT64_C(1) << 30)

static void assert_capacity(Machine machine, uint64_t memory_bytes, uint64_t cpu_thousandths) {
    Resources capacity = machine_capacity(&machine);
    assert_int_equal(capacity.memory_bytes, memory_bytes);
    assert_int_equal(capacity.cpu_thousandths, cpu_thousandths);
}

static void machine_lends_what_it_does_not_keep_times_its_factor(void **state) {
    assert_capacity((Machine){.cores = 2, .memory_bytes = 4 * G}, 4 * G, 2000);
    assert_capacity((Machine){.cores = 2,
                              .memory_bytes = 4 * G,
                              .reserved_memory_bytes = G,
                              .reserved_cpu_thousandths = 500,
                              .overbook_percent = 150},
                    9 * G / 2, 2250);
    assert_capacity((Machine){.cores = 2,
                              .memory_bytes = G,
                              .reserved_memory_bytes = G,
                              .reserved_cpu_thousandths = 9000},
                    0, 0);
}

static void machine_that_does_not_say_how_much_it_has_sets_no_limit(void **state) {
    assert_capacity((Machine){.reserved_memory_bytes = G}, RESOURCE_UNLIMITED, RESOURCE_UNLIMITED);
}

static void whatever_stands_in_a_store_fits(void **state) {
    Machine machine = {
        .cores = INT64_MAX, .memory_bytes = INT64_MAX, .overbook_percent = INT64_MAX};
    Resources capacity = machine_capacity(&machine), none = {}, all = {UINT64_MAX, UINT64_MAX};
    assert_true(capacity.memory_bytes < RESOURCE_UNLIMITED);
    assert_int_equal(resources_share(&none, &none), 0);
    assert_int_equal(resources_share(&all, &none), 100);
    assert_true(resources_share(&all, &capacity) > 100);
}

static void percentage_is_of_the_machine(void **state) {
    Reserve half = {.memory_permyriad = 5000, .cpu_thousandths = 1500};
    Resources resources = reserve_resources(&half, 4 * G);
    assert_int_equal(resources.memory_bytes, 2 * G);
    assert_int_equal(resources.cpu_thousandths, 1500);
    assert_int_equal(reserve_resources(&half, 0).memory_bytes, 0);
    assert_false(reserve_is_none(&half));
    assert_true(reserve_is_none(&(Reserve){}));
}

static void share_is_the_larger_of_the_two(void **state) {
    Resources capacity = {.memory_bytes = 4 * G, .cpu_thousandths = 2000};
    assert_int_equal(resources_share(&(Resources){G, 1500}, &capacity), 75);
    assert_int_equal(resources_share(&(Resources){3 * G, 1000}, &capacity), 75);
    assert_int_equal(resources_share(&(Resources){G, 0}, &(Resources){RESOURCE_UNLIMITED, 0}), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machine_lends_what_it_does_not_keep_times_its_factor),
        cmocka_unit_test(machine_that_does_not_say_how_much_it_has_sets_no_limit),
        cmocka_unit_test(whatever_stands_in_a_store_fits),
        cmocka_unit_test(percentage_is_of_the_machine),
        cmocka_unit_test(share_is_the_larger_of_the_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
