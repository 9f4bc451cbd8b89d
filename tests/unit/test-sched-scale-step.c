#include "fleetd/base/strv.h"
#include "fleetd/sched/scale-step.h"
#include "tests/unit/cmocka-test.h"

#define FACTS_MAX 60
#define HELD 1000 /* above: cannot be read */

typedef struct Case {
    const char *what;
    uint64_t wanted;
    uint64_t there[8]; /* up to 0 */
    bool cannot_create;
    const char *expected;
} Case;

static const Case cases[] = {
    {"none, and none wanted", 0, {}, false, ""},
    {"as many as wanted", 3, {1, 2, 3}, false, ""},
    {"as many as wanted, whatever their numbers", 3, {2, 7, 40}, false, ""},
    {"all are missing", 3, {}, false, "+1 +2 +3"},
    {"gaps are filled, the lowest first", 5, {2, 4, 7}, false, "+1 +3"},
    {"and then those behind", 4, {2}, false, "+1 +3 +4"},
    {"what cannot be read counts", 3, {1, HELD + 2}, false, "+3"},
    {"nothing to make them of", 5, {1}, true, ""},
    {"the highest go first", 2, {1, 2, 3, 10, 11}, false, "-11 -10 -3"},
    {"also without a template", 1, {1, 2}, true, "-2"},
    {"all of them", 0, {1, 2}, false, "-2 -1"},
    {"what cannot be read stays", 1, {1, 2, HELD + 3}, false, "-2 -1"},
    {"and is never taken for another one", 0, {HELD + 1, HELD + 2}, false, ""},
};

static char *tell(const ScaleStep *step) {
    _cleanup_(strv_freep) char **words = NULL;
    for (size_t i = 0; i < step->n; i++) {
        _cleanup_free_ char *word = str_printf("%c%llu", step->is_removal ? '-' : '+',
                                               (unsigned long long) step->numbers[i]);
        assert_int_equal(strv_push(&words, word), 0);
    }
    return words ? strv_join(words, " ") : strdup("");
}

static void next_step_is_as_the_table_says(void **state) {
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        ScaleFact facts[ELEMENTSOF(cases[i].there)];
        size_t n = 0;
        for (; n < ELEMENTSOF(facts) && cases[i].there[n] > 0; n++)
            facts[n] = (ScaleFact){cases[i].there[n] % HELD, cases[i].there[n] > HELD};
        ScaleStep step = scale_step(cases[i].wanted, facts, n, !cases[i].cannot_create);
        _cleanup_free_ char *told = tell(&step);
        if (!streq(told, cases[i].expected))
            fail_msg("%s: '%s' instead of '%s'", cases[i].what, told, cases[i].expected);
    }
}

static void step_is_no_larger_than_a_batch(void **state) {
    ScaleFact facts[FACTS_MAX];
    for (size_t i = 0; i < FACTS_MAX; i++)
        facts[i].number = i + 1, facts[i].is_held = false;
    ScaleStep up = scale_step(FACTS_MAX, NULL, 0, true);
    assert_int_equal(up.n, SCALE_BATCH_MAX);
    assert_int_equal(up.numbers[SCALE_BATCH_MAX - 1], SCALE_BATCH_MAX);
    ScaleStep down = scale_step(1, facts, FACTS_MAX, true);
    assert_int_equal(down.n, SCALE_BATCH_MAX);
    assert_int_equal(down.numbers[0], FACTS_MAX);
    assert_int_equal(down.numbers[SCALE_BATCH_MAX - 1], FACTS_MAX - SCALE_BATCH_MAX + 1);
}

static void facts_are_sorted_by_number(void **state) {
    ScaleFact facts[] = {{10, false}, {2, false}, {1, false}};
    qsort(facts, ELEMENTSOF(facts), sizeof(*facts), scale_fact_compare);
    assert_int_equal(facts[0].number, 1);
    assert_int_equal(facts[1].number, 2);
    assert_int_equal(facts[2].number, 10);
    assert_int_equal(scale_fact_compare(&facts[0], &facts[0]), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_step_is_as_the_table_says),
        cmocka_unit_test(step_is_no_larger_than_a_batch),
        cmocka_unit_test(facts_are_sorted_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
