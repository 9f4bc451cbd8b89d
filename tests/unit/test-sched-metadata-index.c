#include "fleetd/sched/metadata-index.h"

#include "fleetd/sched/cluster-internal.h"
#include "tests/unit/cmocka-test.h"

#define N 150 /* more than two words of bits */

typedef struct Fixture {
    MetadataIndex index;
    ClusterMachine machines[N];
    ClusterMachine *sorted[N];
    MachineSet set;
} Fixture;

/* Every third machine has an SSD; racks are of ten. */
static Fixture *fixture_new(void) {
    Fixture *f = calloc(1, sizeof(Fixture));
    assert_int_equal(metadata_index_init(&f->index), 0);
    for (size_t i = 0; i < N; i++) {
        char rack[8];
        snprintf(rack, sizeof(rack), "r%zu", i / 10);
        metadata_set(&f->machines[i].metadata, "rack", rack);
        if (i % 3 == 0)
            metadata_set(&f->machines[i].metadata, "disk", "ssd");
        f->sorted[i] = &f->machines[i];
    }
    f->set = (MachineSet){.items = f->sorted, .n = N};
    return f;
}

static void fixture_free(Fixture *f) {
    for (size_t i = 0; i < N; i++)
        metadata_done(&f->machines[i].metadata);
    metadata_index_done(&f->index);
    free(f);
}

/* The machines that suit a unit with these lines in [X-Fleet] are those that is_expected says. */
static void assert_suiting(Fixture *f, const char *options, bool (*is_expected)(size_t i)) {
    char text[256];
    snprintf(text, sizeof(text), "[X-Fleet]\n%s", options);
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    assert_int_equal(unit_file_parse(text, strlen(text), &file, NULL), 0);
    assert_int_equal(requirements_parse(file, "a.service", &requirements, NULL), 0);
    const uint64_t *bits;
    assert_int_equal(metadata_index_find(&f->index, &f->set, requirements, &bits), 0);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(bits[i / MACHINE_WORD_BITS] >> i % MACHINE_WORD_BITS & 1, is_expected(i));
}

static void who_asks_for_nothing_may_be_anywhere(void **state) {
    Fixture *f = fixture_new();
    const uint64_t *bits;
    assert_int_equal(metadata_index_find(&f->index, &f->set, NULL, &bits), 0);
    assert_null(bits);
    assert_int_equal(metadata_index_find(&f->index, &f->set, &(Requirements){}, &bits), 0);
    assert_null(bits);
    fixture_free(f);
}

static bool is_in_rack_7(size_t i) {
    return i / 10 == 7;
}

static bool is_in_rack_0_or_7(size_t i) {
    return i / 10 == 0 || i / 10 == 7;
}

static bool is_in_rack_7_with_ssd(size_t i) {
    return is_in_rack_7(i) && i % 3 == 0;
}

static bool is_none(_unused_ size_t i) {
    return false;
}

static void values_of_a_key_add_up_and_keys_narrow(void **state) {
    Fixture *f = fixture_new();
    assert_suiting(f, "MachineMetadata=rack=r7\n", is_in_rack_7);
    assert_suiting(f, "MachineMetadata=rack=r7 rack=r0\n", is_in_rack_0_or_7);
    assert_suiting(f, "MachineMetadata=rack=r7 disk=ssd\n", is_in_rack_7_with_ssd);
    assert_suiting(f, "MachineMetadata=rack=r7 tape=yes\n", is_none);
    assert_suiting(f, "MachineMetadata=rack=r7\n", is_in_rack_7);
    fixture_free(f);
}

static void what_has_changed_counts_when_the_rest_is_forgotten(void **state) {
    Fixture *f = fixture_new();
    assert_suiting(f, "MachineMetadata=rack=r7\n", is_in_rack_7);
    for (size_t i = 0; i < 10; i++)
        metadata_set(&f->machines[i].metadata, "rack", "r7");
    metadata_index_forget(&f->index);
    assert_suiting(f, "MachineMetadata=rack=r7\n", is_in_rack_0_or_7);
    fixture_free(f);
}

static void pairs_that_nobody_has_do_not_pile_up(void **state) {
    Fixture *f = fixture_new();
    for (size_t i = 0; i < 5000; i++) {
        char options[64];
        snprintf(options, sizeof(options), "MachineMetadata=rack=none-%zu\n", i);
        assert_suiting(f, options, is_none);
        assert_true(map_size(f->index.holders) < 2000);
    }
    fixture_free(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_for_nothing_may_be_anywhere),
        cmocka_unit_test(values_of_a_key_add_up_and_keys_narrow),
        cmocka_unit_test(what_has_changed_counts_when_the_rest_is_forgotten),
        cmocka_unit_test(pairs_that_nobody_has_do_not_pile_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
