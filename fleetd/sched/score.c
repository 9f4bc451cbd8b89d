#include "fleetd/sched/score.h"

#include "fleetd/base/strv.h"
#include "fleetd/sched/retry.h"
#include "fleetd/sched/spread.h"

#include <errno.h>

/* Spread= */

/* One that moves is not in its own way. */
static void spread_key_leave_out(SpreadKey *spread, const ClusterUnit *unit) {
    for (const Placement *p = unit->placements; p; p = p->next) {
        uint32_t value = p->is_spread ? spread->values->of[p->machine->rank] : METADATA_NO_VALUE;
        if (value != METADATA_NO_VALUE)
            spread->counts[value]--;
    }
}

static int spread_key_init(SpreadKey *spread, Cluster *cluster, const ClusterUnit *unit,
                           const char *name, const char *key) {
    int r =
        metadata_index_values(&cluster->metadata, &cluster->here.machines, key, &spread->values);
    if (r < 0)
        return r;
    spread->counts = calloc(spread->values->n + 1, sizeof(size_t));
    if (!spread->counts)
        return -ENOMEM;
    for (size_t i = 0; r >= 0 && i < spread->values->n; i++)
        r = spread_count(cluster, name, key, spread->values->names[i], &spread->counts[i]);
    if (r >= 0)
        spread_key_leave_out(spread, unit);
    return r;
}

static uint64_t spread_key_least(const SpreadKey *spread) {
    uint64_t least = SPREAD_WITHOUT_KEY;
    for (size_t i = 0; i < spread->values->n; i++)
        least = MIN(least, (uint64_t) spread->counts[i]);
    return least;
}

static int scorer_init_spread(Scorer *scorer, Cluster *cluster, const ClusterUnit *unit) {
    size_t n_keys = strv_length(scorer->ranking->spread);
    if (n_keys == 0)
        return 0;
    _cleanup_free_ char *name = unit_spread_name(unit);
    scorer->keys = calloc(n_keys, sizeof(SpreadKey));
    if (!name || !scorer->keys)
        return -ENOMEM;
    for (; scorer->n_keys < n_keys; scorer->n_keys++) {
        SpreadKey *key = &scorer->keys[scorer->n_keys];
        int r = spread_key_init(key, cluster, unit, name, scorer->ranking->spread[scorer->n_keys]);
        if (r < 0) {
            free(key->counts);
            return r;
        }
        scorer->ideal.spread += spread_key_least(key);
    }
    return 0;
}

static uint64_t scorer_spread(const Scorer *scorer, const ClusterMachine *machine) {
    uint64_t sum = 0;
    for (size_t i = 0; i < scorer->n_keys; i++) {
        const SpreadKey *key = &scorer->keys[i];
        uint32_t value = key->values->of[machine->rank];
        sum += value == METADATA_NO_VALUE ? SPREAD_WITHOUT_KEY : key->counts[value];
    }
    return sum;
}

/* Prefer= and Avoid= */

static bool machine_is_meant(const ClusterMachine *machine, const Preference *preference) {
    const char *value = metadata_get(&machine->metadata, preference->key);
    return value && streq(value, preference->value);
}

static int64_t ranking_preference(const Ranking *ranking, const ClusterMachine *machine) {
    int64_t sum = 0;
    for (size_t i = 0; i < ranking->n_preferences; i++)
        if (machine_is_meant(machine, &ranking->preferences[i]))
            sum += ranking->preferences[i].weight;
    return sum;
}

/* What the values of a key come to at best: a machine has one of them, or none. */
static int64_t key_best(const Ranking *ranking, const char *key) {
    int64_t best = 0;
    for (size_t i = 0; i < ranking->n_preferences; i++) {
        const Preference *one = &ranking->preferences[i];
        int64_t sum = 0;
        for (size_t j = 0; streq(one->key, key) && j < ranking->n_preferences; j++)
            if (streq(ranking->preferences[j].key, key) &&
                streq(ranking->preferences[j].value, one->value))
                sum += ranking->preferences[j].weight;
        best = MAX(best, sum);
    }
    return best;
}

static bool key_was_seen(const Ranking *ranking, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (streq(ranking->preferences[j].key, ranking->preferences[i].key))
            return true;
    return false;
}

static int64_t ranking_best(const Ranking *ranking) {
    int64_t sum = 0;
    for (size_t i = 0; i < ranking->n_preferences; i++)
        sum += key_was_seen(ranking, i) ? 0 : key_best(ranking, ranking->preferences[i].key);
    return sum;
}

int scorer_init(Scorer *scorer, Cluster *cluster, const ClusterUnit *unit) {
    *scorer = (Scorer){};
    if (unit->is_particular || unit_has_failures(unit))
        scorer->unit = unit;
    if (!unit->is_particular)
        return 0;
    metadata_index_trim(&cluster->metadata);
    scorer->ranking = &unit->requirements->ranking;
    scorer->ideal.preference = ranking_best(scorer->ranking);
    return scorer_init_spread(scorer, cluster, unit);
}

void scorer_done(Scorer *scorer) {
    for (size_t i = 0; i < scorer->n_keys; i++)
        free(scorer->keys[i].counts);
    free(scorer->keys);
}

Score scorer_score(const Scorer *scorer, const ClusterMachine *machine) {
    return (Score){.failures = unit_failures_on(scorer->unit, machine),
                   .spread = scorer_spread(scorer, machine),
                   .preference =
                       scorer->ranking ? ranking_preference(scorer->ranking, machine) : 0};
}
