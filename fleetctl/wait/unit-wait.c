/* The stream is followed in callbacks that only note what came; between them the loop below tells
 * it to the user. A stream that breaks is opened again: fleetd may be restarting, and its units run
 * on. */
#include "fleetctl/wait/unit-wait.h"

#include "fleetctl/api/event-reader.h"
#include "fleetctl/print/message.h"
#include "fleetctl/print/status-line.h"
#include "fleetctl/wait/event-follow.h"
#include "fleetctl/wait/wait-report.h"

#include <errno.h>

/* The engine places units one after another: one that fits nowhere now may do so once the others
 * that were asked for together with it stand. So nothing may have changed for this long before it
 * counts. */
#define SETTLE_USEC (500 * USEC_PER_MSEC)

/* What is through sooner needs no progress shown, which would only flicker. */
#define PROGRESS_DELAY_USEC (300 * USEC_PER_MSEC)

typedef struct Wait {
    Context *context;
    WaitTracker *tracker;
    StatusLine *line; /* NULL: no progress is shown */
    Timer *deadline, *settle, *progress;
    bool has_news, is_timed_out, is_settled, is_long;
    Error *reterr;
} Wait;

static void on_deadline(void *userdata) {
    ((Wait *) userdata)->is_timed_out = true;
}

static void on_settled(void *userdata) {
    Wait *wait = userdata;
    wait->is_settled = true;
    wait->has_news = true;
}

static void on_progress(void *userdata) {
    ((Wait *) userdata)->is_long = true;
}

static void on_begin(void *userdata) {
    wait_tracker_begin(((Wait *) userdata)->tracker);
}

static int on_line(const char *line, size_t size, void *userdata) {
    Wait *wait = userdata;
    int r = wait_tracker_feed(wait->tracker, line, size, wait->reterr);
    if (r > 0) {
        wait->has_news = true;
        wait->is_settled = false;
        timer_start(wait->settle, SETTLE_USEC);
    }
    return MIN(r, 0);
}

static void on_lost(void *userdata) {
    status_line_hide(((Wait *) userdata)->line);
}

static int deadline_start(Wait *wait) {
    Loop *loop = api_client_loop(wait->context->api);
    const Options *options = wait->context->options;
    int64_t attempts = options->block_attempts;
    usec_t limit_usec = options->timeout_usec;
    if (limit_usec == 0 && attempts > 0)
        limit_usec = (usec_t) attempts * USEC_PER_SEC;
    int r = timer_new(loop, on_deadline, wait, &wait->deadline);
    if (r >= 0 && limit_usec > 0)
        timer_start(wait->deadline, limit_usec);
    return r < 0 ? r : timer_new(loop, on_settled, wait, &wait->settle);
}

/* Debug output would fall into the line. */
static int progress_start(Wait *wait) {
    if (wait_tracker_count_open(wait->tracker) < 2 || wait->context->options->debug)
        return 0;
    int r = status_line_new(stderr, getenv("TERM"), &wait->line);
    if (r >= 0)
        r = timer_new(api_client_loop(wait->context->api), on_progress, wait, &wait->progress);
    if (r >= 0)
        timer_start(wait->progress, PROGRESS_DELAY_USEC);
    return r;
}

/* The server knows the revision of a unit's request before it says anything, so that no line speaks
 * of the time before. */
static char *wait_path(const WaitTracker *tracker) {
    size_t n = wait_tracker_count_open(tracker);
    _cleanup_free_ const char **names = calloc(n + 1, sizeof(char *));
    const WaitUnit *unit;
    int64_t revision = 0;
    if (!names)
        return NULL;
    for (size_t i = 0; (unit = wait_tracker_get(tracker, i)); i++) {
        names[i] = unit->name;
        revision = MAX(revision, unit->revision);
    }
    return event_reader_path(names, n, revision);
}

static int wait_begin(Wait *wait) {
    int r = deadline_start(wait);
    return r < 0 ? r : progress_start(wait);
}

static void wait_end(Wait *wait) {
    timer_free(wait->deadline);
    timer_free(wait->settle);
    timer_free(wait->progress);
    status_line_free(wait->line);
}

/* Who only waits does so until there is a place. */
static bool gives_up_when_pending(const Wait *wait) {
    return wait->context->options->block_attempts == BLOCK_ATTEMPTS_UNSET &&
           !wait_goal_is_state(wait_tracker_goal(wait->tracker));
}

/* As far as is known now, nothing more comes of these. */
static size_t count_in_vain(const Wait *wait) {
    size_t n_pending = wait_tracker_count(wait->tracker, WAIT_STATUS_PENDING);
    return wait_tracker_count(wait->tracker, WAIT_STATUS_ENDED) +
           (gives_up_when_pending(wait) ? n_pending : 0);
}

