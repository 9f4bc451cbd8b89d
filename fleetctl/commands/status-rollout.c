#include "fleetctl/commands/status-rollout.h"

#include "fleetctl/api/machine-names.h"
#include "fleetctl/print/age.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/rollout.h"

#include <errno.h>

static bool rollout_concerns(const ApiRollout *rollout, const char *unit) {
    ApiRolloutUnit part;
    return streq(rollout->name, unit) || api_rollout_find_unit(rollout, unit, &part);
}

bool status_rollout_find(json_object *rollouts, const char *unit, ApiRollout *ret) {
    bool is_found = false;
    for (size_t i = 0; i < json_object_array_length(rollouts); i++) {
        ApiRollout rollout;
        if (api_rollout_read(json_object_array_get_idx(rollouts, i), &rollout, NULL) < 0 ||
            !rollout_concerns(&rollout, unit) || (is_found && rollout.id <= ret->id))
            continue;
        *ret = rollout;
        is_found = true;
    }
    return is_found;
}

char *status_rollout_format(const ApiRollout *rollout, const char *unit) {
    _cleanup_free_ char *since = moment_format(rollout->since);
    bool is_of_others = !streq(rollout->name, unit); /* its own part has a line of its own */
    _cleanup_free_ char *reason =
        is_of_others ? strdup(str_or(rollout->why, "")) : api_rollout_format_why(rollout);
    _cleanup_free_ char *why = reason ? machine_ids_shorten(reason, false) : NULL;
    size_t n, n_done;
    api_rollout_count(rollout, &n, &n_done);
    if (!since || !why)
        return NULL;
    return str_printf("%s%s%s%s (%zu of %zu%s), since %s%s%s", is_of_others ? rollout->name : "",
                      is_of_others ? ": " : "", rollout->is_restart ? "restart " : "",
                      rollout->phase, n_done, n, rollout->is_global ? " machines" : "", since,
                      *why ? ": " : "", why);
}

/* What is over needs no word of those with which all went well. */
static bool part_is_news(const ApiRollout *rollout, const ApiRolloutUnit *part) {
    RolloutUnitPhase phase = rollout_unit_phase_from_string(part->phase);
    return phase == ROLLOUT_UNIT_FAILED || phase == ROLLOUT_UNIT_LEFT ||
           !rollout_phase_is_over(rollout_phase_from_string(rollout->phase));
}

char *status_rollout_format_part(const ApiRollout *rollout, const char *name) {
    ApiRolloutUnit part;
    if (streq(rollout->name, name) || !api_rollout_find_unit(rollout, name, &part) ||
        !part_is_news(rollout, &part))
        return strdup("");
    bool keeps_file = rollout->is_global && streq(part.phase, "waiting");
    _cleanup_free_ char *why = machine_ids_shorten(part.why, false);
    return why ? str_printf("%s%s%s%s", part.phase,
                            keeps_file ? ", and keeps the file that it has until its turn" : "",
                            *why ? ": " : "", why)
               : NULL;
}
