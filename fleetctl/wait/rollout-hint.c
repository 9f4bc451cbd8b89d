#include "fleetctl/wait/rollout-hint.h"

#include "fleetctl/api/api-scales.h"
#include "fleetctl/print/message.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <inttypes.h>
#include <string.h>

#define MACHINE_ID_LENGTH 32
#define SHORT_LENGTH 8 /* enough to find it by */

/* --- what the unit has to say of its failure --- */

/* Of "web@1.service: it has failed on ID (exit-code)", or "on machine ID: it has failed": where,
 * and the unit of a deployment of several. NULL: it is not told. */
static const char *find_machine(const RolloutProgress *progress) {
    const char *mark = progress->is_global ? "on machine " : " on ";
    const char *found = progress->why ? strstr(progress->why, mark) : NULL;
    const char *id = found ? found + strlen(mark) : NULL;
    return id && strspn(id, "0123456789abcdef") == MACHINE_ID_LENGTH ? id : NULL;
}

static int name_length(const RolloutProgress *progress) {
    return (int) strcspn(progress->why, ":");
}

/* Afterwards it may be on another machine. */
static void journal_hint(const Context *context, const RolloutProgress *progress) {
    const char *machine = find_machine(progress);
    int length = context->options->full ? MACHINE_ID_LENGTH : SHORT_LENGTH;
    if (machine && progress->is_global)
        complain("'fleetctl journal --lines=50 --machine=%.*s %s' may say more", length, machine,
                 progress->name);
    else if (machine)
        complain("'fleetctl journal --lines=50 --machine=%.*s %.*s' may say more", length, machine,
                 name_length(progress), progress->why);
}

static bool is_failure(const RolloutProgress *progress, bool is_undo) {
    bool is_back = progress->phase == ROLLOUT_ROLLED_BACK && !is_undo;
    return is_back || progress->phase == ROLLOUT_FAILED || progress->phase == ROLLOUT_PAUSED;
}

/* One with a number above that which is kept does not stay. */
static void surplus_hint(const Context *context, const RolloutProgress *progress) {
    bool is_instance = unit_name_is_instance(progress->name);
    _cleanup_json_ json_object *scales = is_instance ? api_scales_learn(context->api) : NULL;
    ApiScale scale = {};
    if (api_scales_find(scales, progress->name, &scale) > (uint64_t) scale.count)
        complain("Unit %s was destroyed: scale keeps %" PRIi64 " of %s", progress->name,
                 scale.count, scale.name);
}

/* --- all --- */

void rollout_hint(const Context *context, const RolloutProgress *progress, bool is_undo) {
    const char *word = progress->phase == ROLLOUT_WAITING ? "promote" : "resume";
    bool is_waiting = progress->phase == ROLLOUT_WAITING;
    if (progress->end == ROLLOUT_END_GONE)
        surplus_hint(context, progress);
    if (progress->end != ROLLOUT_END_REACHED)
        return;
    if (is_failure(progress, is_undo))
        journal_hint(context, progress);
    if (progress->is_restart && !rollout_phase_is_over(progress->phase))
        complain("Go on with 'fleetctl rollout %s %s'", word, progress->name);
    else if (!progress->is_restart && is_waiting)
        say("Go on with 'fleetctl rollout promote %s', or back with 'fleetctl rollout undo %s'",
            progress->name, progress->name);
    else if (!progress->is_restart && progress->phase == ROLLOUT_PAUSED)
        complain("Go on with 'fleetctl rollout resume %s', or back with 'fleetctl rollout undo %s'",
                 progress->name, progress->name);
}