static bool wait_is_over(const void *userdata) {
    const Wait *wait = userdata;
    size_t n_open = wait_tracker_count_open(wait->tracker);
    if (wait->is_timed_out || n_open == 0)
        return true;
    return wait->is_settled && count_in_vain(wait) == n_open;
}

/* A name may have to be asked for, and while that request runs the stream goes on: so this speaks
 * of the line as it is now. */
static void unit_tell(Wait *wait, WaitUnit *unit) {
    _cleanup_json_ _unused_ json_object *line = json_object_get(unit->line);
    WaitUnit now = *unit;
    unit->is_told = true;
    status_line_hide(wait->line);
    wait_report_unit(wait->context, wait_tracker_goal(wait->tracker), &now);
}

/* One that is gone in a moment is not worth a line. */
static void obstacle_tell(Wait *wait, WaitUnit *unit) {
    if (!unit->obstacle || unit->is_obstacle_told)
        return;
    unit->is_obstacle_told = true;
    status_line_hide(wait->line);
    wait_report_obstacle(unit);
}

/* What another line may change in a moment; a machine that could not stop a unit has said so. */
static bool status_has_to_settle(WaitStatus status) {
    return wait_status_is_open(status) && status != WAIT_STATUS_STUCK;
}

/* Tells what is new; of units that are still open only once that has settled. */
static void wait_tell(Wait *wait) {
    WaitUnit *unit;
    while (wait->has_news) {
        wait->has_news = false;
        for (size_t i = 0; (unit = wait_tracker_get(wait->tracker, i)); i++)
            if (unit->status != WAIT_STATUS_OPEN && !unit->is_told &&
                (wait->is_settled || !status_has_to_settle(unit->status)))
                unit_tell(wait, unit);
            else if (unit->status == WAIT_STATUS_OPEN && wait->is_settled)
                obstacle_tell(wait, unit);
        (void) say_flush(); /* main() tells when it fails */
    }
}

static void wait_show_progress(const Wait *wait) {
    _cleanup_free_ char *text =
        wait->line && wait->is_long ? wait_report_format_progress(wait->tracker) : NULL;
    if (text)
        status_line_show(wait->line, text);
}

static bool was_told_ended(const WaitUnit *unit) {
    return unit->status == WAIT_STATUS_ENDED && unit->is_told;
}

static void wait_tell_open(const Wait *wait,
                           void (*report)(Context *context, WaitGoal goal, const WaitUnit *unit)) {
    const WaitUnit *unit;
    for (size_t i = 0; (unit = wait_tracker_get(wait->tracker, i)); i++)
        if (wait_status_is_open(unit->status) && !was_told_ended(unit))
            report(wait->context, wait_tracker_goal(wait->tracker), unit);
}

static void wait_go_on(void *userdata) {
    wait_tell(userdata);
    wait_show_progress(userdata);
}

/* Of one that had no time to settle it is not sure that it has ended. */
static size_t count_bad(const Wait *wait) {
    return wait_tracker_count(wait->tracker, WAIT_STATUS_FAILED) +
           wait_tracker_count(wait->tracker, WAIT_STATUS_OVERTAKEN) +
           (wait->is_settled ? wait_tracker_count(wait->tracker, WAIT_STATUS_ENDED) : 0);
}

/* The exit status, with the last words. */
static int wait_conclude(const Wait *wait, int status) {
    if (status == EXIT_INTERRUPTED) {
        wait_report_interrupt(wait_tracker_goal(wait->tracker));
        return status;
    }
    wait_tell_open(wait, wait->is_timed_out ? wait_report_timeout : wait_report_gave_up);
    size_t n_open = wait_tracker_count_open(wait->tracker);
    size_t n_bad = count_bad(wait);
    if (n_bad == 0 && n_open > 0 && wait_goal_is_state(wait_tracker_goal(wait->tracker)))
        return EXIT_TIMED_OUT;
    return n_bad + n_open > 0 ? EXIT_FAILURE : 0;
}

int unit_wait(Context *context, WaitTracker *tracker, Error *reterr) {
    Wait wait = {.context = context, .tracker = tracker, .reterr = reterr};
    const EventFollower follower = {on_begin, on_line, on_lost, wait_go_on, wait_is_over, &wait};
    if (wait_tracker_count_open(tracker) == 0)
        return 0;
    _cleanup_free_ char *path = wait_path(tracker);
    int r = path ? wait_begin(&wait) : -ENOMEM;
    if (r >= 0)
        r = event_follow(context, path, &follower, reterr);
    status_line_hide(wait.line);
    if (r >= 0)
        r = wait_conclude(&wait, r);
    wait_end(&wait);
    return r;
}
