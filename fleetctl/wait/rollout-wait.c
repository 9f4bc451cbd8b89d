#include "fleetctl/wait/rollout-wait.h"

#include "fleetctl/api/event-reader.h"
#include "fleetctl/api/machine-names.h"
#include "fleetctl/print/message.h"
#include "fleetctl/wait/event-follow.h"
#include "fleetctl/wait/rollout-hint.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

typedef struct RolloutWait {
    Context *context;
    RolloutTracker *tracker;
    bool is_undo;
    Error *reterr;
} RolloutWait;

static void on_begin(void *userdata) {
    rollout_tracker_begin(((RolloutWait *) userdata)->tracker);
}

static bool is_over(const void *userdata) {
    return rollout_tracker_is_over(((const RolloutWait *) userdata)->tracker);
}

typedef struct StepText {
    Tone tone;
    const char *text; /* behind the name; NULL: not worth a line */
} StepText;

/* --- units --- */

/* A machine is not named in full, as its address would have to be asked for. */
static char *unit_label(const RolloutWait *wait, const RolloutProgress *progress,
                        const RolloutUnitProgress *unit) {
    if (!progress->is_global)
        return strdup(unit->name);
    _cleanup_free_ char *machine = machine_id_shorten(unit->name, wait->context->options->full);
    return machine ? str_printf("%s on %s", progress->name, machine) : NULL;
}

static StepText restart_text(const RolloutUnitProgress *unit) {
    static const StepText texts[_ROLLOUT_UNIT_PHASE_MAX] = {
        [ROLLOUT_UNIT_UPDATING] = {TONE_BUSY, "is being restarted"},
        [ROLLOUT_UNIT_DONE] = {TONE_GOOD, "runs again"},
        [ROLLOUT_UNIT_FAILED] = {TONE_BAD, "has failed"},
        [ROLLOUT_UNIT_LEFT] = {TONE_BAD, "is left alone"},
    };
    if (unit->phase == ROLLOUT_UNIT_DONE && unit->why)
        return (StepText){TONE_GOOD, "is left as it is"};
    return texts[unit->phase];
}

/* It has its turn, and cannot be started yet. */
static bool is_without_place(const RolloutUnitProgress *unit) {
    return unit->phase == ROLLOUT_UNIT_UPDATING && unit->why;
}

static StepText unit_text(const RolloutUnitProgress *unit) {
    static const StepText texts[_ROLLOUT_UNIT_PHASE_MAX] = {
        [ROLLOUT_UNIT_UPDATING] = {TONE_BUSY, "gets its new file"},
        [ROLLOUT_UNIT_DONE] = {TONE_GOOD, "is updated"},
        [ROLLOUT_UNIT_FAILED] = {TONE_BAD, "has failed"},
        [ROLLOUT_UNIT_RESTORING] = {TONE_BUSY, "gets its former file back"},
        [ROLLOUT_UNIT_RESTORED] = {TONE_GOOD, "has its former file again"},
        [ROLLOUT_UNIT_LEFT] = {TONE_BAD, "is left alone"},
    };
    return texts[unit->phase];
}

/* "has failed on M (exit-code)", not "has failed: it has failed on M". Of ASCII without ids, so it
 * is as long in the text that is shown. */
static size_t said_already(const char *why) {
    static const char said[] = "it has failed";
    return why && strncmp(why, said, strlen(said)) == 0 ? strlen(said) : 0;
}

static void unit_tell(const RolloutWait *wait, const RolloutProgress *progress,
                      const RolloutUnitProgress *unit) {
    StepText step = is_without_place(unit) ? (StepText){TONE_BUSY, "waits"}
                    : progress->is_restart ? restart_text(unit)
                                           : unit_text(unit);
    _cleanup_free_ char *count = NULL;
    bool is_beside_the_point = wait->is_undo && unit->phase == ROLLOUT_UNIT_DONE;
    size_t n_said = unit->phase == ROLLOUT_UNIT_FAILED ? said_already(unit->why) : 0;
    if (!step.text || is_beside_the_point)
        return;
    if (unit->phase == ROLLOUT_UNIT_DONE && !unit_name_is_template(unit->name))
        count = str_printf(" (%zu of %zu)", rollout_progress_count(progress, ROLLOUT_UNIT_DONE),
                           rollout_progress_count(progress, _ROLLOUT_UNIT_PHASE_MAX));
    _cleanup_free_ char *label = unit_label(wait, progress, unit);
    _cleanup_free_ char *why = machine_ids_shorten(unit->why, wait->context->options->full);
    say_marked(&wait->context->look, step.tone, "Unit %s %s%s%s%s", str_or(label, unit->name),
               step.text, str_or(count, ""), unit->why && n_said == 0 ? ": " : "",
               why ? why + n_said : "");
}

/* --- the whole of one --- */

