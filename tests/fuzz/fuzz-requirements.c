/* The values of [X-Fleet]: the first line is the unit's name, the rest its file. What is accepted
 * breaks none of the rules of fleet-unit(5), whatever the file looks like. */
#include "fleetd/base/byte-size.h"
#include "fleetd/base/strv.h"
#include "fleetd/base/time-units.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/unit-name.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <time.h>

/* Every glob is held against every unit, over and over; the sanitizers take their time. */
#define MATCH_MAX_USEC USEC_PER_SEC

static bool strvs_equal(char *const *a, char *const *b) {
    _cleanup_free_ char *x = strv_join(a, "\n"), *y = strv_join(b, "\n");
    return streq(x, y);
}

static bool metadata_requirements_equal(const Requirements *a, const Requirements *b) {
    for (size_t i = 0; a->n_metadata == b->n_metadata && i < a->n_metadata; i++)
        if (!streq(a->metadata[i].key, b->metadata[i].key) ||
            !strvs_equal(a->metadata[i].values, b->metadata[i].values))
            return false;
    return a->n_metadata == b->n_metadata;
}

static bool rankings_equal(const Ranking *a, const Ranking *b) {
    for (size_t i = 0; a->n_preferences == b->n_preferences && i < a->n_preferences; i++)
        if (!streq(a->preferences[i].key, b->preferences[i].key) ||
            !streq(a->preferences[i].value, b->preferences[i].value) ||
            a->preferences[i].weight != b->preferences[i].weight)
            return false;
    return a->n_preferences == b->n_preferences && a->priority == b->priority &&
           strvs_equal(a->spread, b->spread);
}

static void ranking_check(const Requirements *requirements) {
    const Ranking *ranking = &requirements->ranking;
    HOLDS(ranking->priority <= PRIORITY_MAX);
    HOLDS(strv_length(ranking->spread) <= REQUIREMENT_VALUES_MAX);
    HOLDS(ranking->n_preferences <= 2 * REQUIREMENT_VALUES_MAX);
    for (size_t i = 0; i < ranking->n_preferences; i++) {
        int weight = ranking->preferences[i].weight;
        HOLDS(weight != 0 && weight >= -100 && weight <= 100);
    }
    bool is_bound = requirements->machine_id || requirements->machine_of || requirements->is_global;
    HOLDS(!is_bound || (!ranking->spread && ranking->n_preferences == 0));
}

static bool requirements_equal(const Requirements *a, const Requirements *b) {
    return streq_ptr(a->machine_id, b->machine_id) && a->is_global == b->is_global &&
           a->stop_after_usec == b->stop_after_usec &&
           a->stop_timeout_usec == b->stop_timeout_usec &&
           memcmp(&a->reserve, &b->reserve, sizeof(a->reserve)) == 0 &&
           rankings_equal(&a->ranking, &b->ranking) && strvs_equal(a->machine_of, b->machine_of) &&
           strvs_equal(a->conflicts, b->conflicts) && strvs_equal(a->replaces, b->replaces) &&
           metadata_requirements_equal(a, b);
}

/* Of any unit, a template's open words included. */
static void rules_check(const Requirements *requirements) {
    HOLDS(strv_length(requirements->machine_of) <= REQUIREMENT_VALUES_MAX);
    HOLDS(strv_length(requirements->conflicts) <= REQUIREMENT_VALUES_MAX);
    HOLDS(strv_length(requirements->replaces) <= REQUIREMENT_VALUES_MAX);
    HOLDS(requirements->n_metadata <= REQUIREMENT_VALUES_MAX);
    const Reserve *reserve = &requirements->reserve;
    HOLDS(reserve->memory_bytes <= BYTE_SIZE_MAX && reserve->memory_permyriad <= 10000);
    HOLDS(reserve->memory_bytes == 0 || reserve->memory_permyriad == 0);
    HOLDS(reserve->cpu_thousandths <= RESERVE_CPU_MAX);
    ranking_check(requirements);
    bool is_bound = requirements->machine_id, follows = requirements->machine_of;
    HOLDS(!is_bound || !(follows || requirements->conflicts || requirements->replaces ||
                         requirements->is_global));
    HOLDS(!requirements->is_global || !(follows || requirements->replaces));
    HOLDS(!requirements->conflicts || !requirements->replaces);
    /* Whoever must not run twice says for sure when he is down. */
    bool has_end = requirements->stop_after_usec > 0;
    HOLDS(!has_end || !requirements->is_global);
    HOLDS(has_end == (requirements->stop_timeout_usec > 0));
    HOLDS((requirements_stop_within(requirements, 0) > 0) == has_end);
    HOLDS(requirements_stop_within(requirements, 0) < USEC_INFINITY / 4);
}

