#include "fleetd/base/metrics.h"
#include "tests/unit/metrics-check.h"

static const MetricFamily plain = {"plain_total", METRIC_COUNTER, "Things.", {}};
static const MetricFamily states = {"states", METRIC_GAUGE, "A \\ and\na line.", {"kind", "state"}};
static const MetricFamily took = {"took_seconds", METRIC_HISTOGRAM, "Time.", {"what"}};

static int setup(void **state) {
    *state = metrics_new();
    return *state ? 0 : -1;
}

static int teardown(void **state) {
    metrics_free(*state);
    return 0;
}

static void assert_text(Metrics *metrics, const char *expected) {
    _cleanup_free_ char *text = metrics_format(metrics);
    assert_string_equal(text, expected);
}

static void declared_counter_is_shown_before_anything_is_counted(void **state) {
    metrics_declare(*state, &plain);
    metrics_declare(*state, &states);
    assert_text(*state, "# HELP plain_total Things.\n# TYPE plain_total counter\nplain_total 0\n"
                        "# HELP states A \\\\ and\\na line.\n# TYPE states gauge\n");
}

static void values_add_up_by_label(void **state) {
    metrics_add(*state, &plain, NULL, 1);
    metrics_add(*state, &plain, NULL, 1.5);
    metrics_add(*state, &states, LABELS("a", "b"), 1);
    metrics_set(*state, &states, LABELS("a", "c"), 1700000000.123456);
    metrics_add(*state, &states, LABELS("a", "b"), 2);
    assert_metric(*state, "plain_total 2.5");
    assert_metric(*state, "states{kind=\"a\",state=\"b\"} 3");
    assert_metric(*state, "states{kind=\"a\",state=\"c\"} 1700000000.123456");
}

static void values_of_labels_are_escaped(void **state) {
    metrics_set(*state, &states, LABELS("say \"hi\"\\\n"), 1);
    assert_metric(*state, "states{kind=\"say \\\"hi\\\"\\\\\\n\",state=\"\"} 1");
}

static void values_of_labels_that_are_too_long_are_not_counted(void **state) {
    char text[2000];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = 0;
    metrics_set(*state, &states, LABELS(text, "b"), 1);
    _cleanup_free_ char *all = metrics_format(*state);
    assert_null(strstr(all, "xxx"));
}

static void family_does_not_grow_without_end(void **state) {
    for (int i = 0; i < 2000; i++) {
        char text[16];
        snprintf(text, sizeof(text), "s%d", i);
        metrics_set(*state, &states, LABELS("a", text), 1);
    }
    _cleanup_free_ char *all = metrics_format(*state);
    assert_non_null(strstr(all, "\"s100\""));
    assert_null(strstr(all, "\"s1999\""));
}

static void histogram_counts_into_cumulative_buckets(void **state) {
    metrics_observe(*state, &took, LABELS("x"), 500);
    metrics_observe(*state, &took, LABELS("x"), 501);
    metrics_observe(*state, &took, LABELS("x"), 3 * USEC_PER_SEC);
    metrics_observe(*state, &took, LABELS("x"), 60 * USEC_PER_SEC);
    assert_metric(*state, "took_seconds_bucket{what=\"x\",le=\"0.0005\"} 1");
    assert_metric(*state, "took_seconds_bucket{what=\"x\",le=\"0.001\"} 2");
    assert_metric(*state, "took_seconds_bucket{what=\"x\",le=\"2.5\"} 2");
    assert_metric(*state, "took_seconds_bucket{what=\"x\",le=\"5\"} 3");
    assert_metric(*state, "took_seconds_bucket{what=\"x\",le=\"30\"} 3");
    assert_metric(*state, "took_seconds_bucket{what=\"x\",le=\"+Inf\"} 4");
    assert_metric(*state, "took_seconds_sum{what=\"x\"} 63.001001");
    assert_metric(*state, "took_seconds_count{what=\"x\"} 4");
}

static void collect(Metrics *metrics, void *userdata) {
    int *n_calls = userdata;
    metrics_clear(metrics, &states);
    metrics_set(metrics, &states, LABELS("call", ++*n_calls > 1 ? "later" : "first"), 1);
}

static void source_is_asked_before_each_answer(void **state) {
    int n_calls = 0;
    MetricSource *source = metrics_add_source(*state, collect, &n_calls);
    metrics_declare(*state, &states);
    assert_metric(*state, "states{kind=\"call\",state=\"first\"} 1");
    _cleanup_free_ char *text = metrics_format(*state);
    assert_null(strstr(text, "first"));
    assert_non_null(strstr(text, "later"));
    metric_source_free(source);
    assert_metric(*state, "states{kind=\"call\",state=\"later\"} 1");
    assert_int_equal(n_calls, 2);
}

static void without_a_registry_nothing_is_counted(void **state) {
    metrics_declare(NULL, &plain);
    metrics_add(NULL, &plain, NULL, 1);
    metrics_set(NULL, &states, LABELS("a", "b"), 1);
    metrics_observe(NULL, &took, LABELS("x"), 1);
    metrics_clear(NULL, &states);
    assert_null(metrics_add_source(NULL, collect, NULL));
    metric_source_free(NULL);
    metrics_free(NULL);
}

#define METRICS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        METRICS_TEST(declared_counter_is_shown_before_anything_is_counted),
        METRICS_TEST(values_add_up_by_label),
        METRICS_TEST(values_of_labels_are_escaped),
        METRICS_TEST(values_of_labels_that_are_too_long_are_not_counted),
        METRICS_TEST(family_does_not_grow_without_end),
        METRICS_TEST(histogram_counts_into_cumulative_buckets),
        METRICS_TEST(source_is_asked_before_each_answer),
        METRICS_TEST(without_a_registry_nothing_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
