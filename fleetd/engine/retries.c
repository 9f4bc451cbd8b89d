#include "fleetd/engine/retries.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/engine/deadlines.h"
#include "fleetd/model/keys.h"

#include <errno.h>
#include <inttypes.h>

#define BATCH_MAX 50 /* records in a transaction: a write and a comparison each */

static const MetricFamily noted_failures = {
    "fleet_engine_unit_failure_count_total",
    METRIC_COUNTER,
    "Units that were found failed, with nobody on their machine to restart them.",
    {},
};
static const MetricFamily tries = {
    "fleet_engine_unit_retry_count_total",
    METRIC_COUNTER,
    "Units that were tried anew after a failure, elsewhere or in place.",
    {},
};

struct Retries {
    SideWork work;
    Deadlines *deadlines; /* by unit: when to look at it again */
    Map *quiet;           /* set of units that nothing was heard of until their deadline */
};

/* --- writing --- */

/* One transaction. The strings are its own. */
typedef struct Batch {
    StoreCompare compares[BATCH_MAX + 1];
    StoreWrite writes[BATCH_MAX];
    char *keys[BATCH_MAX], *values[BATCH_MAX];
    size_t n;
} Batch;

static void batch_done(Batch *batch) {
    for (size_t i = 0; i < batch->n; i++) {
        free(batch->keys[i]);
        free(batch->values[i]);
    }
}

/* next NULL: the record goes. */
static int batch_add(Batch *batch, const char *name, int64_t revision, const Failures *next) {
    size_t i = batch->n++;
    batch->keys[i] = key_failures(name);
    batch->values[i] = next ? failures_format(next) : NULL;
    if (!batch->keys[i] || (next && !batch->values[i]))
        return -ENOMEM;
    batch->compares[i + 1] = (StoreCompare){
        .key = batch->keys[i], .target = STORE_COMPARE_MOD_REVISION, .number = revision};
    batch->writes[i] = (StoreWrite){
        .kind = next ? STORE_PUT : STORE_DELETE, .key = batch->keys[i], .value = batch->values[i]};
    return 0;
}

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    Retries *retries = userdata;
    r = side_work_end(&retries->work, r, result);
    if (r < 0)
        log_warning("Failed to write down which units have failed: %s", strerror(-r));
    else if (r > 0)
        retries_look(retries);
}

static int batch_write(Retries *retries, Batch *batch) {
    batch->compares[0] = side_work_fence(&retries->work);
    const StoreTxn txn = {.compares = batch->compares,
                          .n_compares = batch->n + 1,
                          .writes = batch->writes,
                          .n_writes = batch->n};
    return side_work_write(&retries->work, &txn, on_written);
}

/* --- telling --- */

static void tell_failure(Retries *retries, const char *name, const FailurePlace *place) {
    usec_t delay = place->next_usec - place->failed_usec;
    log_write(LOG_NOTICE, (LogFields){.unit = name, .machine = place->machine_id},
              "Unit '%s' has failed on %s (%s); it is tried anew in %" PRIu64 " s", name,
              place->machine_id, str_or(place->why, ""), delay / USEC_PER_SEC);
    metrics_add(retries->work.options.metrics, &noted_failures, NULL, 1);
}

static void tell_new_failures(Retries *retries, const char *name, const Failures *known,
                              const Failures *next) {
    for (size_t i = 0; next && i < next->n_places; i++) {
        const FailurePlace *before = failures_find(known, next->places[i].machine_id);
        if (next->places[i].count > (before ? before->count : 0))
            tell_failure(retries, name, &next->places[i]);
    }
}

/* Where it has left it is tried anew: before that there may be nothing to be done. */
static void tell_try(Retries *retries, const char *name, const FailurePlace *place) {
    log_write(LOG_NOTICE, (LogFields){.unit = name, .machine = place->machine_id},
              "Unit '%s', which has failed on %s, is tried anew", name, place->machine_id);
    metrics_add(retries->work.options.metrics, &tries, NULL, 1);
}

static void tell_new_tries(Retries *retries, const char *name, const Failures *known,
                           const Failures *next, const FailureFacts *facts) {
    for (size_t i = 0; known && next && i < known->n_places; i++) {
        const FailurePlace *place = &known->places[i];
        const FailurePlace *after = failures_find(next, place->machine_id);
        bool is_over = place->next_usec > 0 && after && after->next_usec == 0;
        if (is_over && known->unit_revision == next->unit_revision &&
            !failure_facts_have(facts, place->machine_id))
            tell_try(retries, name, place);
    }
}

/* --- looking --- */

/* Has what is due tried anew, as soon as it can be. 1: something is; -errno: the cluster is in an
 * unknown state. */
static int retry_due(Retries *retries, const Failures *failures, const FailureFacts *facts,
                     usec_t now_usec) {
    int is_any = 0;
    for (size_t i = 0; failures && i < failures->n_places; i++) {
        const FailurePlace *place = &failures->places[i];
        if (!failure_is_due(place, facts, now_usec))
            continue;
        int r = cluster_retry(retries->work.options.cluster, place->machine_id, failures->name);
        if (r < 0)
            return r;
        is_any = 1;
    }
    return is_any;
}

static int retries_wait(Retries *retries, const char *name, usec_t look_at, usec_t now_usec) {
    deadlines_remove(retries->deadlines, name);
    return look_at == USEC_INFINITY ? 0
                                    : deadlines_set(retries->deadlines, name, look_at - now_usec);
}

