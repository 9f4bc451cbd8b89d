#include "fleetctl/wait/drain-wait.h"

#include "fleetctl/api/event-reader.h"
#include "fleetctl/print/message.h"
#include "fleetctl/wait/event-follow.h"
#include "fleetd/base/strv.h"

#include <errno.h>

typedef struct DrainWait {
    Context *context;
    DrainTracker *tracker;
    Error *reterr;
} DrainWait;

static void on_begin(void *userdata) {
    drain_tracker_begin(((DrainWait *) userdata)->tracker);
}

static int on_line(const char *line, size_t size, void *userdata) {
    DrainWait *wait = userdata;
    return drain_tracker_feed(wait->tracker, line, size, wait->reterr);
}

static bool is_over(const void *userdata) {
    return drain_tracker_is_over(((const DrainWait *) userdata)->tracker);
}

static char *label_of(const DrainWait *wait, const DrainMachine *machine) {
    const Context *context = wait->context;
    return machine_names_label(context->machines, machine->id, context->options->full);
}

static void unit_tell(const DrainWait *wait, const DrainUnit *unit, DrainNews news) {
    const Look *look = &wait->context->look;
    _cleanup_free_ char *label = label_of(wait, unit->machine);
    _cleanup_free_ char *reason = machine_ids_shorten(unit->has_left ? unit->waits : unit->stays,
                                                      wait->context->options->full);
    const char *machine = str_or(label, unit->machine->id), *why = str_or(reason, "");
    if (news == DRAIN_NEWS_STAYS)
        say_marked(look, TONE_BUSY, "Unit %s stays on %s: %s", unit->name, machine, why);
    if (news == DRAIN_NEWS_LEFT)
        say_marked(look, TONE_GOOD, "Unit %s has left %s", unit->name, machine);
    if (news == DRAIN_NEWS_LEFT_WAITS)
        say_marked(look, TONE_BAD, "Unit %s has left %s and fits nowhere: %s", unit->name, machine,
                   why);
    if (news == DRAIN_NEWS_WAITS)
        say_marked(look, TONE_BAD, "Unit %s fits nowhere: %s", unit->name, why);
    if (news == DRAIN_NEWS_PLACED)
        say_marked(look, TONE_GOOD, "Unit %s has a place after all", unit->name);
}

static void end_tell(const DrainWait *wait, const DrainMachine *machine) {
    _cleanup_free_ char *label = label_of(wait, machine);
    if (machine->end == DRAIN_END_CANCELLED)
        complain("The drain of machine %s was cancelled", str_or(label, machine->id));
}

/* A name may have to be asked for, and while that request runs the stream goes on. */
static void tell(void *userdata) {
    const DrainWait *wait = userdata;
    DrainUnit *unit;
    for (size_t i = 0; (unit = drain_tracker_get(wait->tracker, i)); i++)
        unit_tell(wait, unit, drain_unit_take_news(unit));
    DrainMachine *machine;
    for (size_t i = 0; (machine = drain_tracker_get_machine(wait->tracker, i)); i++)
        if (!machine->is_told) {
            machine->is_told = true;
            end_tell(wait, machine);
        }
    (void) say_flush(); /* main() tells when it fails */
}

static bool has_cancelled(const DrainTracker *tracker) {
    const DrainMachine *machine;
    for (size_t i = 0; (machine = drain_tracker_get_machine(tracker, i)); i++)
        if (machine->end == DRAIN_END_CANCELLED)
            return true;
    return false;
}

static int conclude(const DrainWait *wait, int status) {
    size_t n_left = drain_tracker_count_left(wait->tracker);
    size_t n_remaining = drain_tracker_count_remaining(wait->tracker);
    if (status == EXIT_INTERRUPTED)
        complain("Interrupted; the drain goes on: %zu units have left, %zu are still there", n_left,
                 n_remaining);
    else if (has_cancelled(wait->tracker))
        return EXIT_FAILURE;
    else
        say("Drained: %zu unit%s left", n_left, n_left == 1 ? " has" : "s have");
    return status;
}

int drain_wait(Context *context, DrainTracker *tracker, int64_t revision, Error *reterr) {
    DrainWait wait = {.context = context, .tracker = tracker, .reterr = reterr};
    const EventFollower follower = {.on_begin = on_begin,
                                    .on_line = on_line,
                                    .tell = tell,
                                    .is_over = is_over,
                                    .userdata = &wait};
    _cleanup_free_ char *path = event_reader_path(NULL, 0, revision);
    int r = path ? event_follow(context, path, &follower, reterr) : -ENOMEM;
    return r < 0 ? r : conclude(&wait, r);
}