static StepText progress_text(const RolloutProgress *progress) {
    static const StepText phases[_ROLLOUT_PHASE_MAX] = {
        [ROLLOUT_UPDATING] = {TONE_BUSY, "waits"},
        [ROLLOUT_WAITING] = {TONE_BUSY, "waits"},
        [ROLLOUT_PAUSED] = {TONE_BAD, "is paused"},
        [ROLLOUT_ROLLING_BACK] = {TONE_BAD, "is being rolled back"},
        [ROLLOUT_DONE] = {TONE_GOOD, "is done"},
        [ROLLOUT_ROLLED_BACK] = {TONE_BAD, "has been rolled back"},
        [ROLLOUT_FAILED] = {TONE_BAD, "has failed"},
        [ROLLOUT_SUPERSEDED] = {TONE_BAD, "is superseded"},
    };
    if (progress->end == ROLLOUT_END_REPLACED)
        return (StepText){TONE_BAD, "is replaced by another one"};
    if (progress->end == ROLLOUT_END_GONE)
        return (StepText){TONE_BAD, "is cancelled, as the unit was destroyed"};
    return progress->phase < 0 ? (StepText){} : phases[progress->phase];
}

static void progress_tell(const RolloutWait *wait, const RolloutProgress *progress) {
    StepText step = progress_text(progress);
    bool is_explained = progress->end <= ROLLOUT_END_REACHED && progress->why;
    _cleanup_free_ char *why = machine_ids_shorten(progress->why, wait->context->options->full);
    if (wait->is_undo && progress->phase >= ROLLOUT_ROLLING_BACK && step.tone == TONE_BAD &&
        progress->phase <= ROLLOUT_ROLLED_BACK)
        step.tone = TONE_GOOD;
    if (step.text)
        say_marked(&wait->context->look, step.tone, "%s of %s %s%s%s",
                   progress->is_restart ? "Restart" : "Deployment", progress->name, step.text,
                   is_explained ? ": " : "", is_explained ? str_or(why, "") : "");
}

static void tell_one(const RolloutWait *wait, RolloutProgress *progress) {
    for (size_t i = 0; i < progress->n_units; i++)
        if (!progress->units[i].is_told) {
            progress->units[i].is_told = true;
            unit_tell(wait, progress, &progress->units[i]);
        }
    if (progress->is_told)
        return;
    progress->is_told = true;
    progress_tell(wait, progress);
}

static void tell_all(const RolloutWait *wait) {
    RolloutProgress *progress;
    for (size_t i = 0; (progress = rollout_tracker_get(wait->tracker, i)); i++)
        tell_one(wait, progress);
}

/* Told line by line, so that it does not depend on how the stream is cut; nothing has to be asked
 * for to do so. */
static int on_line(const char *line, size_t size, void *userdata) {
    RolloutWait *wait = userdata;
    int r = rollout_tracker_feed(wait->tracker, line, size, wait->reterr);
    if (r >= 0)
        tell_all(wait);
    return r;
}

static void tell(_unused_ void *userdata) {
    (void) say_flush(); /* main() tells when it fails */
}

/* --- the end --- */

static bool is_as_asked_for(const RolloutWait *wait, const RolloutProgress *progress) {
    if (progress->end != ROLLOUT_END_REACHED)
        return false;
    if (wait->is_undo)
        return progress->phase == ROLLOUT_ROLLED_BACK;
    bool waits_well = progress->phase == ROLLOUT_WAITING &&
                      rollout_progress_count(progress, ROLLOUT_UNIT_FAILED) == 0;
    return progress->phase == ROLLOUT_DONE || waits_well;
}

static int conclude(const RolloutWait *wait, int status) {
    if (status == EXIT_INTERRUPTED) {
        complain("Interrupted; the cluster goes on: see 'fleetctl rollout status'");
        return status;
    }
    RolloutProgress *progress;
    for (size_t i = 0; (progress = rollout_tracker_get(wait->tracker, i)); i++) {
        rollout_hint(wait->context, progress, wait->is_undo);
        if (!is_as_asked_for(wait, progress))
            status = EXIT_FAILURE;
    }
    return status;
}

static char *path_of(const RolloutTracker *tracker, int64_t revision) {
    _cleanup_free_ const char **names = NULL;
    size_t n = 0;
    while (rollout_tracker_get(tracker, n))
        n++;
    names = calloc(n + 1, sizeof(char *));
    for (size_t i = 0; names && i < n; i++)
        names[i] = rollout_tracker_get(tracker, i)->name;
    return names ? event_reader_path(names, n, revision) : NULL;
}

int rollout_wait(Context *context, RolloutTracker *tracker, bool is_undo, int64_t revision,
                 Error *reterr) {
    RolloutWait wait = {
        .context = context, .tracker = tracker, .is_undo = is_undo, .reterr = reterr};
    const EventFollower follower = {.on_begin = on_begin,
                                    .on_line = on_line,
                                    .tell = tell,
                                    .is_over = is_over,
                                    .userdata = &wait};
    _cleanup_free_ char *path = path_of(tracker, revision);
    int r = path ? event_follow(context, path, &follower, reterr) : -ENOMEM;
    return r < 0 ? r : conclude(&wait, r);
}
