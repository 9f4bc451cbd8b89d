#include "fleetctl/commands/command.h"
#include "fleetctl/commands/deploy-request.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/unit-source.h"
#include "fleetctl/wait/rollout-wait.h"
#include "fleetd/model/unit-name.h"

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

/* As 'plan' has it, which asks for the same. */
static void say_unchanged(const UnitSource *source) {
    say("Nothing to deploy: %s%s that version already", source->name,
        unit_name_is_template(source->name) ? " and its instances have" : " has");
}

/* 1: it has that file already. */
static int deploy(Context *context, const UnitSource *source, int64_t *revision, Error *reterr) {
    DeployRequest request;
    int64_t written = 0;
    int r = deploy_request_fill(context->options, &request, reterr);
    if (r < 0)
        return r;
    request.text = source->text;
    request.text_size = source->text_size;
    r = api_put_rollout(context->api, source->name, &request, &written, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "Failed to deploy %s", source->name);
    if (r > 0) {
        say_unchanged(source);
        return 1;
    }
    say("Deploying %s", source->name);
    *revision = MAX(*revision, written);
    return 0;
}

static int deploy_all(Context *context, const UnitSources *sources, RolloutTracker *tracker,
                      int64_t *revision, Error *reterr) {
    int r = 0;
    for (size_t i = 0; r >= 0 && i < sources->n; i++) {
        r = deploy(context, &sources->items[i], revision, reterr);
        if (r == 0)
            r = rollout_tracker_add(tracker, sources->items[i].name);
    }
    return r;
}

int command_deploy(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_unit_sources_ UnitSources sources = {};
    _cleanup_(rollout_tracker_freep) RolloutTracker *tracker = NULL;
    int64_t revision = 0;
    DeployRequest request;
    int r = deploy_request_fill(context->options, &request, reterr); /* before anything is sent */
    if (r >= 0)
        r = unit_sources_load_local(operands, &sources);
    if (r < 0)
        return r;
    if (sources_complain(&sources))
        return EXIT_FAILURE;
    r = rollout_tracker_new(&tracker);
    if (r >= 0)
        r = deploy_all(context, &sources, tracker, &revision, reterr);
    if (r < 0 || context->options->detach || !rollout_tracker_get(tracker, 0))
        return MIN(r, 0);
    return rollout_wait(context, tracker, false, revision, reterr);
}
