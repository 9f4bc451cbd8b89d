#include "fleetd/engine/rollouts.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/engine/rollout-facts.h"
#include "fleetd/model/keys.h"
#include "fleetd/sched/rollout-step.h"
#include "fleetd/store/unit-versions.h"

#include <errno.h>

#define RETRY_USEC (500 * USEC_PER_MSEC)

struct Rollouts {
    Store *store;
    Loop *loop;
    const Leadership *leadership;
    const Feed *feed;
    const Cluster *cluster;
    RolloutsCallbacks callbacks;
    void *userdata;
    Timer *timer;
    StoreOp *op;
    int64_t written_revision;
};

/* --- writing --- */

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    Rollouts *rollouts = userdata;
    rollouts->op = NULL;
    if (r < 0)
        log_warning("Failed to write how far a deployment is: %s", strerror(-r));
    if (r < 0 || !result->succeeded) {
        timer_start(rollouts->timer, RETRY_USEC); /* what is there by then is told */
        return;
    }
    rollouts->written_revision = result->revision;
    rollouts_look(rollouts);
}

/* The record, and one unit with its version. */
#define COMPARES_MAX 5
#define WRITES_MAX (3 + VERSION_WRITES_MAX)

typedef struct RolloutWrite {
    StoreCompare compares[COMPARES_MAX];
    StoreWrite writes[WRITES_MAX];
    size_t n_compares, n_writes;
    char *texts[2 * COMPARES_MAX];
    size_t n_texts;
    VersionWrites versions;
} RolloutWrite;

static void write_done(RolloutWrite *write) {
    for (size_t i = 0; i < write->n_texts; i++)
        free(write->texts[i]);
    version_writes_done(&write->versions);
}
#define _cleanup_write_ _cleanup_(write_done)

/* NULL for what could not be made. */
static char *keep_take(RolloutWrite *write, char *text) {
    if (text)
        write->texts[write->n_texts++] = text;
    return text;
}

/* The transaction holds only while the key is as of that revision. NULL: out of memory. */
static const char *expect_take(RolloutWrite *write, char *key_take, int64_t revision) {
    const char *key = keep_take(write, key_take);
    if (key)
        write->compares[write->n_compares++] =
            (StoreCompare){.key = key, .target = STORE_COMPARE_MOD_REVISION, .number = revision};
    return key;
}

/* value NULL: the key goes. */
static void add_write(RolloutWrite *write, const char *key, const char *value) {
    write->writes[write->n_writes++] =
        (StoreWrite){.kind = value ? STORE_PUT : STORE_DELETE, .key = key, .value = value};
}

static int send(Rollouts *rollouts, RolloutWrite *write) {
    write->compares[write->n_compares++] = leadership_fence(rollouts->leadership);
    const StoreTxn txn = {.compares = write->compares,
                          .n_compares = write->n_compares,
                          .writes = write->writes,
                          .n_writes = write->n_writes};
    return store_txn(rollouts->store, &txn, on_written, rollouts, &rollouts->op);
}

typedef struct RecordKeys {
    const char *deployment, *rollout;
} RecordKeys;

/* What was decided on is as it was. */
static int expect_records(RolloutWrite *write, const char *name, const FeedRollout *known,
                          RecordKeys *ret) {
    ret->deployment = expect_take(write, key_deployment(name), known->deployment_revision);
    ret->rollout = expect_take(write, key_rollout(name), known->rollout_revision);
    return ret->deployment && ret->rollout ? 0 : -ENOMEM;
}

/* The unit with its new file, which becomes a version of it. A template that the cluster did not
 * know is there from then on. */
static int add_unit(Rollouts *rollouts, RolloutWrite *write, const RolloutStep *step) {
    const Unit *known = map_get(feed_units(rollouts->feed), step->unit);
    Unit unit = known ? *known : (Unit){.name = (char *) step->unit};
    UnitVersionStep version = unit_version_step(known, 0);
    unit.hash = (char *) step->hash;
    unit.version = version.number;
    int r = version_writes_fill(&unit, known, &version, loop_realtime(rollouts->loop),
                                &write->versions);
    const char *file =
        expect_take(write, key_file(step->hash), feed_file_revision(rollouts->feed, step->hash));
    const char *key = expect_take(write, key_unit(step->unit), known ? known->revision : 0);
    const char *value = keep_take(write, unit_format(&unit));
    if (r < 0 || !file || !key || !value)
        return -ENOMEM;
    for (size_t i = 0; i < write->versions.n; i++)
        write->writes[write->n_writes++] = write->versions.writes[i];
    add_write(write, key, value);
    return 0;
}

static int write_record(Rollouts *rollouts, const char *name, const FeedRollout *known,
                        const RolloutStep *step) {
    _cleanup_write_ RolloutWrite write = {};
    RecordKeys keys;
    int r = expect_records(&write, name, known, &keys);
    if (r >= 0 && step->unit)
        r = add_unit(rollouts, &write, step);
    const char *value = keep_take(&write, rollout_format(step->next));
    if (r < 0 || !value)
        return -ENOMEM;
    add_write(&write, keys.rollout, value);
    return send(rollouts, &write);
}

/* Nothing is wanted any more: neither record stays. */
static int drop_records(Rollouts *rollouts, const char *name, const FeedRollout *known) {
    _cleanup_write_ RolloutWrite write = {};
    RecordKeys keys;
    int r = expect_records(&write, name, known, &keys);
    if (r < 0)
        return r;
    add_write(&write, keys.deployment, NULL);
    add_write(&write, keys.rollout, NULL);
    return send(rollouts, &write);
}

