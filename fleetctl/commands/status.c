/* How units are: first what the cluster knows, which needs no ssh, then what systemctl says. */
#include "fleetctl/api/api-placements.h"
#include "fleetctl/api/api-status.h"
#include "fleetctl/api/event-snapshot.h"
#include "fleetctl/commands/cluster-status.h"
#include "fleetctl/commands/status-rollout.h"
#include "fleetctl/commands/systemctl.h"
#include "fleetctl/print/age.h"
#include "fleetctl/print/message.h"
#include "fleetctl/print/unit-tone.h"
#include "fleetctl/units/unit-select.h"
#include "fleetctl/units/unit-suggest.h"
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <inttypes.h>

#define LABEL_WIDTH 9

/* What is known of all units that are shown. */
typedef struct Knowledge {
    json_object *events, *rollouts;
    json_object *failover; /* NULL: nobody needed it yet */
} Knowledge;

/* Of one. */
typedef struct UnitView {
    const ApiUnit *unit;
    Knowledge *knowledge;
    ApiPlacements placements;
    ApiRollout rollout;
    bool has_rollout;
} UnitView;

static void line_say(const char *label, const char *text) {
    say("%*s%s %s", LABEL_WIDTH, label, *label ? ":" : " ", text);
}

static bool event_is_placement(const ApiUnit *unit, json_object *json, ApiEvent *ret) {
    return api_event_read(json, ret, NULL) >= 0 && streq(ret->unit, unit->name) && *ret->machine_id;
}

/* On all machines taken together. */
static Tone unit_find_tone(const ApiUnit *unit, json_object *events) {
    Tone tone = unit->pending.summary ? TONE_BUSY : TONE_IDLE;
    ApiEvent event;
    for (size_t i = 0; i < json_object_array_length(events); i++)
        if (event_is_placement(unit, json_object_array_get_idx(events, i), &event))
            tone = MAX(tone, unit_tone(event.active));
    return tone;
}

static void unit_say(const Context *context, const ApiUnit *unit, Tone tone) {
    const char *description = api_unit_option(unit, "Unit", "Description");
    say_marked(&context->look, tone, "%s%s%s", unit->name, description ? " - " : "",
               str_or(description, ""));
    line_say("Hash", unit->hash);
    say("%*s: %s (wanted: %s)%s", LABEL_WIDTH, "State", launch_state_to_string(unit->current),
        launch_state_to_string(unit->desired), unit->is_global ? ", global" : "");
}

static void pending_say(Context *context, const ApiPending *pending) {
    const char *machine_id, *reason;
    if (!pending->summary)
        return;
    _cleanup_free_ char *summary = machine_ids_shorten(pending->summary, false);
    line_say("Waits", str_or(summary, pending->summary));
    for (size_t i = 0; api_pending_get(pending, i, &machine_id, &reason); i++) {
        _cleanup_free_ char *label = machine_names_label(context->machines, machine_id, false);
        _cleanup_free_ char *text = str_printf("%s: %s", str_or(label, machine_id), reason);
        line_say("", str_or(text, reason));
    }
}

static void failure_say(Context *context, const ApiFailurePlace *place) {
    _cleanup_free_ char *label = machine_names_label(context->machines, place->machine_id, false);
    _cleanup_free_ char *time = moment_format(place->time),
                        *since = moment_format(place->well_since);
    _cleanup_free_ char *failed = place->count > 0
                                      ? str_printf("%" PRIi64 " time%s, the last at %s: %s",
                                                   place->count, place->count == 1 ? "" : "s",
                                                   str_or(time, ""), str_or(place->why, "failed"))
                                      : strdup("not failed");
    _cleanup_free_ char *well =
        place->well_since > 0 ? str_printf("; well since %s", str_or(since, "")) : strdup("");
    _cleanup_free_ char *text = str_printf("%s: %s%s", str_or(label, place->machine_id),
                                           str_or(failed, ""), str_or(well, ""));
    line_say("", str_or(text, place->machine_id));
}

static void failures_say(Context *context, const ApiFailures *failures) {
    if (failures->count == 0)
        return;
    ApiFailurePlace place;
    _cleanup_free_ char *next = moment_format(failures->next);
    say("%*s: %" PRIi64 " since it was last well for long%s%s", LABEL_WIDTH, "Failures",
        failures->count, failures->next > 0 ? "; it is tried anew at " : "", str_or(next, ""));
    for (size_t i = 0; api_failures_get(failures, i, &place); i++)
        failure_say(context, &place);
}

static void job_say(const ApiEvent *event) {
    if (event->job == JOB_RESULT_NONE)
        return;
    bool has_result = *event->result && !streq(event->result, "success");
    say("%*s: %s%s%s%s%s%s", LABEL_WIDTH, "Job", job_result_to_string(event->job),
        has_result ? " (" : "", has_result ? event->result : "", has_result ? ")" : "",
        event->message ? ": " : "", str_or(event->message, ""));
    for (size_t i = 0; event->log && i < json_object_array_length(event->log); i++)
        line_say(i == 0 ? "Log" : "",
                 str_or(json_object_get_string(json_object_array_get_idx(event->log, i)), ""));
}

