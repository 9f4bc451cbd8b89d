#include "fleetctl/wait/scale-wait.h"

#include "fleetctl/api/event-reader.h"
#include "fleetctl/print/message.h"
#include "fleetctl/wait/event-follow.h"
#include "fleetctl/wait/unit-wait.h"
#include "fleetd/base/strv.h"

#include <errno.h>

typedef struct ScaleWait {
    Context *context;
    const char *template;
    ScaleTracker *tracker;
    bool is_asked;    /* the request was made: */
    int64_t revision; /* its own */
    Error *reterr;
} ScaleWait;

/* --- which there are, and until the leader has created and removed what is to be --- */

static void on_begin(void *userdata) {
    const ScaleWait *wait = userdata;
    scale_tracker_begin(wait->tracker, wait->is_asked);
}

static int on_line(const char *line, size_t size, void *userdata) {
    ScaleWait *wait = userdata;
    return scale_tracker_feed(wait->tracker, line, size, wait->reterr);
}

static void tell(_unused_ void *userdata) {
}

static bool is_over(const void *userdata) {
    const ScaleWait *wait = userdata;
    if (!wait->is_asked)
        return scale_tracker_is_synced(wait->tracker);
    return scale_tracker_end(wait->tracker) != SCALE_END_NONE;
}

/* The template, with all of its instances. */
static char *path_of(const ScaleWait *wait) {
    int n_prefix = (int) strcspn(wait->template, "@") + 1;
    _cleanup_free_ char *glob =
        str_printf("%.*s*%s", n_prefix, wait->template, wait->template + n_prefix);
    const char *names[] = {glob};
    return glob ? event_reader_path(names, 1, wait->revision) : NULL;
}

static int follow(ScaleWait *wait) {
    const EventFollower follower = {.on_begin = on_begin,
                                    .on_line = on_line,
                                    .tell = tell,
                                    .is_over = is_over,
                                    .userdata = wait};
    _cleanup_free_ char *path = path_of(wait);
    int r = path ? event_follow(wait->context, path, &follower, wait->reterr) : -ENOMEM;
    if (r == EXIT_INTERRUPTED)
        complain(wait->is_asked ? "Interrupted; the cluster goes on: see 'fleetctl scale'"
                                : "Interrupted; nothing was asked for");
    return r;
}

/* --- until each of them is as it is to be --- */

static bool is_to_run(const ScaleUnit *unit) {
    return unit->is_there && unit->desired == LAUNCH_STATE_LAUNCHED;
}

static bool is_to_go(const ScaleUnit *unit) {
    return !unit->is_there && !unit->is_unreadable;
}

/* Of those that were there before only trouble is worth a line. */
static int wait_for(const ScaleWait *wait, WaitGoal goal, bool (*is_meant)(const ScaleUnit *unit)) {
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    const ScaleUnit *unit;
    int r = wait_tracker_new(goal, &tracker);
    for (size_t i = 0; r >= 0 && (unit = scale_tracker_get(wait->tracker, i)); i++) {
        bool is_old = unit->revision <= wait->revision;
        if (is_meant(unit))
            r = wait_tracker_add(tracker, unit->name,
                                 unit->is_there ? unit->revision : wait->revision,
                                 unit->is_there && is_old);
    }
    return r < 0 ? r : unit_wait(wait->context, tracker, wait->reterr);
}

/* What nobody can read counts, and so does what users have stopped: it stays as it is. False: it is
 * nothing of the kind. */
static bool complain_as_it_is(const ScaleUnit *unit) {
    if (unit->is_unreadable)
        complain("Unit %s counts, but cannot be read in the store: start it, which writes it anew",
                 unit->name);
    else if (unit->is_there && !is_to_run(unit))
        complain("Unit %s counts, but is to be %s: start it, or destroy it for a new one",
                 unit->name, launch_state_to_string(unit->desired));
    else
        return false;
    return true;
}

/* 1: there are such. */
static int complain_about(const ScaleTracker *tracker) {
    const ScaleUnit *unit;
    int status = 0;
    for (size_t i = 0; (unit = scale_tracker_get(tracker, i)); i++)
        if (complain_as_it_is(unit))
            status = EXIT_FAILURE;
    return status;
}

static int see_through(const ScaleWait *wait) {
    int status = complain_about(wait->tracker);
    int r = wait_for(wait, WAIT_WELL, is_to_run);
    if (r == 0 || r == EXIT_FAILURE) {
        status = MAX(status, r);
        r = wait_for(wait, WAIT_GONE, is_to_go);
    }
    return r != 0 ? r : status;
}

static int conclude(const ScaleWait *wait, uint64_t count) {
    int r;
    switch (scale_tracker_end(wait->tracker)) {
    case SCALE_END_REPLACED:
        complain("Another number of instances of %s was asked for meanwhile", wait->template);
        return EXIT_FAILURE;
    case SCALE_END_GONE:
        complain("No number of instances of %s is kept any more", wait->template);
        return EXIT_FAILURE;
    default:
        r = see_through(wait);
        if (r == 0 && count > 0)
            say("Scaled %s: %llu instance%s", wait->template, (unsigned long long) count,
                count == 1 ? " runs" : "s run");
        else if (r == 0)
            say("Scaled %s: no instance is left", wait->template);
        return r;
    }
}

int scale_look(Context *context, const char *template, uint64_t count, ScaleTracker **ret,
               Error *reterr) {
    _cleanup_(scale_tracker_freep) ScaleTracker *tracker = NULL;
    int r = scale_tracker_new(template, count, &tracker);
    if (r < 0)
        return r;
    ScaleWait wait = {
        .context = context, .template = template, .tracker = tracker, .reterr = reterr};
    r = follow(&wait);
    if (r == 0)
        *ret = TAKE_PTR(tracker);
    return r;
}

int scale_wait(Context *context, const char *template, uint64_t count, ScaleTracker *tracker,
               int64_t revision, Error *reterr) {
    ScaleWait wait = {.context = context,
                      .template = template,
                      .tracker = tracker,
                      .is_asked = true,
                      .revision = revision,
                      .reterr = reterr};
    int r = follow(&wait);
    return r != 0 ? r : conclude(&wait, count);
}
