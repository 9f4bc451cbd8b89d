#include "fleetctl/wait/wait-report.h"

#include "fleetctl/api/api-scales.h"
#include "fleetctl/print/message.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

#include <inttypes.h>

static const struct {
    const char *aim;        /* "timed out waiting for unit X to ..." */
    const char *participle; /* "the units will still be ..." */
    const char *reached;    /* "Unit X ... on M"; NULL: that is told otherwise */
    const char *unchecked;  /* the same of a unit without a health check, where that matters */
} goals[_WAIT_GOAL_MAX] = {
    [WAIT_LAUNCHED] = {"report state launched", "started", "launched"},
    [WAIT_LOADED] = {"report state loaded", "loaded", "loaded"},
    [WAIT_STOPPED] = {"report state loaded", "stopped", "loaded"},
    [WAIT_INACTIVE] = {"report state inactive", "unloaded"},
    [WAIT_GONE] = {"be gone", "destroyed"},
    [WAIT_ADOPTED] = {"be taken over", "taken over"},
    [WAIT_RESTARTED] = {"be restarted", "restarted", "launched"},
    [WAIT_WELL] = {"be healthy", "started", "launched and healthy", "launched"},
    [WAIT_FOR_RUNNING] = {"be running", "running", "running"},
    [WAIT_FOR_HEALTHY] = {"be healthy", "healthy", "healthy", "running"},
    [WAIT_FOR_GONE] = {"be gone", "gone"},
    [WAIT_FOR_FAILED] = {"have failed", "failed", "failed"},
};

static const char *reached_word(WaitGoal goal, const ApiEvent *event) {
    bool is_checked = event->health != UNIT_HEALTH_NONE;
    return !is_checked && goals[goal].unchecked ? goals[goal].unchecked : goals[goal].reached;
}

/* A start that went well has nothing to say but that it was for nothing; skipped is of
 * ExecCondition=.
 */
static bool was_skipped(const ApiEvent *event) {
    return event->job == JOB_RESULT_SKIPPED || (event->job == JOB_RESULT_DONE && event->message);
}

static void report_reached(WaitGoal goal, const WaitUnit *unit, const char *label) {
    bool is_somewhere = *unit->event.machine_id;
    if (goal == WAIT_ADOPTED)
        return; /* what for is told by what follows */
    if (goal == WAIT_FOR_GONE)
        say("Unit %s gone", unit->name);
    else if (goal == WAIT_GONE)
        say("Destroyed %s", unit->name);
    else if (goal == WAIT_INACTIVE || !is_somewhere)
        say("Unit %s inactive", unit->name);
    else
        say("Unit %s %s on %s", unit->name, reached_word(goal, &unit->event), label);
    bool is_start = goal == WAIT_LAUNCHED || goal == WAIT_RESTARTED || goal == WAIT_WELL;
    if (is_start && was_skipped(&unit->event))
        complain("Unit %s was not started: one of its conditions does not hold on %s", unit->name,
                 label);
}

static const char *const job_causes[_JOB_RESULT_MAX] = {
    [JOB_RESULT_DONE] = "it was started and has failed since",
    [JOB_RESULT_CANCELED] = "its job was canceled",
    [JOB_RESULT_TIMEOUT] = "its job timed out",
    [JOB_RESULT_FAILED] = "its job failed",
    [JOB_RESULT_DEPENDENCY] = "a unit that it depends on failed",
    [JOB_RESULT_ERROR] = "systemd refused it",
};

/* The agent's words, or what systemd's job result means, with its result of the unit. */
static char *cause_format(const ApiEvent *event) {
    const char *cause =
        str_or(event->message, str_or(job_causes[event->job], "for no known reason"));
    bool has_result = !event->message && *event->result && !streq(event->result, "success") &&
                      !streq(event->result, job_result_to_string(event->job));
    return has_result ? str_printf("%s (%s)", cause, event->result) : strdup(cause);
}

static void log_complain(json_object *log) {
    for (size_t i = 0; log && i < json_object_array_length(log); i++)
        complain("    %s", str_or(json_object_get_string(json_object_array_get_idx(log, i)), ""));
}

static bool goal_asks_for_health(WaitGoal goal) {
    return goal == WAIT_WELL || goal == WAIT_FOR_HEALTHY;
}

static void report_unhealthy(const WaitUnit *unit, const char *label) {
    complain("Unit %s is unhealthy on %s: %s", unit->name, label,
             str_or(unit->event.health_message, "it does not say why"));
}

