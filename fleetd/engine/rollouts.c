#include "fleetd/engine/rollouts.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/engine/rollout-facts.h"
#include "fleetd/engine/rollout-writer.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

struct Rollouts {
    SideWork work;
    const Feed *feed;
    const Cluster *cluster;
};

/* --- writing --- */

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    Rollouts *rollouts = userdata;
    const SideWorkOptions *options = &rollouts->work.options;
    r = side_work_end(&rollouts->work, r, result);
    if (r < 0) { /* what else is down of a group must not be counted */
        log_warning("Failed to write how far a deployment is: %s", strerror(-r));
        options->on_unsure(options->userdata);
        return;
    }
    if (r > 0)
        rollouts_look(rollouts);
    options->on_through(options->userdata);
}

static int put(Rollouts *rollouts, const char *name, const FeedRollout *known,
               const RolloutStep *step) {
    return rollout_writer_put(&rollouts->work, name, known, step, on_written);
}

static int drop(Rollouts *rollouts, const char *name, const FeedRollout *known) {
    return rollout_writer_drop(&rollouts->work, name, known, on_written);
}

/* --- telling --- */

static void log_unit_change(const char *name, const RolloutStep *step) {
    if (step->unit && step->restart > 0)
        log_unit(LOG_NOTICE, step->unit, "Restart of '%s': unit '%s' has its turn", name,
                 step->unit);
    else if (step->unit)
        log_unit(LOG_NOTICE, step->unit, "Deployment of '%s': unit '%s' gets %s", name, step->unit,
                 step->hash);
    if (step->machine)
        log_write(LOG_NOTICE, (LogFields){.unit = name, .machine = step->machine},
                  "Deployment of '%s': machine %s has its turn", name, step->machine);
}

static void log_change(const char *name, const FeedRollout *before, const RolloutStep *step) {
    const Rollout *known = before->rollout;
    RolloutPhase phase = step->next->phase;
    const char *why = step->next->why;
    log_unit_change(name, step);
    if (known && known->deployment_usec == step->next->deployment_usec && known->phase == phase)
        return;
    bool is_bad = phase == ROLLOUT_ROLLING_BACK || phase == ROLLOUT_FAILED;
    log_unit(is_bad ? LOG_WARNING : LOG_NOTICE, name, "%s of '%s': %s%s%s",
             before->deployment->is_restart ? "Restart" : "Deployment", name,
             rollout_phase_to_string(phase), why ? ": " : "", str_or(why, ""));
}

/* --- looking --- */

/* It costs nothing from then on, unless machines go by it still. */
static bool is_over(const FeedRollout *known) {
    const Deployment *deployment = known->deployment;
    const Rollout *rollout = known->rollout;
    return rollout && rollout->deployment_usec == deployment->since_usec &&
           rollout_phase_is_over(rollout->phase) && !rollout->is_kept &&
           deployment->is_undone <= rollout->is_undone;
}

static bool is_there(const Feed *feed, const char *name) {
    return map_has(feed_units(feed), name) || map_has(feed_unreadable_units(feed), name);
}

static int gather(const Rollouts *rollouts, const char *name, RolloutFacts *ret,
                  RolloutFact **ret_units) {
    *ret = (RolloutFacts){.now_usec = side_work_now(&rollouts->work),
                          .is_held = side_work_is_held_back(&rollouts->work)};
    return rollout_facts_gather(rollouts->feed, rollouts->cluster, name, ret, ret_units);
}

static bool has_unit(const Feed *feed, const Rollout *rollout) {
    for (size_t i = 0; i < rollout->n_units; i++)
        if (is_there(feed, rollout->units[i].name))
            return true;
    return false;
}

/* Instances can be restarted without their template being known, which else takes the records with
 * it when it is destroyed. 1: there are none any more. */
static int is_abandoned(const Rollouts *rollouts, const char *name, const FeedRollout *known) {
    _cleanup_free_ RolloutFact *units = NULL;
    RolloutFacts facts;
    if (!unit_name_is_template(name) || is_there(rollouts->feed, name) ||
        has_unit(rollouts->feed, known->rollout))
        return 0;
    int r = gather(rollouts, name, &facts, &units);
    return r < 0 ? r : facts.n_units <= 1; /* the template itself */
}

static int finish(Rollouts *rollouts, const char *name, const FeedRollout *known) {
    int r = is_abandoned(rollouts, name, known);
    return r <= 0 ? r : drop(rollouts, name, known);
}

/* How far it had come is not known, so nobody can go on with it, nor back. */
static int replace_unreadable(Rollouts *rollouts, const char *name, const FeedRollout *known) {
    _cleanup_free_ RolloutFact *units = NULL;
    _cleanup_rollout_step_ RolloutStep step = {};
    RolloutFacts facts;
    int r = gather(rollouts, name, &facts, &units);
    if (r >= 0)
        r = rollout_rescue(known->deployment, &facts, &step.next);
    if (r < 0)
        return r;
    log_change(name, known, &step);
    return put(rollouts, name, known, &step);
}

static int take_step(Rollouts *rollouts, const char *name, const FeedRollout *known,
                     usec_t *next_look) {
    _cleanup_free_ RolloutFact *units = NULL;
    _cleanup_rollout_step_ RolloutStep step = {};
    RolloutFacts facts;
    int r = gather(rollouts, name, &facts, &units);
    if (r >= 0)
        r = rollout_step(known->deployment, known->rollout, &facts, &step);
    if (r < 0)
        return r;
    *next_look = MIN(*next_look, step.look_at);
    if (step.is_void)
        return drop(rollouts, name, known);
    if (!step.next)
        return 0;
    log_change(name, known, &step);
    return put(rollouts, name, known, &step);
}

/* A deployment that cannot be read says nothing: until somebody writes it anew, nothing goes on. */
static int consider(Rollouts *rollouts, const char *name, const FeedRollout *known,
                    usec_t *next_look) {
    if (known->deployment_revision == 0)
        return drop(rollouts, name, known);
    if (!known->deployment)
        return 0;
    if (is_over(known))
        return finish(rollouts, name, known);
    if (!known->rollout && known->rollout_revision > 0)
        return replace_unreadable(rollouts, name, known);
    return take_step(rollouts, name, known, next_look);
}

static int act(void *userdata) {
    Rollouts *rollouts = userdata;
    usec_t next_look = USEC_INFINITY;
    const char *name;
    const FeedRollout *known;
    MAP_FOREACH (name, known, feed_rollouts(rollouts->feed)) {
        int r = consider(rollouts, name, known, &next_look);
        if (r < 0 || rollouts->work.op)
            return r;
    }
    side_work_look_at(&rollouts->work, next_look);
    return 0;
}

void rollouts_look(Rollouts *rollouts) {
    if (map_size(feed_rollouts(rollouts->feed)) > 0)
        side_work_look(&rollouts->work);
}

int64_t rollouts_revision(const Rollouts *rollouts) {
    return side_work_revision(&rollouts->work);
}

int rollouts_new(const SideWorkOptions *options, Rollouts **ret) {
    _cleanup_(rollouts_freep) Rollouts *rollouts = calloc(1, sizeof(Rollouts));
    if (!rollouts)
        return -ENOMEM;
    rollouts->feed = options->feed;
    rollouts->cluster = options->cluster;
    int r = side_work_init(&rollouts->work, options, act, rollouts);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(rollouts);
    return 0;
}

void rollouts_free(Rollouts *rollouts) {
    if (!rollouts)
        return;
    side_work_done(&rollouts->work);
    free(rollouts);
}