static void health_say(const ApiEvent *event) {
    if (event->health == UNIT_HEALTH_NONE)
        return;
    say("%*s: %s%s%s", LABEL_WIDTH, "Health", unit_health_to_string(event->health),
        event->health_message ? ": " : "", str_or(event->health_message, ""));
}

/* How it is with the unit, or with one of its machines, in a deployment. */
static void turn_say(const UnitView *view, const char *name) {
    _cleanup_free_ char *part =
        view->has_rollout ? status_rollout_format_part(&view->rollout, name) : NULL;
    if (!str_is_empty(part))
        line_say("Turn", part);
}

static void rollout_say(const UnitView *view) {
    if (!view->has_rollout)
        return;
    _cleanup_free_ char *text = status_rollout_format(&view->rollout, view->unit->name);
    line_say("Rollout", str_or(text, "?"));
    turn_say(view, view->unit->name);
}

/* From when on it is there, and with which version of its file, as far as that is known. */
static void since_say(const ApiPlacement *place) {
    _cleanup_free_ char *since = place && place->since > 0 ? moment_format(place->since) : NULL;
    if (since && place->version > 0)
        say("%*s: %s, version %lld", LABEL_WIDTH, "Since", since, (long long) place->version);
    else if (since)
        line_say("Since", since);
}

/* A failure costs a word, and the answer goes on. */
static bool machine_is_held(const Context *context, Knowledge *knowledge, const char *machine_id) {
    _cleanup_error_ Error error = {};
    int r = knowledge->failover ? 0 : api_get_failover(context->api, &knowledge->failover, &error);
    if (r < 0)
        log_debug("Whether machines are held is not known: %s", error_text(&error, r));
    bool is_held = false;
    for (size_t i = 0; i < status_length(knowledge->failover, "machines") && !is_held; i++)
        is_held = streq_ptr(json_object_get_string(status_item(knowledge->failover, "machines", i)),
                            machine_id);
    return is_held;
}

/* Of a machine that is not there nothing else is known. */
static void vanished_say(const Context *context, const UnitView *view, const ApiEvent *event) {
    bool is_held = machine_is_held(context, view->knowledge, event->machine_id);
    line_say("Vanished", is_held ? "the machine is not there; too many vanished at once, so its "
                                   "units are held and not"
                                 : "the machine is not there, so how the unit is there is not "
                                   "known");
    if (is_held)
        line_say("", "started elsewhere yet: see 'fleetctl status' and 'fleetctl failover'");
}

static void systemd_say(const ApiEvent *event) {
    say("%*s: %s, %s (%s)", LABEL_WIDTH, "systemd", *event->load ? event->load : "not loaded",
        *event->active ? event->active : "inactive", *event->sub ? event->sub : "dead");
    health_say(event);
    job_say(event);
}

static void placement_say(Context *context, const UnitView *view, const ApiEvent *event,
                          bool is_away) {
    _cleanup_free_ char *label = machine_names_label(context->machines, event->machine_id, false);
    line_say("Machine", str_or(label, event->machine_id));
    since_say(api_placements_find(&view->placements, event->machine_id));
    turn_say(view, event->machine_id);
    _cleanup_free_ char *reason = machine_ids_shorten(event->reason, false);
    if (event->reason)
        line_say("Reason", str_or(reason, event->reason));
    if (is_away)
        vanished_say(context, view, event);
    else
        systemd_say(event);
}

static bool placement_runs(const ApiEvent *event) {
    return *event->active && !streq(event->active, "inactive") && !streq(event->active, "failed");
}

/* What systemctl says runs may be unhealthy all the same. of_systemctl < 0: it was not asked. */
static int placement_status(const ApiEvent *event, int of_systemctl) {
    bool runs = of_systemctl < 0 ? placement_runs(event) : of_systemctl == 0;
    if (!runs)
        return of_systemctl < 0 ? EXIT_NOT_RUNNING : of_systemctl;
    return event->health == UNIT_HEALTH_UNHEALTHY ? EXIT_NOT_RUNNING : 0;
}

/* Shows one placement. The exit status for it. A global unit may be on very many machines: of those
 * only this one's systemctl is asked. */
static int placement_show(Systemctl *systemctl, const UnitView *view, const ApiEvent *event) {
    const ApiUnit *unit = view->unit;
    bool is_away =
        !*event->active && machine_names_is_away(systemctl->context->machines, event->machine_id);
    placement_say(systemctl->context, view, event, is_away);
    if (is_away)
        return EXIT_NOT_RUNNING;
    int r = -ENODATA;
    if (!unit->is_global || streq(systemctl->context->machine_id, event->machine_id))
        r = systemctl_status(systemctl, unit->name, event->machine_id);
    return placement_status(event, r);
}

/* "2026-11-23 01:02:03 UTC for 42 min", or "until ..." where it is not known since when. */
static char *span_format(const ApiPlacement *past) {
    bool is_known = past->since > 0;
    _cleanup_free_ char *moment = moment_format(is_known ? past->since : past->until),
                        *age = age_format(past->until - past->since);
    if (!moment || !age)
        return NULL;
    return is_known ? str_printf("%s for %s", moment, age) : str_printf("until %s", moment);
}