/* --- telling --- */

static void log_change(const char *name, const Rollout *known, const RolloutStep *step) {
    RolloutPhase phase = step->next->phase;
    const char *why = step->next->why;
    if (step->unit)
        log_unit(LOG_NOTICE, step->unit, "Deployment of '%s': unit '%s' gets %s", name, step->unit,
                 step->hash);
    if (known && known->deployment_usec == step->next->deployment_usec && known->phase == phase)
        return;
    bool is_bad = phase == ROLLOUT_ROLLING_BACK || phase == ROLLOUT_FAILED;
    log_unit(is_bad ? LOG_WARNING : LOG_NOTICE, name, "Deployment of '%s': %s%s%s", name,
             rollout_phase_to_string(phase), why ? ": " : "", str_or(why, ""));
}

/* --- looking --- */

/* It costs nothing from then on. */
static bool is_over(const FeedRollout *known) {
    const Deployment *deployment = known->deployment;
    const Rollout *rollout = known->rollout;
    return rollout && rollout->deployment_usec == deployment->since_usec &&
           rollout_phase_is_over(rollout->phase) && deployment->is_undone <= rollout->is_undone;
}

/* How far it had come is not known, so nobody can go on with it, nor back. */
static int replace_unreadable(Rollouts *rollouts, const char *name, const FeedRollout *known) {
    Rollout rollout = {.name = (char *) name,
                       .deployment_usec = known->deployment->since_usec,
                       .phase = ROLLOUT_FAILED,
                       .phase_since_usec = loop_realtime(rollouts->loop),
                       .is_undone = true,
                       .why = (char *) "how far it had come cannot be read: deploy it again"};
    const RolloutStep step = {.next = &rollout};
    log_change(name, NULL, &step);
    return write_record(rollouts, name, known, &step);
}

static int take_step(Rollouts *rollouts, const char *name, const FeedRollout *known,
                     usec_t *next_look) {
    _cleanup_free_ RolloutFact *units = NULL;
    _cleanup_rollout_step_ RolloutStep step = {};
    RolloutFacts facts = {.now_usec = loop_realtime(rollouts->loop),
                          .is_held = rollouts->callbacks.is_held(rollouts->userdata)};
    int r = rollout_facts_gather(rollouts->feed, rollouts->cluster, name, &facts, &units);
    if (r >= 0)
        r = rollout_step(known->deployment, known->rollout, &facts, &step);
    if (r < 0)
        return r;
    *next_look = MIN(*next_look, step.look_at);
    if (step.is_void)
        return drop_records(rollouts, name, known);
    if (!step.next)
        return 0;
    log_change(name, known->rollout, &step);
    return write_record(rollouts, name, known, &step);
}

/* A deployment that cannot be read says nothing: until somebody writes it anew, nothing goes on. */
static int consider(Rollouts *rollouts, const char *name, const FeedRollout *known,
                    usec_t *next_look) {
    if (known->deployment_revision == 0)
        return drop_records(rollouts, name, known);
    if (!known->deployment || is_over(known))
        return 0;
    if (!known->rollout && known->rollout_revision > 0)
        return replace_unreadable(rollouts, name, known);
    return take_step(rollouts, name, known, next_look);
}

static int rollouts_try(Rollouts *rollouts) {
    usec_t next_look = USEC_INFINITY, now = loop_realtime(rollouts->loop);
    const char *name;
    const FeedRollout *known;
    MAP_FOREACH (name, known, feed_rollouts(rollouts->feed)) {
        int r = consider(rollouts, name, known, &next_look);
        if (r < 0 || rollouts->op)
            return r;
    }
    if (next_look != USEC_INFINITY)
        timer_start(rollouts->timer, next_look > now ? next_look - now : 0);
    return 0;
}

/* While it is not ready nothing is lost: whoever is then looks again. */
static void on_timer(void *userdata) {
    Rollouts *rollouts = userdata;
    if (rollouts->op ||
        !rollouts->callbacks.is_ready(rollouts->written_revision, rollouts->userdata))
        return;
    int r = leadership_is_sure(rollouts->leadership) ? rollouts_try(rollouts) : -ENOTCONN;
    if (r < 0)
        timer_start(rollouts->timer, RETRY_USEC);
}

void rollouts_look(Rollouts *rollouts) {
    if (!rollouts->op && map_size(feed_rollouts(rollouts->feed)) > 0)
        timer_start(rollouts->timer, 0);
}

int rollouts_new(Store *store, Loop *loop, const Leadership *leadership, const Feed *feed,
                 const Cluster *cluster, const RolloutsCallbacks *callbacks, void *userdata,
                 Rollouts **ret) {
    _cleanup_(rollouts_freep) Rollouts *rollouts = calloc(1, sizeof(Rollouts));
    if (!rollouts)
        return -ENOMEM;
    *rollouts = (Rollouts){.store = store,
                           .loop = loop,
                           .leadership = leadership,
                           .feed = feed,
                           .cluster = cluster,
                           .callbacks = *callbacks,
                           .userdata = userdata};
    int r = timer_new(loop, on_timer, rollouts, &rollouts->timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(rollouts);
    return 0;
}

void rollouts_free(Rollouts *rollouts) {
    if (!rollouts)
        return;
    store_op_cancel(rollouts->op);
    timer_free(rollouts->timer);
    free(rollouts);
}