static void report_failed(WaitGoal goal, const WaitUnit *unit, const char *label) {
    if (goal_asks_for_health(goal) && unit->event.health == UNIT_HEALTH_UNHEALTHY)
        return report_unhealthy(unit, label);
    _cleanup_free_ char *cause = cause_format(&unit->event);
    complain("Unit %s failed on %s: %s", unit->name, label, str_or(cause, ""));
    log_complain(unit->event.log);
    if (unit->is_quiet && goal == WAIT_LAUNCHED)
        complain("It was started earlier; 'fleetctl restart %s' tries again.", unit->name);
}

static void report_stuck(WaitGoal goal, const WaitUnit *unit, const char *label) {
    _cleanup_free_ char *cause = cause_format(&unit->event);
    complain("Unit %s is still on %s: %s", unit->name, label, str_or(cause, ""));
}

static void report_ended(_unused_ WaitGoal goal, const WaitUnit *unit, const char *label) {
    if (was_skipped(&unit->event))
        complain("Unit %s does not run: it was started on %s, and one of its conditions does not "
                 "hold there",
                 unit->name, label);
    else
        complain("Unit %s does not run: it has ended on %s, without a failure", unit->name, label);
}

static void report_unasked(const WaitUnit *unit) {
    complain("Unit %s waits: nobody has asked for it to run; 'fleetctl start %s' does", unit->name,
             unit->name);
}

/* One with a number above that which is kept does not stay. */
static void report_destroyed(Context *context, const WaitUnit *unit) {
    bool is_instance = unit_name_is_instance(unit->name);
    _cleanup_json_ json_object *scales = is_instance ? api_scales_learn(context->api) : NULL;
    ApiScale scale = {};
    bool is_surplus = api_scales_find(scales, unit->name, &scale) > (uint64_t) scale.count;
    if (is_surplus)
        complain("Unit %s was destroyed meanwhile: scale keeps %" PRIi64 " of %s", unit->name,
                 scale.count, scale.name);
    else
        complain("Unit %s was destroyed meanwhile", unit->name);
}

static void report_overtaken(Context *context, WaitGoal goal, const WaitUnit *unit) {
    if (unit->event.is_deleted && wait_goal_is_state(goal))
        complain("Unit %s is unknown to the cluster", unit->name);
    else if (unit->event.is_deleted)
        report_destroyed(context, unit);
    else
        complain("Unit %s was asked to be %s meanwhile", unit->name,
                 launch_state_to_string(unit->event.desired));
}

static void report_pending(Context *context, const WaitUnit *unit) {
    const ApiPending *pending = &unit->event.pending;
    const char *machine_id, *reason;
    complain("Unit %s waits: %s", unit->name, pending->summary);
    for (size_t i = 0; api_pending_get(pending, i, &machine_id, &reason); i++) {
        _cleanup_free_ char *label = machine_names_label(context->machines, machine_id, false);
        complain("    %s: %s", str_or(label, machine_id), reason);
    }
}

/* Of a unit that has ended for this cluster. Of copies: names may have to be asked for, and the
 * stream goes on meanwhile. */
static int report_orphans(Context *context, WaitGoal goal, const WaitUnit *unit) {
    static const char *const ways[_WAIT_GOAL_MAX] = {
        [WAIT_INACTIVE] = "'fleetctl load' takes it over and stops it",
        [WAIT_GONE] = "'fleetctl adopt --forget' stops it",
    };
    _cleanup_free_ const char **sorted = NULL;
    _cleanup_(strv_freep) char **ids = NULL;
    if (!ways[goal] || map_size(unit->orphans) == 0)
        return 0;
    if (map_sorted_keys(unit->orphans, &sorted) < 0 || strv_copy((char *const *) sorted, &ids) < 0)
        return -ENOMEM;
    STRV_FOREACH (id, ids) {
        _cleanup_free_ char *label = machine_names_label(context->machines, *id, false);
        complain("Machine %s keeps unit %s, which it has for another cluster: %s",
                 str_or(label, *id), unit->name, ways[goal]);
    }
    return 0;
}

static char *event_machine_label(MachineNames *machines, const ApiEvent *event) {
    if (event->address) /* else the machine is not there, or fleetd is too old to tell */
        (void) machine_names_learn(machines, event->machine_id, event->address);
    return machine_names_label(machines, event->machine_id, false);
}

