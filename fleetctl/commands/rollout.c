#include "fleetctl/api/api-rollouts.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/commands/rollout-status.h"
#include "fleetctl/print/message.h"
#include "fleetctl/wait/rollout-wait.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

typedef struct Verb {
    const char *name;
    const char *answer; /* before the unit; NULL: nothing is asked for */
    bool is_followed;
} Verb;

static const Verb verbs[] = {
    {"status", NULL, false},        {"pause", "Pausing", false}, {"resume", "Resuming", true},
    {"promote", "Promoting", true}, {"undo", "Undoing", true},
};

static const Verb *verb_find(const char *name) {
    for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
        if (streq(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

static int say_word(Context *context, const Verb *verb, const char *unit, Error *reterr) {
    _cleanup_(rollout_tracker_freep) RolloutTracker *tracker = NULL;
    int64_t revision = 0;
    int r = api_patch_rollout(context->api, unit, verb->name, &revision, reterr);
    if (r < 0)
        return r;
    say("%s %s", verb->answer, unit);
    if (!verb->is_followed || context->options->detach)
        return 0;
    r = rollout_tracker_new(&tracker);
    if (r >= 0)
        r = rollout_tracker_add(tracker, unit);
    return r < 0 ? r : rollout_wait(context, tracker, streq(verb->name, "undo"), revision, reterr);
}

int command_rollout(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_free_ char *unit = NULL;
    const Verb *verb = verb_find(operands[0]);
    if (!verb)
        return error_set(reterr, -EINVAL,
                         "rollout '%s' is none of status, pause, resume, promote and undo",
                         operands[0]);
    if (!operands[1])
        return verb->answer ? error_set(reterr, -EINVAL, "No unit given")
                            : rollout_list(context, reterr);
    int r = unit_name_complete(operands[1], &unit);
    if (r >= 0)
        r = unit_name_check(unit, reterr);
    if (r < 0)
        return r;
    return verb->answer ? say_word(context, verb, unit, reterr)
                        : rollout_show(context, unit, reterr);
}
