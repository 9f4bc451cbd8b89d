#include "fleetctl/wait/reboot-wait.h"

#include "fleetctl/api/event-reader.h"
#include "fleetctl/print/message.h"
#include "fleetctl/wait/event-follow.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/reboot.h"

#include <errno.h>

typedef struct RebootWait {
    Context *context;
    RebootTracker *tracker;
    Error *reterr;
} RebootWait;

static void on_begin(void *userdata) {
    reboot_tracker_begin(((RebootWait *) userdata)->tracker);
}

static int on_line(const char *line, size_t size, void *userdata) {
    RebootWait *wait = userdata;
    return reboot_tracker_feed(wait->tracker, line, size, wait->reterr);
}

static bool is_over(const void *userdata) {
    return reboot_tracker_is_over(((const RebootWait *) userdata)->tracker);
}

typedef struct StepText {
    Tone tone;
    const char *text; /* behind the machine */
} StepText;

static StepText progress_text(const RebootProgress *progress) {
    static const StepText ends[] = {
        [REBOOT_END_BACK] = {TONE_GOOD, "has been rebooted"},
        [REBOOT_END_FAILED] = {TONE_BAD, "has failed to reboot"},
        [REBOOT_END_CANCELLED] = {TONE_BAD, "is not rebooted, as that was cancelled"},
    };
    static const StepText phases[_REBOOT_PHASE_MAX] = {
        [REBOOT_WAITING] = {TONE_BUSY, "waits for its turn"},
        [REBOOT_DRAINING] = {TONE_BUSY, "is being drained"},
        [REBOOT_REBOOTING] = {TONE_BUSY, "reboots"},
        [REBOOT_RETURNING] = {TONE_BUSY, "is back; its units start"},
    };
    RebootPhase phase = reboot_phase_from_string(progress->phase);
    if (progress->end == REBOOT_END_CANCELLED && phase == REBOOT_REBOOTING)
        return (StepText){TONE_BAD, "is going down already, although its reboot was cancelled"};
    if (progress->end != REBOOT_END_NONE)
        return ends[progress->end];
    return phase >= 0 ? phases[phase] : (StepText){TONE_BUSY, progress->phase};
}

static void progress_tell(const RebootWait *wait, const RebootProgress *progress) {
    const Context *context = wait->context;
    _cleanup_free_ char *label =
        machine_names_label(context->machines, progress->machine_id, context->options->full);
    const char *machine = str_or(label, progress->machine_id);
    bool is_over = progress->end == REBOOT_END_BACK || progress->end == REBOOT_END_CANCELLED;
    bool is_explained = !is_over && progress->why;
    _cleanup_free_ char *why = machine_ids_shorten(progress->why, context->options->full);
    StepText step = progress_text(progress);
    say_marked(&context->look, step.tone, "Machine %s %s%s%s", machine, step.text,
               is_explained ? ": " : "", is_explained ? str_or(why, "") : "");
}

/* A name may have to be asked for, and while that request runs the stream goes on. */
static void tell(void *userdata) {
    const RebootWait *wait = userdata;
    RebootProgress *progress;
    for (size_t i = 0; (progress = reboot_tracker_get(wait->tracker, i)); i++)
        if (!progress->is_told) {
            progress->is_told = true;
            progress_tell(wait, progress);
        }
    (void) say_flush(); /* main() tells when it fails */
}

static int conclude(const RebootWait *wait, int status) {
    size_t n_back = reboot_tracker_count(wait->tracker, REBOOT_END_BACK),
           n_failed = reboot_tracker_count(wait->tracker, REBOOT_END_FAILED),
           n_cancelled = reboot_tracker_count(wait->tracker, REBOOT_END_CANCELLED);
    if (status == EXIT_INTERRUPTED) {
        complain("Interrupted; the cluster goes on: %zu machine%s been rebooted", n_back,
                 n_back == 1 ? " has" : "s have");
        return status;
    }
    if (n_failed > 0)
        complain("Other machines wait until it is put right, or cancelled with reboot --cancel");
    say("Rebooted: %zu machine%s", n_back, n_back == 1 ? "" : "s");
    return n_failed + n_cancelled > 0 ? EXIT_FAILURE : 0;
}

int reboot_wait(Context *context, RebootTracker *tracker, int64_t revision, Error *reterr) {
    RebootWait wait = {.context = context, .tracker = tracker, .reterr = reterr};
    const EventFollower follower = {.on_begin = on_begin,
                                    .on_line = on_line,
                                    .tell = tell,
                                    .is_over = is_over,
                                    .userdata = &wait};
    _cleanup_free_ char *path = event_reader_path(NULL, 0, revision);
    int r = path ? event_follow(context, path, &follower, reterr) : -ENOMEM;
    return r < 0 ? r : conclude(&wait, r);
}
