#include "fleetctl/commands/bring-up.h"

#include "fleetctl/api/api-changes.h"
#include "fleetctl/api/change-account.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-source.h"
#include "fleetctl/units/unit-suggest.h"
#include "fleetctl/wait/unit-wait.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

/* A unit with the request for it; the changes of those that were created on the way come first. */
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

static ApiChange change_plan(const BringUp *kind, const UnitSource *source) {
    bool is_created = source->created_revision != 0;
    return (ApiChange){
        .name = source->name,
        .desired = kind->target,
        .text = source->text,
        .text_size = source->text_size,
        .outcome = is_created ? API_OUTCOME_CREATED : API_OUTCOME_NOT_SENT,
        .revision = source->created_revision,
    };
}

/* Adds the requests for units that were created already, or for the others. */
static void submissions_plan(const BringUp *kind, const UnitSources *sources, bool are_created,
                             Submission *submissions, ApiChange *changes, size_t *n) {
    for (size_t i = 0; i < sources->n; i++) {
        const UnitSource *source = &sources->items[i];
        if ((source->created_revision != 0) != are_created)
            continue;
        Submission submission = submission_plan(kind, source);
        if (!submission.is_wanted)
            continue;
        changes[*n] = change_plan(kind, source);
        submission.change = &changes[*n];
        submissions[(*n)++] = submission;
    }
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

/* The first n_sent were sent already. */
static int submissions_carry_out(Context *context, const BringUp *kind,
                                 const Submission *submissions, ApiChange *changes, size_t n_sent,
                                 size_t n, Error *reterr) {
    _cleanup_(wait_tracker_freep) WaitTracker *tracker = NULL;
    int r = wait_tracker_new(kind->goal, &tracker);
    if (r >= 0)
        r = api_send_changes(context->api, changes + n_sent, n - n_sent, reterr);
    if (r < 0)
        return creations_account(n_sent, n, r, reterr);
    r = submissions_report(context, kind, submissions, n, tracker);
    if (r < 0)
        return r;
    int waited = unit_wait(context, tracker, reterr);
    return waited != 0 ? waited : r;
}

int bring_up(Context *context, const BringUp *kind, const char *const *operands, Error *reterr) {
    _cleanup_unit_sources_ UnitSources sources = {};
    bool replace = context->options->replace;
    int r = unit_sources_load(context->api, operands, kind->target, replace, &sources, reterr);
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
    size_t n_sent = 0;
    submissions_plan(kind, &sources, true, submissions, changes, &n_sent);
    size_t n = n_sent;
    submissions_plan(kind, &sources, false, submissions, changes, &n);
    r = submissions_carry_out(context, kind, submissions, changes, n_sent, n, reterr);
    api_changes_done(changes, n);
    return r;
}
