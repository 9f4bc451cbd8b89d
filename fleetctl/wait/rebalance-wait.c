#include "fleetctl/wait/rebalance-wait.h"

#include "fleetctl/api/event-reader.h"
#include "fleetctl/print/message.h"
#include "fleetctl/print/table.h"
#include "fleetctl/wait/event-follow.h"
#include "fleetd/base/strv.h"

#include <errno.h>

typedef struct RebalanceWait {
    Context *context;
    RebalanceTracker tracker;
    bool is_brief;
    bool has_table;
    int result; /* of printing it */
    Error *reterr;
} RebalanceWait;

/* --- the table --- */

/* A name may have to be asked for, and while that request runs the stream goes on: so what is said
 * of a move is said of a copy. */
static char *label_of(const Context *context, const char *machine_id) {
    return machine_names_label(context->machines, machine_id, context->options->full);
}

static int row_add(const Context *context, const TrackedMove *move, Table *table) {
    char *cells[] = {strdup(move->unit), label_of(context, move->from),
                     label_of(context, move->to)};
    return table_add_row_take(table, TONE_PLAIN, cells);
}

int rebalance_print(const Context *context, const RebalanceTracker *tracker) {
    static const TableColumn columns[] = {{"unit", false}, {"from", false}, {"to", false}, {}};
    if (tracker->n_moves == 0) {
        say("Nothing to move: no move would make the load more even");
        return 0;
    }
    _cleanup_(table_freep) Table *table = table_new(columns);
    int r = table ? say_flush() : -ENOMEM;
    for (size_t i = 0; r >= 0 && i < tracker->n_moves; i++) {
        _cleanup_tracked_move_ TrackedMove move = {};
        r = tracked_move_copy(&tracker->moves[i], &move);
        if (r >= 0)
            r = row_add(context, &move, table);
    }
    return r < 0 ? r : table_print(table, &context->look, !context->options->no_legend, stdout);
}

/* --- following --- */

static void on_begin(void *userdata) {
    rebalance_tracker_begin(&((RebalanceWait *) userdata)->tracker);
}

static int on_line(const char *line, size_t size, void *userdata) {
    RebalanceWait *wait = userdata;
    return rebalance_tracker_feed(&wait->tracker, line, size, wait->reterr);
}

static bool is_over(const void *userdata) {
    const RebalanceWait *wait = userdata;
    const RebalanceTracker *tracker = &wait->tracker;
    bool is_enough = rebalance_tracker_has_moves(tracker) || tracker->why;
    return wait->result < 0 ||
           (tracker->is_synced && (tracker->end != REBALANCE_END_NONE ||
                                   (wait->is_brief && tracker->id != 0 && is_enough)));
}

static int move_tell(const RebalanceWait *wait, const TrackedMove *tracked) {
    _cleanup_tracked_move_ TrackedMove copy = {};
    const TrackedMove *move = &copy;
    if (tracked_move_copy(tracked, &copy) < 0)
        return -ENOMEM;
    const Context *context = wait->context;
    const char *machine_id = move->phase == MOVE_MADE ? move->to : move->from;
    _cleanup_free_ char *label = label_of(context, machine_id);
    _cleanup_free_ char *why = machine_ids_shorten(move->why, context->options->full);
    if (move->phase == MOVE_MADE)
        say_marked(&context->look, TONE_GOOD, "Unit %s has moved to %s", move->unit,
                   str_or(label, machine_id));
    else
        say_marked(&context->look, TONE_BUSY, "Unit %s is not moved from %s%s%s", move->unit,
                   str_or(label, machine_id), move->why ? ": " : "", str_or(why, ""));
    return 0;
}

static void tell(void *userdata) {
    RebalanceWait *wait = userdata;
    RebalanceTracker *tracker = &wait->tracker;
    if (rebalance_tracker_has_moves(tracker) && !wait->has_table) {
        wait->has_table = true;
        wait->result = rebalance_print(wait->context, tracker);
    }
    if (tracker->why && !tracker->is_why_told)
        say_marked(&wait->context->look, TONE_BUSY, "Waiting: %s", tracker->why);
    tracker->is_why_told = true;
    for (size_t i = 0; i < tracker->n_moves && wait->result >= 0; i++)
        if (!tracker->moves[i].is_told) {
            tracker->moves[i].is_told = true;
            wait->result = move_tell(wait, &tracker->moves[i]);
        }
    (void) say_flush(); /* main() tells when it fails */
}

/* --- the end --- */

static int conclude_reached(const RebalanceTracker *tracker) {
    size_t n = rebalance_tracker_count(tracker, MOVE_MADE);
    if (tracker->phase == REBALANCE_PROPOSED)
        return tracker->n_moves > 0 ? EXIT_WOULD_CHANGE : 0;
    if (tracker->n_moves > 0)
        say("Rebalanced: %zu unit%s moved", n, n == 1 ? "" : "s");
    return 0;
}

static int conclude(const RebalanceWait *wait, int status) {
    const RebalanceTracker *tracker = &wait->tracker;
    if (status == EXIT_INTERRUPTED) {
        complain("Interrupted; the cluster goes on: see 'fleetctl status'");
        return status;
    }
    if (wait->result < 0)
        return wait->result;
    if (tracker->end == REBALANCE_END_REACHED)
        return conclude_reached(tracker);
    if (tracker->end == REBALANCE_END_NONE)
        return 0;
    complain(tracker->end == REBALANCE_END_REPLACED ? "It was replaced by another rebalance"
                                                    : "The rebalance was cancelled");
    return EXIT_FAILURE;
}

int rebalance_wait(Context *context, bool is_brief, int64_t revision, Error *reterr) {
    RebalanceWait wait = {.context = context, .is_brief = is_brief, .reterr = reterr};
    const EventFollower follower = {.on_begin = on_begin,
                                    .on_line = on_line,
                                    .tell = tell,
                                    .is_over = is_over,
                                    .userdata = &wait};
    _cleanup_free_ char *path = event_reader_path(NULL, 0, revision);
    int r = path ? event_follow(context, path, &follower, reterr) : -ENOMEM;
    if (r >= 0)
        r = conclude(&wait, r);
    rebalance_tracker_done(&wait.tracker);
    return r;
}