/* What is as it is remembered: 1: something is tried anew, so that there is something to decide; 0:
 * nothing is left to do before *look_at. */
static int retries_settle(Retries *retries, const char *name, const Failures *failures,
                          const FailureFacts *facts, usec_t look_at) {
    usec_t now = side_work_now(&retries->work);
    for (size_t i = 0; failures && i < failures->n_places; i++)
        if (failure_is_due(&failures->places[i], facts, now) &&
            side_work_is_held_back(&retries->work))
            return 0; /* it stays in doubt */
    int r = retry_due(retries, failures, facts, now);
    if (r < 0)
        return r;
    int wait = retries_wait(retries, name, look_at, now);
    if (wait < 0)
        return wait;
    cluster_settle_doubt(retries->work.options.cluster, name);
    return r;
}

/* A unit waits for it: it goes, or is not to be tried anew any more. */
static bool is_urgent(const Failures *known, const Failures *next) {
    for (size_t i = 0; known && next && i < known->n_places; i++) {
        const FailurePlace *after = failures_find(next, known->places[i].machine_id);
        if (known->places[i].next_usec > 0 && (!after || after->next_usec == 0))
            return true;
    }
    return !next;
}

/* It is written, or looked at again in a moment. */
static int retries_change(Retries *retries, const char *name, const FeedFailures *known,
                          const Failures *next, const FailureFacts *facts, Batch *batch) {
    const Failures *before = known ? known->failures : NULL;
    bool is_quiet = map_remove(retries->quiet, name);
    if (!is_quiet && !is_urgent(before, next)) {
        int r = deadlines_set(retries->deadlines, name, FAILURE_QUIET_USEC);
        if (r >= 0)
            cluster_settle_doubt(retries->work.options.cluster, name);
        return r;
    }
    tell_new_failures(retries, name, before, next);
    tell_new_tries(retries, name, before, next, facts);
    return batch_add(batch, name, known ? known->revision : 0, next);
}

/* 1: something is tried anew. */
static int retries_consider(Retries *retries, const char *name, Batch *batch) {
    _cleanup_failure_facts_ FailureFacts facts = {};
    _cleanup_(failures_freep) Failures *next = NULL;
    const FeedFailures *known = map_get(feed_failures(retries->work.options.feed), name);
    const Failures *before = known ? known->failures : NULL;
    usec_t look_at;
    int r = cluster_get_failure_facts(retries->work.options.cluster, name, &facts);
    if (r >= 0)
        r = failure_step(name, before, &facts, side_work_now(&retries->work), &next, &look_at);
    if (r < 0)
        return r;
    bool is_unreadable = known && !known->failures;
    if (failures_equal(next, before) && !(is_unreadable && facts.is_known)) {
        map_remove(retries->quiet, name);
        return retries_settle(retries, name, before, &facts, look_at);
    }
    return batch->n == BATCH_MAX ? 0 : retries_change(retries, name, known, next, &facts, batch);
}

static int act(void *userdata) {
    Retries *retries = userdata;
    const SideWorkOptions *options = &retries->work.options;
    _cleanup_(batch_done) Batch batch = {};
    bool has_told = false;
    const char *name;
    _unused_ void *unit;
    MAP_FOREACH (name, unit, cluster_doubtful(retries->work.options.cluster)) {
        int r = retries_consider(retries, name, &batch);
        if (r < 0)
            return r;
        has_told |= r > 0;
        if (batch.n == BATCH_MAX)
            break; /* the rest has its turn when these are written */
    }
    if (batch.n < BATCH_MAX)
        map_clear(retries->quiet); /* what was not in doubt any more has passed */
    int r = batch.n > 0 ? batch_write(retries, &batch) : 0;
    if (has_told)
        options->on_told(0, options->userdata);
    return r;
}

/* It has stayed as it was for a moment; or that has passed, and the next failure has a moment of
 * its own. */
static void on_due(const char *name, void *userdata) {
    Retries *retries = userdata;
    const SideWorkOptions *options = &retries->work.options;
    int r = cluster_doubt(options->cluster, name);
    if (r >= 0 && map_has(cluster_doubtful(options->cluster), name))
        r = map_put(retries->quiet, name, NULL);
    if (r < 0)
        options->on_told(r, options->userdata);
    else
        retries_look(retries);
}

void retries_look(Retries *retries) {
    if (map_size(cluster_doubtful(retries->work.options.cluster)) > 0)
        side_work_look(&retries->work);
}

/* --- life --- */

void retries_declare(Metrics *metrics) {
    metrics_declare(metrics, &noted_failures);
    metrics_declare(metrics, &tries);
}

int retries_new(const SideWorkOptions *options, Retries **ret) {
    _cleanup_(retries_freep) Retries *retries = calloc(1, sizeof(Retries));
    if (!retries)
        return -ENOMEM;
    retries->quiet = map_new(NULL);
    if (!retries->quiet)
        return -ENOMEM;
    int r = side_work_init(&retries->work, options, act, retries);
    if (r >= 0)
        r = deadlines_new(options->loop, on_due, retries, &retries->deadlines);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(retries);
    return 0;
}

void retries_free(Retries *retries) {
    if (!retries)
        return;
    side_work_done(&retries->work);
    deadlines_free(retries->deadlines);
    map_free(retries->quiet);
    free(retries);
}
