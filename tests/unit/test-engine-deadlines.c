#include "fleetd/base/strv.h"
#include "fleetd/engine/deadlines.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

typedef struct DeadlinesTest {
    Loop *loop;
    Deadlines *deadlines;
    char told[64];       /* names, as they came */
    const char *removed; /* when the first one comes; NULL: none */
} DeadlinesTest;

static void on_due(const char *name, void *userdata) {
    DeadlinesTest *test = userdata;
    size_t n = strlen(test->told);
    (void) snprintf(test->told + n, sizeof(test->told) - n, "%s ", name);
    if (test->removed)
        deadlines_remove(test->deadlines, test->removed);
}

static int setup(void **state) {
    DeadlinesTest *test = calloc(1, sizeof(DeadlinesTest));
    assert_non_null(test);
    assert_non_null(test->loop = virtual_loop_new(1));
    assert_int_equal(deadlines_new(test->loop, on_due, test, &test->deadlines), 0);
    *state = test;
    return 0;
}

static int teardown(void **state) {
    DeadlinesTest *test = *state;
    deadlines_free(test->deadlines);
    virtual_loop_free(test->loop);
    free(test);
    return 0;
}

static void set(DeadlinesTest *test, const char *name, usec_t seconds) {
    assert_int_equal(deadlines_set(test->deadlines, name, seconds * USEC_PER_SEC), 0);
}

static void expect_after(DeadlinesTest *test, usec_t seconds, const char *told) {
    virtual_loop_advance(test->loop, seconds * USEC_PER_SEC);
    assert_string_equal(test->told, told);
}

static void each_comes_once_and_in_time(void **state) {
    DeadlinesTest *test = *state;
    set(test, "late", 8);
    set(test, "early", 3);
    expect_after(test, 2, "");
    expect_after(test, 2, "early ");
    expect_after(test, 3, "early ");
    expect_after(test, 2, "early late ");
    expect_after(test, 60, "early late ");
}

static void last_word_counts(void **state) {
    DeadlinesTest *test = *state;
    set(test, "longer", 3);
    set(test, "longer", 6);
    set(test, "shorter", 6);
    set(test, "shorter", 3);
    set(test, "never", 3);
    deadlines_remove(test->deadlines, "never");
    deadlines_remove(test->deadlines, "unheard-of");
    expect_after(test, 4, "shorter ");
    expect_after(test, 60, "shorter longer ");
}

static void another_may_be_removed_meanwhile(void **state) {
    DeadlinesTest *test = *state;
    set(test, "a", 3);
    set(test, "b", 4);
    test->removed = "b";
    expect_after(test, 60, "a ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_comes_once_and_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(last_word_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(another_may_be_removed_meanwhile, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