static char *past_format(Context *context, const ApiPlacement *past) {
    _cleanup_free_ char *machine = machine_names_label(context->machines, past->machine_id, false),
                        *span = span_format(past);
    _cleanup_free_ char *version =
        past->version > 0 ? str_printf(", version %lld", (long long) past->version) : strdup("");
    _cleanup_free_ char *ended = machine_ids_shorten(past->ended, false);
    if (!machine || !span || !version || !ended)
        return NULL;
    return str_printf("%s on %s%s%s%s", span, machine, version, *ended ? ": " : "", ended);
}

/* Where it was, the last first. */
static void past_say(Context *context, const ApiPlacements *placements) {
    const char *label = "History";
    for (size_t i = placements->n; i > 0; i--) {
        const ApiPlacement *past = &placements->items[i - 1];
        if (past->until == 0)
            continue;
        _cleanup_free_ char *text = past_format(context, past);
        line_say(label, str_or(text, "?"));
        label = "";
    }
}

static int placements_show(Systemctl *systemctl, const UnitView *view) {
    int status = 0;
    bool is_placed = false;
    for (size_t i = 0; i < json_object_array_length(view->knowledge->events); i++) {
        ApiEvent event;
        if (!event_is_placement(view->unit, json_object_array_get_idx(view->knowledge->events, i),
                                &event))
            continue;
        is_placed = true;
        int shown = placement_show(systemctl, view, &event);
        if (shown == EXIT_INTERRUPTED)
            return shown;
        status = status != 0 ? status : shown;
    }
    if (is_placed)
        return status;
    complain("Unit %s does not appear to be loaded.", view->unit->name);
    return EXIT_FAILURE;
}

/* Shows a unit with its placements among the events. The exit status for it. */
static int unit_show(Systemctl *systemctl, const ApiUnit *unit, Knowledge *knowledge,
                     Error *reterr) {
    Context *context = systemctl->context;
    UnitView view = {.unit = unit, .knowledge = knowledge};
    int r = api_get_placements(context->api, unit->name, &view.placements, reterr);
    if (r < 0)
        return r;
    view.has_rollout = status_rollout_find(knowledge->rollouts, unit->name, &view.rollout);
    unit_say(context, unit, unit_find_tone(unit, knowledge->events));
    rollout_say(&view);
    pending_say(context, &unit->pending);
    past_say(context, &view.placements);
    failures_say(context, &unit->failures);
    int status = placements_show(systemctl, &view);
    api_placements_done(&view.placements);
    return status;
}

static int events_fetch(Context *context, const UnitSelection *selection, json_object **ret,
                        Error *reterr) {
    _cleanup_free_ const char **names = calloc(selection->n_known + 1, sizeof(char *));
    if (!names)
        return -ENOMEM;
    for (size_t i = 0; i < selection->n_known; i++)
        names[i] = selection->known[i]->name;
    if (selection->n_known == 0) {
        *ret = json_object_new_array();
        return *ret ? 0 : -ENOMEM;
    }
    return event_snapshot(context->api, names, selection->n_known,
                          context->options->request_timeout_usec, ret, reterr);
}

/* Shows all of them, unless the user ends it. The exit status. */
static int units_show(Context *context, const UnitSelection *selection, Knowledge *knowledge,
                      Error *reterr) {
    int status = 0;
    _cleanup_systemctl_ Systemctl systemctl = {.context = context};
    for (size_t i = 0; i < selection->n_known; i++) {
        if (i > 0)
            say_blank_line();
        int shown = unit_show(&systemctl, selection->known[i], knowledge, reterr);
        if (shown == EXIT_INTERRUPTED || shown < 0)
            return shown;
        status = status != 0 ? status : shown;
    }
    return status;
}

int command_status(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_unit_selection_ UnitSelection selection = {};
    _cleanup_json_ json_object *events = NULL, *rollouts = NULL;
    if (!operands[0])
        return cluster_status_show(context, reterr);
    if (context->options->output)
        return error_set(reterr, -EINVAL,
                         "--output is for the status of the cluster, not of units");
    int r = unit_select(context->api, operands, GLOB_NO_TEMPLATES, &selection, reterr);
    if (r >= 0)
        r = events_fetch(context, &selection, &events, reterr);
    if (r >= 0 && selection.n_known > 0)
        r = api_list_rollouts(context->api, &rollouts, reterr);
    if (r < 0)
        return r;

    Knowledge knowledge = {events, rollouts, NULL};
    int status = units_show(context, &selection, &knowledge, reterr);
    json_object_put(knowledge.failover);
    if (status == EXIT_INTERRUPTED || status < 0)
        return status;
    STRV_FOREACH (name, selection.unknown)
        complain("Unit %s does not exist.", *name);
    units_suggest(context->api, selection.unknown);
    return selection.unknown ? EXIT_FAILURE : status;
}
