/* The engine's side of units that have failed: what it remembers of them, as
 * fleetd/engine/retries.c does it with a store and a clock. */
#include "fleetd/base/strv.h"
#include "tests/sched/world.h"

static void write_failures(World *world, const char *name, Failures *next) {
    if (!next) {
        map_remove(world->failures, name);
        must(cluster_remove_failures(world->cluster, name) == 0);
        return;
    }
    must(map_put(world->failures, name, next) >= 0);
    must(cluster_put_failures(world->cluster, next) == 0);
}

static void retry_due(World *world, const Failures *failures, const FailureFacts *facts) {
    for (size_t i = 0; failures && i < failures->n_places; i++) {
        const FailurePlace *place = &failures->places[i];
        if (!failure_is_due(place, facts, world->now_usec))
            continue;
        world_trace("retry %s on %s", failures->name, place->machine_id);
        must(cluster_retry(world->cluster, place->machine_id, failures->name) == 0);
    }
}

static void review(World *world, const char *name) {
    _cleanup_failure_facts_ FailureFacts facts = {};
    Failures *next;
    usec_t look_at;
    const Failures *known = map_get(world->failures, name);
    must(cluster_get_failure_facts(world->cluster, name, &facts) == 0);
    must(failure_step(name, known, &facts, world->now_usec, &next, &look_at) == 0);
    must(look_at > world->now_usec);
    if (!failures_equal(known, next)) {
        write_failures(world, name, next);
        return;
    }
    failures_free(next);
    cluster_settle_doubt(world->cluster, name);
    retry_due(world, known, &facts);
}

/* All that is remembered is doubted, as the time has gone on. */
void world_review_failures(World *world, usec_t passed_usec) {
    const char *name;
    _unused_ void *value;
    world->now_usec += passed_usec;
    MAP_FOREACH (name, value, world->failures)
        must(cluster_doubt(world->cluster, name) == 0);
    for (size_t n = 0; map_size(cluster_doubtful(world->cluster)) > 0; n++) {
        must(n < 10);
        MAP_FOREACH (name, value, cluster_doubtful(world->cluster)) {
            _cleanup_free_ char *copy = strdup(name); /* the unit may be forgotten */
            review(world, copy);
        }
    }
}