/* Of a template the target may be open. */
static void health_check(const HealthCheck *check, bool is_template) {
    HOLDS(check->interval_usec >= USEC_PER_SEC);
    HOLDS(check->timeout_usec > 0 && check->timeout_usec < check->interval_usec);
    HOLDS(check->retries > 0);
    HOLDS(check->kind >= 0 || is_template);
    HOLDS((check->kind == HEALTH_CHECK_HTTP) == (check->url != NULL));
    HOLDS((check->kind == HEALTH_CHECK_TCP) == (check->host && check->port > 0));
    HOLDS((check->kind == HEALTH_CHECK_EXEC) == (check->command && *check->command[0] == '/'));
    HOLDS(!check->url || fuzz_is_clean(check->url));
}

/* Of a unit that can run. */
static void values_check(const Requirements *requirements, const char *name) {
    HOLDS(!requirements->machine_id || machine_id_check(requirements->machine_id, NULL) == 0);
    STRV_FOREACH (peer, requirements->machine_of) {
        HOLDS(unit_name_check(*peer, NULL) == 0 && !unit_name_is_template(*peer));
        HOLDS(!streq(*peer, name));
        HOLDS(!requirements_glob_matches(requirements->conflicts, *peer));
        HOLDS(!requirements_glob_matches(requirements->replaces, *peer));
    }
    for (size_t i = 0; i < requirements->n_metadata; i++) {
        const MetadataRequirement *wanted = &requirements->metadata[i];
        HOLDS(i == 0 || strcmp(requirements->metadata[i - 1].key, wanted->key) < 0);
        HOLDS(strv_length(wanted->values) > 0);
        STRV_FOREACH (value, wanted->values)
            HOLDS(metadata_check_pair(wanted->key, *value, NULL) == 0);
    }
    STRV_FOREACH (glob, requirements->conflicts)
        HOLDS(**glob && strlen(*glob) <= UNIT_NAME_MAX && fuzz_is_clean(*glob));
    STRV_FOREACH (glob, requirements->replaces)
        HOLDS(**glob && strlen(*glob) <= UNIT_NAME_MAX && fuzz_is_clean(*glob));
}

static usec_t cpu_now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (usec_t) ts.tv_sec * USEC_PER_SEC + (usec_t) ts.tv_nsec / 1000;
}

/* The longest name is the hardest: one that nearly matches. */
static void match_time_check(char *const *globs, const char *name) {
    char hard[UNIT_NAME_MAX + 1];
    memset(hard, *name, UNIT_NAME_MAX);
    hard[UNIT_NAME_MAX] = 0;
    usec_t begin = cpu_now();
    requirements_glob_matches(globs, name);
    requirements_glob_matches(globs, hard);
    HOLDS(cpu_now() - begin < MATCH_MAX_USEC);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    _cleanup_free_ char *name = fuzz_take_line(&input);
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL, *again = NULL;
    _cleanup_error_ Error error = {};
    if (unit_name_check(name, NULL) < 0 || unit_file_parse(input.data, input.size, &file, NULL) < 0)
        return 0;
    int r = requirements_parse(file, name, &requirements, &error);
    HOLDS(requirements_parse(file, name, &again, NULL) == r);
    if (r < 0) {
        HOLDS(r == -EINVAL);
        fuzz_check_message(error.message);
        return 0;
    }
    HOLDS(requirements_equal(requirements, again));
    rules_check(requirements);
    if (requirements->health)
        health_check(requirements->health, unit_name_is_template(name));
    if (!unit_name_is_template(name))
        values_check(requirements, name);
    match_time_check(requirements->conflicts, name);
    match_time_check(requirements->replaces, name);
    return 0;
}
