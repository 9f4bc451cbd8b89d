#include "fleetd/engine/rebalancing.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/sched/rebalance-step.h"

#include <errno.h>

static const MetricFamily ended_moves = {
    "fleet_engine_rebalance_move_count_total",
    METRIC_COUNTER,
    "Moves of units to even the load out that have ended, by how.",
    {"phase"},
};

struct Rebalancing {
    SideWork work;
    Rebalance *before, *writing; /* with a write */
};

/* --- telling --- */

static void tell_move(const Rebalancing *rebalancing, const RebalanceMove *move) {
    LogFields fields = {.unit = move->unit, .machine = move->to};
    metrics_add(rebalancing->work.options.metrics, &ended_moves,
                LABELS(move_phase_to_string(move->phase)), 1);
    if (move->phase == MOVE_MADE)
        log_write(LOG_NOTICE, fields, "Unit '%s' has moved from %s to %s, to even the load out",
                  move->unit, move->from, move->to);
    else
        log_write(LOG_NOTICE, fields, "Unit '%s' is not moved from %s to %s: %s", move->unit,
                  move->from, move->to, str_or(move->why, "no reason known"));
}

/* before is of the same rebalance. */
static void tell(const Rebalancing *rebalancing, const Rebalance *before, const Rebalance *next) {
    if (next->phase != before->phase && next->phase == REBALANCE_MOVING)
        log_notice("Evening the load out: %zu units are to be moved", next->n_moves);
    bool has_begun = before->phase == REBALANCE_MOVING; /* else its moves are new */
    for (size_t i = 0; has_begun && i < before->n_moves; i++)
        if (next->moves[i].phase != before->moves[i].phase)
            tell_move(rebalancing, &next->moves[i]);
    if (next->phase != before->phase && next->phase == REBALANCE_DONE)
        log_notice("The load is evened out: %zu units were moved",
                   rebalance_count(next, MOVE_MADE));
}

/* --- writing --- */

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    Rebalancing *rebalancing = userdata;
    _cleanup_(rebalance_freep) Rebalance *before = TAKE_PTR(rebalancing->before),
                                         *written = TAKE_PTR(rebalancing->writing);
    r = side_work_end(&rebalancing->work, r, result);
    if (r < 0)
        log_warning("Failed to write how far the rebalance is: %s", strerror(-r));
    if (r <= 0)
        return;
    tell(rebalancing, before, written);
    rebalancing_look(rebalancing);
}

static int rebalancing_write(Rebalancing *rebalancing, const Rebalance *next, int64_t revision) {
    _cleanup_free_ char *value = rebalance_format(next);
    return value ? side_work_write_record(&rebalancing->work, KEY_REBALANCE_TEXT, revision, value,
                                          on_written)
                 : -ENOMEM;
}

static int rebalancing_write_take(Rebalancing *rebalancing, const FeedRebalance *known,
                                  Rebalance *next) {
    _cleanup_(rebalance_freep) Rebalance *taken = next, *before = NULL;
    int r = rebalance_copy(known->rebalance, &before);
    if (r >= 0)
        r = rebalancing_write(rebalancing, next, known->revision);
    if (r < 0)
        return r;
    rebalancing->before = TAKE_PTR(before);
    rebalancing->writing = TAKE_PTR(taken);
    return 0;
}

/* --- looking --- */

/* Of one that is as it should be: the scheduler is told which moves may be begun. */
static int rebalancing_settle(Rebalancing *rebalancing, const Rebalance *rebalance) {
    const SideWorkOptions *options = &rebalancing->work.options;
    bool may_begin = rebalance && rebalance->phase == REBALANCE_MOVING &&
                     !side_work_is_held_back(&rebalancing->work);
    int r = cluster_wish_moves(options->cluster, may_begin ? rebalance : NULL);
    if (r > 0)
        options->on_told(0, options->userdata);
    return MIN(r, 0);
}

static int act(void *userdata) {
    Rebalancing *rebalancing = userdata;
    const SideWorkOptions *options = &rebalancing->work.options;
    const FeedRebalance *known = feed_rebalance(options->feed);
    bool is_held = side_work_is_held_back(&rebalancing->work);
    Rebalance *next;
    int r = is_held || !known->rebalance ? rebalancing_settle(rebalancing, NULL) : 0;
    if (r < 0 || !known->rebalance)
        return r;
    r = rebalance_step(options->cluster, known->rebalance, is_held, &next);
    if (r < 0)
        return r;
    if (!rebalance_equal(known->rebalance, next))
        return rebalancing_write_take(rebalancing, known, next);
    rebalance_free(next);
    return rebalancing_settle(rebalancing, known->rebalance);
}

void rebalancing_look(Rebalancing *rebalancing) {
    const FeedRebalance *known = feed_rebalance(rebalancing->work.options.feed);
    if (known->rebalance && rebalance_is_under_way(known->rebalance))
        side_work_look(&rebalancing->work);
}

/* --- life --- */

void rebalancing_declare(Metrics *metrics) {
    metrics_declare(metrics, &ended_moves);
}

int rebalancing_new(const SideWorkOptions *options, Rebalancing **ret) {
    _cleanup_(rebalancing_freep) Rebalancing *rebalancing = calloc(1, sizeof(Rebalancing));
    if (!rebalancing)
        return -ENOMEM;
    int r = side_work_init(&rebalancing->work, options, act, rebalancing);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(rebalancing);
    return 0;
}

void rebalancing_free(Rebalancing *rebalancing) {
    if (!rebalancing)
        return;
    side_work_done(&rebalancing->work);
    rebalance_free(rebalancing->before);
    rebalance_free(rebalancing->writing);
    free(rebalancing);
}
