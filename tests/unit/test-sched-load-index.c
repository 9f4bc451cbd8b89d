#include "fleetd/sched/load-index.h"

#include "fleetd/sched/cluster-internal.h"
#include "tests/unit/cmocka-test.h"

#define N 100

typedef struct Fixture {
    LoadIndex index;
    char ids[N][8];
    ClusterMachine machines[N];
    bool is_in[N];
} Fixture;

static Fixture *fixture_new(void) {
    Fixture *f = calloc(1, sizeof(Fixture));
    for (size_t i = 0; i < N; i++) {
        snprintf(f->ids[i], sizeof(f->ids[i]), "m%03zu", i);
        f->machines[i].id = f->ids[i];
    }
    return f;
}

static void fixture_add(Fixture *f, size_t i) {
    assert_int_equal(load_index_add(&f->index, &f->machines[i]), 0);
    f->is_in[i] = true;
}

static void fixture_free(Fixture *f) {
    load_index_done(&f->index);
    free(f);
}

static size_t load_of(const ClusterMachine *machine, LoadKind kind) {
    return kind == LOAD_SHARE ? machine->share : machine->load;
}

static void check_walk(Fixture *f, LoadKind kind) {
    assert_int_equal(load_index_refresh(&f->index, kind), 0);
    size_t n = 0, n_expected = 0;
    for (size_t i = 0; i < N; i++)
        n_expected += f->is_in[i];
    LoadWalk walk = {.kind = kind};
    const ClusterMachine *previous = NULL, *machine;
    for (; (machine = load_walk_next(&f->index, &walk)); previous = machine, n++) {
        assert_true(f->is_in[machine - f->machines]);
        if (previous)
            assert_true(load_of(previous, kind) < load_of(machine, kind) ||
                        (load_of(previous, kind) == load_of(machine, kind) && previous < machine));
    }
    assert_int_equal(n, n_expected);
}

static void empty_index_has_no_first(void **state) {
    LoadIndex index = {};
    LoadWalk walk = {};
    assert_null(load_walk_next(&index, &walk));
    assert_null(load_walk_next(&index, &walk));
}

static void equal_machines_fill_evenly_and_in_order(void **state) {
    Fixture *f = fixture_new();
    for (size_t i = N; i > 0; i--)
        fixture_add(f, i - 1);
    assert_int_equal(load_index_refresh(&f->index, LOAD_UNITS), 0);
    for (size_t i = 0; i < 5 * N; i++) {
        LoadWalk walk = {};
        ClusterMachine *first = load_walk_next(&f->index, &walk);
        assert_ptr_equal(first, &f->machines[i % N]);
        first->load++;
        assert_int_equal(load_index_move(&f->index, LOAD_UNITS, first), 0);
    }
    check_walk(f, LOAD_UNITS);
    fixture_free(f);
}

static void walk_is_in_order_after_any_changes(void **state) {
    Fixture *f = fixture_new();
    uint32_t chance = 1;
    for (size_t step = 0; step < 5000; step++) {
        chance = chance * 1664525u + 1013904223u;
        size_t i = (chance >> 8) % N;
        ClusterMachine *machine = &f->machines[i];
        if (!f->is_in[i])
            fixture_add(f, i);
        else if ((chance >> 20) % 8 == 0) {
            load_index_remove(&f->index, machine);
            f->is_in[i] = false;
        } else {
            machine->load = (chance >> 16) % 12;
            machine->share = (chance >> 12) % 150;
            assert_int_equal(load_index_move(&f->index, LOAD_UNITS, machine), 0);
            assert_int_equal(load_index_move(&f->index, LOAD_SHARE, machine), 0);
        }
        LoadKind kind = (chance >> 23) % _LOAD_KIND_MAX;
        if ((chance >> 24) % 2)
            assert_int_equal(load_index_refresh(&f->index, kind), 0);
        if (step % 50 == 0)
            check_walk(f, kind);
    }
    check_walk(f, LOAD_UNITS);
    check_walk(f, LOAD_SHARE);
    fixture_free(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_index_has_no_first),
        cmocka_unit_test(equal_machines_fill_evenly_and_in_order),
        cmocka_unit_test(walk_is_in_order_after_any_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
