#include "fleetd/engine/rebalancing.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/sched/rebalance-step.h"

#include <errno.h>

#define RETRY_USEC (500 * USEC_PER_MSEC)

static const MetricFamily ended_moves = {
    "fleet_engine_rebalance_move_count_total",
    METRIC_COUNTER,
    "Moves of units to even the load out that have ended, by how.",
    {"phase"},
};

struct Rebalancing {
    SideWorkOptions options;
    Timer *timer;
    StoreOp *op;
    Rebalance *before, *writing; /* with op */
    int64_t written_revision;
};

/* --- telling --- */

static void tell_move(const Rebalancing *rebalancing, const RebalanceMove *move) {
    LogFields fields = {.unit = move->unit, .machine = move->to};
    metrics_add(rebalancing->options.metrics, &ended_moves,
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
    rebalancing->op = NULL;
    if (r < 0)
        log_warning("Failed to write how far the rebalance is: %s", strerror(-r));
    if (r < 0 || !result->succeeded) {
        timer_start(rebalancing->timer, RETRY_USEC); /* what is there by then is told */
        return;
    }
    tell(rebalancing, before, written);
    rebalancing->written_revision = result->revision;
    rebalancing_look(rebalancing);
}

static int rebalancing_write(Rebalancing *rebalancing, const Rebalance *next, int64_t revision) {
    _cleanup_free_ char *value = rebalance_format(next);
    if (!value)
        return -ENOMEM;
    const StoreCompare compares[] = {
        leadership_fence(rebalancing->options.leadership),
        {.key = KEY_REBALANCE_TEXT, .target = STORE_COMPARE_MOD_REVISION, .number = revision},
    };
    const StoreWrite write = {.kind = STORE_PUT, .key = KEY_REBALANCE_TEXT, .value = value};
    const StoreTxn txn = {
        .compares = compares, .n_compares = ELEMENTSOF(compares), .writes = &write, .n_writes = 1};
    return store_txn(rebalancing->options.store, &txn, on_written, rebalancing, &rebalancing->op);
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
    const SideWorkOptions *options = &rebalancing->options;
    bool may_begin = rebalance && rebalance->phase == REBALANCE_MOVING &&
                     !options->is_held_back(options->userdata);
    int r = cluster_wish_moves(options->cluster, may_begin ? rebalance : NULL);
    if (r > 0)
        options->on_told(0, options->userdata);
    return MIN(r, 0);
}

static int rebalancing_try(Rebalancing *rebalancing) {
    const SideWorkOptions *options = &rebalancing->options;
    const FeedRebalance *known = feed_rebalance(options->feed);
    bool is_held = options->is_held_back(options->userdata);
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

/* While it is not ready nothing is lost: whoever is then looks again. */
static void on_timer(void *userdata) {
    Rebalancing *rebalancing = userdata;
    const SideWorkOptions *options = &rebalancing->options;
    if (rebalancing->op || !options->is_ready(rebalancing->written_revision, options->userdata))
        return;
    int r = leadership_is_sure(options->leadership) ? rebalancing_try(rebalancing) : -ENOTCONN;
    if (r == -ENOMEM)
        options->on_told(r, options->userdata);
    else if (r < 0)
        timer_start(rebalancing->timer, RETRY_USEC);
}

void rebalancing_look(Rebalancing *rebalancing) {
    const FeedRebalance *known = feed_rebalance(rebalancing->options.feed);
    if (!rebalancing->op && known->rebalance && rebalance_is_under_way(known->rebalance))
        timer_start(rebalancing->timer, 0);
}

/* --- life --- */

void rebalancing_declare(Metrics *metrics) {
    metrics_declare(metrics, &ended_moves);
}

int rebalancing_new(const SideWorkOptions *options, Rebalancing **ret) {
    _cleanup_(rebalancing_freep) Rebalancing *rebalancing = calloc(1, sizeof(Rebalancing));
    if (!rebalancing)
        return -ENOMEM;
    rebalancing->options = *options;
    int r = timer_new(options->loop, on_timer, rebalancing, &rebalancing->timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(rebalancing);
    return 0;
}

void rebalancing_free(Rebalancing *rebalancing) {
    if (!rebalancing)
        return;
    store_op_cancel(rebalancing->op);
    rebalance_free(rebalancing->before);
    rebalance_free(rebalancing->writing);
    timer_free(rebalancing->timer);
    free(rebalancing);
}
