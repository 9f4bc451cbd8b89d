#include "fleetctl/api/api-rollouts.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-source.h"
#include "fleetctl/wait/rollout-wait.h"
#include "fleetd/model/update-policy.h"

#include <errno.h>

/* Whether any of them cannot be deployed, each with a message. */
static bool sources_complain(const UnitSources *sources) {
    bool is_bad = false;
    for (size_t i = 0; i < sources->n; i++) {
        const UnitSource *source = &sources->items[i];
        const char *problem = source->problem;
        if (problem)
            complain("Error deploying unit %s: %s", source->name, problem);
        is_bad |= problem != NULL;
    }
    return is_bad;
}

static DeployRequest request_of(const Options *options, const UnitSource *source) {
    bool has_canaries = options->given & FLAG_BIT(FLAG_CANARIES),
         has_time = options->given & FLAG_BIT(FLAG_HEALTHY_TIME),
         has_deadline = options->given & FLAG_BIT(FLAG_HEALTHY_DEADLINE);
    return (DeployRequest){
        .text = source->text,
        .text_size = source->text_size,
        .parallel = options->parallel,
        .canaries = has_canaries ? options->canaries : -1,
        .healthy_usec = has_time ? options->healthy_usec : USEC_INFINITY,
        .deadline_usec = has_deadline ? options->healthy_deadline_usec : USEC_INFINITY,
        .on_failure = options->on_failure,
        .order = options->order,
        .message = options->message,
        .check_revision = options->check_revision,
    };
}

static int deploy(Context *context, const UnitSource *source, int64_t *revision, Error *reterr) {
    const DeployRequest request = request_of(context->options, source);
    int64_t written = 0;
    int r = api_put_rollout(context->api, source->name, &request, &written, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Failed to deploy %s", source->name);
    say("Deploying %s", source->name);
    *revision = MAX(*revision, written);
    return 0;
}

static int deploy_all(Context *context, const UnitSources *sources, RolloutTracker *tracker,
                      int64_t *revision, Error *reterr) {
    int r = 0;
    for (size_t i = 0; r >= 0 && i < sources->n; i++) {
        r = deploy(context, &sources->items[i], revision, reterr);
        if (r >= 0)
            r = rollout_tracker_add(tracker, sources->items[i].name);
    }
    return r;
}

static int options_check(const Options *options, Error *reterr) {
    UpdatePolicy policy = UPDATE_POLICY_DEFAULT;
    int r = 0;
    if (options->on_failure &&
        (r = update_policy_set_on_failure(&policy, options->on_failure, reterr)) < 0)
        return error_prefix(reterr, r, "--on-failure");
    if (options->order && (r = update_policy_set_order(&policy, options->order, reterr)) < 0)
        return error_prefix(reterr, r, "--order");
    return 0;
}

int command_deploy(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_unit_sources_ UnitSources sources = {};
    _cleanup_(rollout_tracker_freep) RolloutTracker *tracker = NULL;
    int64_t revision = 0;
    int r = options_check(context->options, reterr);
    if (r >= 0)
        r = unit_sources_load_local(operands, &sources);
    if (r < 0)
        return r;
    if (sources_complain(&sources))
        return EXIT_FAILURE;
    r = rollout_tracker_new(&tracker);
    if (r >= 0)
        r = deploy_all(context, &sources, tracker, &revision, reterr);
    if (r < 0 || context->options->detach)
        return MIN(r, 0);
    return rollout_wait(context, tracker, false, revision, reterr);
}
