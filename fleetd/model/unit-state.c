#include "fleetd/base/strv.h"
#include "fleetd/model/record.h"
#include "fleetd/model/unit.h"

static const RecordField fields[] = {
    {"hash", &field_string, offsetof(UnitState, hash)},
    {"current", &field_enum, offsetof(UnitState, current), true, &launch_state_names},
    {"load", &field_string, offsetof(UnitState, load)},
    {"active", &field_string, offsetof(UnitState, active)},
    {"sub", &field_string, offsetof(UnitState, sub)},
    {"result", &field_string, offsetof(UnitState, result)},
    {"job", &field_enum, offsetof(UnitState, job), false, &job_result_names},
    {"message", &field_string, offsetof(UnitState, message)},
    {"log", &field_strv, offsetof(UnitState, log)},
    {"unitRevision", &field_number, offsetof(UnitState, unit_revision)},
    {"health", &field_choice, offsetof(UnitState, health), false, &unit_health_names},
    {"restarts", &field_count, offsetof(UnitState, restarts)},
    {"healthMessage", &field_string, offsetof(UnitState, health_message)},
};

char *unit_state_format(const UnitState *state) {
    return record_format(fields, ELEMENTSOF(fields), state);
}

int unit_state_parse(const char *machine_id, const char *name, const char *text, size_t size,
                     UnitState **ret, Error *reterr) {
    _cleanup_(unit_state_freep) UnitState *state = calloc(1, sizeof(UnitState));
    if (!state || !(state->machine_id = strdup(machine_id)) || !(state->name = strdup(name)))
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, state, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(state);
    return 0;
}

/* None: fleetd has started anew since. */
static bool job_is_bad(JobResult job) {
    return job != JOB_RESULT_NONE && job != JOB_RESULT_DONE;
}

static bool is_active(const UnitState *state) {
    return state->current == LAUNCH_STATE_LAUNCHED &&
           (streq_ptr(state->active, "active") || streq_ptr(state->active, "reloading"));
}

bool unit_state_is_up(const UnitState *state) {
    bool is_well = state->health == UNIT_HEALTH_NONE || state->health == UNIT_HEALTH_HEALTHY;
    return unit_state_has_ended(state) || (is_active(state) && is_well);
}

bool unit_state_has_ended(const UnitState *state) {
    return state->current == LAUNCH_STATE_LAUNCHED && streq_ptr(state->active, "inactive") &&
           !job_is_bad(state->job) && (!state->result || streq(state->result, "success"));
}

bool unit_state_is_starting(const UnitState *state) {
    return is_active(state) && state->health == UNIT_HEALTH_STARTING;
}

bool unit_state_is_given_up(const UnitState *state) {
    bool is_refused = state->job == JOB_RESULT_ERROR || state->job == JOB_RESULT_DEPENDENCY;
    bool is_idle = !state->active || streq(state->active, "inactive");
    return (state->active && streq(state->active, "failed")) || (is_refused && is_idle);
}

/* Canceled: somebody else, or a stop, was faster. */
static bool start_has_failed(const UnitState *state) {
    return state->job == JOB_RESULT_FAILED || state->job == JOB_RESULT_TIMEOUT ||
           state->job == JOB_RESULT_DEPENDENCY;
}

static bool is_given_up_by_systemd(const UnitState *state) {
    if (streq_ptr(state->active, "failed"))
        return state->job != JOB_RESULT_RUNNING;
    return streq_ptr(state->active, "inactive") && start_has_failed(state);
}

bool unit_state_has_failed(const UnitState *state, bool may_restart) {
    bool is_unhealthy = state->health == UNIT_HEALTH_UNHEALTHY &&
                        (!may_restart || state->restarts >= HEALTH_RESTARTS_ENOUGH);
    return state->current == LAUNCH_STATE_LAUNCHED &&
           (is_given_up_by_systemd(state) || is_unhealthy);
}

char *unit_state_failure(const UnitState *state) {
    bool is_unhealthy = !is_given_up_by_systemd(state);
    const char *why = is_unhealthy              ? state->health_message
                      : start_has_failed(state) ? job_result_to_string(state->job)
                                                : state->result;
    if (!is_unhealthy && state->result && !streq(state->result, "success"))
        why = state->result;
    return str_printf("%s%s%s%s", is_unhealthy ? "unhealthy" : "failed", why ? " (" : "",
                      str_or(why, ""), why ? ")" : "");
}

const char *unit_state_trouble(const UnitState *state) {
    bool is_ill = state->health == UNIT_HEALTH_UNHEALTHY || state->health == UNIT_HEALTH_STARTING;
    if (unit_state_is_up(state))
        return NULL;
    if (is_active(state) && is_ill)
        return state->health_message;
    if (state->result && !streq(state->result, "success"))
        return state->result;
    if (state->message)
        return state->message;
    if (job_result_is_final(state->job) && job_is_bad(state->job))
        return job_result_to_string(state->job);
    return streq_ptr(state->active, "activating") ? state->active : NULL;
}

void unit_state_free(UnitState *state) {
    if (!state)
        return;
    free(state->machine_id);
    free(state->name);
    free(state->hash);
    free(state->load);
    free(state->active);
    free(state->sub);
    free(state->result);
    free(state->message);
    strv_free(state->log);
    free(state->health_message);
    free(state);
}
