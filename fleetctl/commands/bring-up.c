#include "fleetctl/commands/bring-up.h"

#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-source.h"
#include "fleetctl/units/unit-suggest.h"
#include "fleetctl/wait/unit-wait.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

/* A unit with the request for it. */
typedef struct Submission {
    const UnitSource *source;
    bool is_wanted; /* a request is to be sent */
    bool is_change; /* the cluster does not have it so yet */
    ApiChange *change;
} Submission;

static bool takes_templates(const BringUp *kind) {
    return kind->target == LAUNCH_STATE_INACTIVE;
}

static bool template_is_refused(const BringUp *kind, const UnitSource *source) {
    return !takes_templates(kind) && !source->problem && unit_name_is_template(source->name);
}

/* Whether there is any unit that cannot be brought up, each with a message. */
static bool sources_complain(Context *context, const BringUp *kind, const UnitSources *sources) {
    _cleanup_(strv_freep) char **unknown = NULL;
    bool is_bad = false;
    for (size_t i = 0; i < sources->n; i++) {
        const UnitSource *source = &sources->items[i];
        if (source->problem)
            complain("Error creating units: %s", source->problem);
        else if (template_is_refused(kind, source))
            complain("Error creating units: %s is a template: it can be submitted, and its "
                     "instances can %s",
                     source->name, kind->verb);
        else
            continue;
        is_bad = true;
        if (source->origin == UNIT_ORIGIN_NONE)
            (void) strv_push(&unknown, source->name); /* only a suggestion less */
    }
    units_suggest(context->api, unknown);
    return is_bad;
}

/* A command replaces a unit only where that does not interrupt more than the command itself would.
 */
static bool replacement_is_allowed(const BringUp *kind, const UnitSource *source) {
    return !source->known || source->known->desired <= kind->target;
}

static void differences_complain(const UnitSources *sources) {
    for (size_t i = 0; i < sources->n; i++) {
        const UnitSource *source = &sources->items[i];
        if (source->differs_from)
            complain("WARNING: Unit %s in registry differs from local unit file %s. Add --replace "
                     "to override.",
                     source->differing, source->differs_from);
    }
}

static Submission submission_plan(const BringUp *kind, const UnitSource *source) {
    bool has_text = source->text != NULL;
    Submission submission = {.source = source};
    if (has_text && !replacement_is_allowed(kind, source)) {
        complain("Warning: can not replace Unit(%s) in state '%s', use the appropriate command",
                 source->name, launch_state_to_string(source->known->desired));
        return submission;
    }
    submission.is_wanted = has_text || kind->target != LAUNCH_STATE_INACTIVE;
    submission.is_change = has_text || source->known->desired != kind->target;
    return submission;
}

/* Which requests to send; changes and submissions have room for all sources. */
static size_t submissions_plan(const BringUp *kind, const UnitSources *sources,
                               Submission *submissions, ApiChange *changes) {
    size_t n = 0;
    for (size_t i = 0; i < sources->n; i++) {
        Submission submission = submission_plan(kind, &sources->items[i]);
        if (!submission.is_wanted)
            continue;
        changes[n] = (ApiChange){
            .name = submission.source->name,
            .desired = kind->target,
            .text = submission.source->text,
            .text_size = submission.source->text_size,
        };
        submission.change = &changes[n];
        submissions[n++] = submission;
    }
    return n;
}

static bool is_waited_for(const Context *context, const BringUp *kind,
                          const Submission *submission) {
    return kind->target != LAUNCH_STATE_INACTIVE && !submission->source->is_global &&
           !context->options->no_block;
}

static bool was_as_wanted(const BringUp *kind, const Submission *submission) {
    return !submission->is_change && submission->source->known->current == kind->target;
}

/* Says what became of a request. */
static void submission_report(const Context *context, const BringUp *kind,
                              const Submission *submission) {
    if (submission->change->outcome == API_OUTCOME_CREATED || kind->target == LAUNCH_STATE_INACTIVE)
        say("Unit %s inactive", submission->source->name);
    if (kind->target != LAUNCH_STATE_INACTIVE && !is_waited_for(context, kind, submission) &&
        submission->is_change)
        say("Triggered %sunit %s %s", submission->source->is_global ? "global " : "",
            submission->source->name, kind->verb);
}

/* Reports on all requests and adds those that are waited for. 1 if one was refused, else 0, or
 * -ENOMEM. */
static int submissions_report(const Context *context, const BringUp *kind,
                              const Submission *submissions, size_t n, WaitTracker *tracker) {
    int status = 0;
    for (size_t i = 0; i < n; i++) {
        const ApiChange *change = submissions[i].change;
        if (change->outcome == API_OUTCOME_REFUSED) {
            complain("Error creating units: %s: %s", change->name, change->refusal);
            status = EXIT_FAILURE;
            continue;
        }
        submission_report(context, kind, &submissions[i]);
        if (is_waited_for(context, kind, &submissions[i]) &&
            wait_tracker_add(tracker, change->name, change->revision,
                             was_as_wanted(kind, &submissions[i])) < 0)
            return -ENOMEM;
    }
    return status;
}

static int submissions_carry_out(Context *context, const BringUp *kind,
                                 const Submission *submissions, ApiChange *changes, size_t n,
                                 Error *reterr) {
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    int r = wait_tracker_new(kind->goal, &tracker);
    if (r >= 0)
        r = api_send_changes(context->api, changes, n, reterr);
    if (r >= 0)
        r = submissions_report(context, kind, submissions, n, tracker);
    if (r < 0)
        return r;
    int waited = unit_wait(context, tracker, reterr);
    return waited != 0 ? waited : r;
}

int bring_up(Context *context, const BringUp *kind, const char *const *operands, Error *reterr) {
    _cleanup_unit_sources_ UnitSources sources = {};
    bool replace = context->options->replace;
    GlobScope scope = takes_templates(kind) ? GLOB_ALL_UNITS : GLOB_NO_TEMPLATES;
    int r = unit_sources_load(context->api, operands, scope, replace, &sources, reterr);
    if (r < 0)
        return r;
    if (sources_complain(context, kind, &sources))
        return EXIT_FAILURE;
    if (!replace)
        differences_complain(&sources);

    _cleanup_free_ Submission *submissions = calloc(sources.n + 1, sizeof(Submission));
    _cleanup_free_ ApiChange *changes = calloc(sources.n + 1, sizeof(ApiChange));
    if (!submissions || !changes)
        return -ENOMEM;
    size_t n = submissions_plan(kind, &sources, submissions, changes);
    r = submissions_carry_out(context, kind, submissions, changes, n, reterr);
    api_changes_done(changes, n);
    return r;
}
