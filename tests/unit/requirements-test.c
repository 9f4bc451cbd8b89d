#include "tests/unit/requirements-test.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <inttypes.h>
#include <stdio.h>

int parse_requirements(const char *name, const char *text, Requirements **ret, Error *reterr) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    assert_int_equal(unit_file_parse(text, strlen(text), &file, NULL), 0);
    return requirements_parse(file, name, ret, reterr);
}

static void reserve_describe(FILE *stream, const Reserve *reserve) {
    if (reserve->memory_bytes > 0)
        fprintf(stream, "memory: %" PRIu64 "\n", reserve->memory_bytes);
    if (reserve->memory_permyriad > 0)
        fprintf(stream, "memory: %" PRIu64 "/10000\n", reserve->memory_permyriad);
    if (reserve->cpu_thousandths > 0)
        fprintf(stream, "cpu: %" PRIu64 "/1000\n", reserve->cpu_thousandths);
}

static void ranking_describe(FILE *stream, const Ranking *ranking) {
    STRV_FOREACH (key, ranking->spread)
        fprintf(stream, "spread: %s\n", *key);
    for (size_t i = 0; i < ranking->n_preferences; i++)
        fprintf(stream, "%s=%s %+d\n", ranking->preferences[i].key, ranking->preferences[i].value,
                ranking->preferences[i].weight);
    if (ranking->priority != PRIORITY_DEFAULT)
        fprintf(stream, "priority: %u\n", ranking->priority);
    if (ranking->preempts)
        fprintf(stream, "preempts\n");
}

static void list_describe(FILE *stream, const char *label, char *const *list) {
    _cleanup_free_ char *text = strv_join(list, " ");
    if (list)
        fprintf(stream, "%s: %s\n", label, text);
}

static void health_describe(FILE *stream, const HealthCheck *check) {
    static const char *const kinds[] = {"http", "tcp", "exec"};
    _cleanup_free_ char *command = strv_join(check->command, "|");
    fprintf(stream, "%s %s%s%s", check->kind >= 0 ? kinds[check->kind] : "open",
            str_or(check->url, ""), str_or(check->host, ""), check->command ? command : "");
    if (check->port)
        fprintf(stream, " port %u", check->port);
    fprintf(stream, ", every %" PRIu64 " ms within %" PRIu64 ", %" PRIu64 " times, after %" PRIu64,
            check->interval_usec / USEC_PER_MSEC, check->timeout_usec / USEC_PER_MSEC,
            check->retries, check->start_period_usec / USEC_PER_MSEC);
    fprintf(stream, check->may_restart ? ", restarts\n" : "\n");
}

static char *describe(const Requirements *requirements) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (requirements->machine_id)
        fprintf(stream, "id: %s\n", requirements->machine_id);
    list_describe(stream, "of", requirements->machine_of);
    for (size_t i = 0; i < requirements->n_metadata; i++) {
        _cleanup_free_ char *values = strv_join(requirements->metadata[i].values, "|");
        fprintf(stream, "%s=%s\n", requirements->metadata[i].key, values);
    }
    list_describe(stream, "conflicts", requirements->conflicts);
    list_describe(stream, "replaces", requirements->replaces);
    if (requirements->is_global)
        fprintf(stream, "global\n");
    if (requirements->stop_after_usec > 0)
        fprintf(stream, "stop after %" PRIu64 " ms, within %" PRIu64 " ms\n",
                requirements->stop_after_usec / USEC_PER_MSEC,
                requirements_stop_within(requirements, 0) / USEC_PER_MSEC);
    reserve_describe(stream, &requirements->reserve);
    ranking_describe(stream, &requirements->ranking);
    if (requirements->health)
        health_describe(stream, requirements->health);
    if (requirements->may_reschedule)
        fprintf(stream, "reschedules\n");
    fclose(stream);
    return text;
}

void assert_requirements(const RequirementsCase *c) {
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    _cleanup_error_ Error error = {};
    if (parse_requirements(c->name, c->text, &requirements, &error) < 0)
        fail_msg("%s: %s", c->text, error.message);
    _cleanup_free_ char *text = describe(requirements);
    assert_string_equal(text, c->expected);
}

void assert_refused(const char *name, const char *text, const char *message) {
    Requirements *requirements = NULL;
    _cleanup_error_ Error error = {};
    assert_int_equal(parse_requirements(name, text, &requirements, &error), -EINVAL);
    assert_null(requirements);
    assert_string_equal(error.message, message);
}