void wait_report_unit(Context *context, WaitGoal goal, const WaitUnit *unit) {
    static void (*const reports[_WAIT_STATUS_MAX])(WaitGoal goal, const WaitUnit *unit,
                                                   const char *label) = {
        [WAIT_STATUS_STUCK] = report_stuck,
        [WAIT_STATUS_ENDED] = report_ended,
        [WAIT_STATUS_REACHED] = report_reached,
        [WAIT_STATUS_FAILED] = report_failed,
    };
    if (unit->status == WAIT_STATUS_PENDING)
        report_pending(context, unit);
    if (unit->status == WAIT_STATUS_UNASKED)
        report_unasked(unit);
    bool is_no_news = unit->status == WAIT_STATUS_REACHED && unit->is_quiet;
    if (unit->status == WAIT_STATUS_OVERTAKEN)
        report_overtaken(context, goal, unit);
    if (reports[unit->status] && !is_no_news) {
        _cleanup_free_ char *label = event_machine_label(context->machines, &unit->event);
        reports[unit->status](goal, unit, str_or(label, unit->event.machine_id));
    }
    if (unit->status == WAIT_STATUS_REACHED && report_orphans(context, goal, unit) < 0)
        complain("Machines that keep unit %s cannot be named: out of memory", unit->name);
}

void wait_report_obstacle(const WaitUnit *unit) {
    _cleanup_free_ char *obstacle = machine_ids_shorten(unit->obstacle, false);
    complain("Unit %s waits: %s", unit->name, str_or(obstacle, unit->obstacle));
}

char *wait_report_format_progress(const WaitTracker *tracker) {
    size_t n = 0;
    for (WaitStatus status = 0; status < _WAIT_STATUS_MAX; status++)
        n += wait_tracker_count(tracker, status);
    size_t n_failed = wait_tracker_count(tracker, WAIT_STATUS_FAILED) +
                      wait_tracker_count(tracker, WAIT_STATUS_OVERTAKEN);
    size_t n_pending = wait_tracker_count(tracker, WAIT_STATUS_PENDING);
    _cleanup_free_ char *failed = n_failed > 0 ? str_printf(", %zu failed", n_failed) : strdup("");
    _cleanup_free_ char *pending =
        n_pending > 0 ? str_printf(", %zu fit nowhere yet", n_pending) : strdup("");
    if (!failed || !pending)
        return NULL;
    return str_printf("%zu of %zu units %s%s%s", wait_tracker_count(tracker, WAIT_STATUS_REACHED),
                      n, goals[wait_tracker_goal(tracker)].participle, failed, pending);
}

static const char *waits_for(const WaitUnit *unit) {
    if (unit->status == WAIT_STATUS_UNASKED)
        return "nobody has asked for it to run";
    return unit->status == WAIT_STATUS_PENDING ? unit->event.pending.summary : NULL;
}

/* Which of those that are to let go of the unit is not there. NULL: none, or out of memory; the
 * caller frees. */
static char *away_format(Context *context, WaitGoal goal, const WaitUnit *unit) {
    static const bool is_an_end[_WAIT_GOAL_MAX] = {
        [WAIT_STOPPED] = true, [WAIT_INACTIVE] = true, [WAIT_GONE] = true, [WAIT_FOR_GONE] = true};
    const char *machine_id;
    _unused_ void *nothing;
    if (!is_an_end[goal])
        return NULL;
    MAP_FOREACH (machine_id, nothing, unit->holders) {
        _cleanup_free_ char *label = machine_names_label(context->machines, machine_id, false);
        if (label && machine_names_is_away(context->machines, machine_id))
            return str_printf("machine %s, which has it, is not there", label);
    }
    return NULL;
}

void wait_report_timeout(Context *context, WaitGoal goal, const WaitUnit *unit) {
    _cleanup_free_ char *away = away_format(context, goal, unit);
    const char *why = str_or(waits_for(unit), away);
    complain("Error waiting for units: timed out waiting for unit %s to %s%s%s", unit->name,
             goals[goal].aim, why ? ": " : "", str_or(why, ""));
}

void wait_report_gave_up(_unused_ Context *context, WaitGoal goal, const WaitUnit *unit) {
    complain("Unit %s is submitted and will be %s as soon as it fits on a machine", unit->name,
             goals[goal].participle);
}

void wait_report_interrupt(WaitGoal goal) {
    if (wait_goal_is_state(goal)) {
        complain("Interrupted");
        return;
    }
    complain("Interrupted: the units will still be %s", goals[goal].participle);
}
