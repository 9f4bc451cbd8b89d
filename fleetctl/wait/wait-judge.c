#include "fleetctl/wait/wait-judge.h"

/* The machine has carried the request out, or given it up. */
static bool event_is_final(const ApiEvent *event, int64_t revision) {
    return event->revision >= revision && job_result_is_final(event->job);
}

static bool job_is_good(JobResult job) {
    return job == JOB_RESULT_DONE || job == JOB_RESULT_SKIPPED;
}

/* Only what no order answers is said to wait: it has none, or one of an earlier request. */
static WaitStatus judge_unanswered(int64_t revision, const ApiEvent *event) {
    return event->pending.summary && event->unit_revision >= revision ? WAIT_STATUS_PENDING
                                                                      : WAIT_STATUS_OPEN;
}

/* The unit is on no machine. */
static WaitStatus judge_up_without_machine(LaunchState wanted, int64_t revision,
                                           const ApiEvent *event) {
    if (event->unit_revision > revision && event->desired != wanted)
        return WAIT_STATUS_OVERTAKEN;
    return judge_unanswered(revision, event);
}

static WaitStatus judge_up(LaunchState wanted, int64_t revision, const ApiEvent *event) {
    if (event->is_deleted)
        return WAIT_STATUS_OVERTAKEN;
    if (!*event->machine_id)
        return judge_up_without_machine(wanted, revision, event);
    if (event->desired !=
        wanted) /* inactive may also be said of a machine that the unit only leaves */
        return event->unit_revision > revision && event->desired != LAUNCH_STATE_INACTIVE
                   ? WAIT_STATUS_OVERTAKEN
                   : WAIT_STATUS_OPEN;
    if (!event_is_final(event, revision))
        return judge_unanswered(revision, event);
    if (!job_is_good(event->job))
        return WAIT_STATUS_FAILED;
    if (event->current == LAUNCH_STATE_INACTIVE)
        return WAIT_STATUS_OPEN; /* a placement's last line */
    return wanted == LAUNCH_STATE_LAUNCHED && streq(event->active, "failed") ? WAIT_STATUS_FAILED
                                                                             : WAIT_STATUS_REACHED;
}

static WaitStatus judge_launched(int64_t revision, const ApiEvent *event) {
    return judge_up(LAUNCH_STATE_LAUNCHED, revision, event);
}

static WaitStatus judge_loaded(int64_t revision, const ApiEvent *event) {
    return judge_up(LAUNCH_STATE_LOADED, revision, event);
}

static WaitStatus judge_stopped(int64_t revision, const ApiEvent *event) {
    if (event->is_deleted)
        return WAIT_STATUS_OVERTAKEN;
    if (event->unit_revision > revision && event->desired == LAUNCH_STATE_LAUNCHED)
        return WAIT_STATUS_OVERTAKEN;
    if (!*event->machine_id)
        return event->unit_revision >= revision ? WAIT_STATUS_REACHED : WAIT_STATUS_OPEN;
    if (!event_is_final(event, revision))
        return WAIT_STATUS_OPEN;
    if (event->current != LAUNCH_STATE_LAUNCHED)
        return WAIT_STATUS_REACHED;
    return job_is_good(event->job) ? WAIT_STATUS_OPEN : WAIT_STATUS_FAILED;
}

/* A machine that should have let go of the unit and could not. */
static WaitStatus judge_letting_go(const ApiEvent *event) {
    bool is_stuck = event->desired == LAUNCH_STATE_INACTIVE &&
                    event->current != LAUNCH_STATE_INACTIVE && job_result_is_final(event->job) &&
                    !job_is_good(event->job);
    return is_stuck ? WAIT_STATUS_STUCK : WAIT_STATUS_OPEN;
}

static WaitStatus judge_inactive(int64_t revision, const ApiEvent *event) {
    if (!event->is_deleted && event->unit_revision > revision &&
        event->desired != LAUNCH_STATE_INACTIVE)
        return WAIT_STATUS_OVERTAKEN;
    if (*event->machine_id)
        return event->revision >= revision ? judge_letting_go(event) : WAIT_STATUS_OPEN;
    return event->is_deleted || event->unit_revision >= revision ? WAIT_STATUS_REACHED
                                                                 : WAIT_STATUS_OPEN;
}

/* A unit of the same name that is newer than the removal is another one: that which was meant is
 * gone. */
static WaitStatus judge_gone(int64_t revision, const ApiEvent *event) {
    if (!event->is_deleted)
        return event->unit_revision > revision ? WAIT_STATUS_REACHED : WAIT_STATUS_OPEN;
    return *event->machine_id ? judge_letting_go(event) : WAIT_STATUS_REACHED;
}

/* Only what is wanted is adopted. */
static WaitStatus judge_adopted(int64_t revision, const ApiEvent *event) {
    bool is_unwanted = !*event->machine_id && event->unit_revision > revision &&
                       event->desired == LAUNCH_STATE_INACTIVE;
    return event->is_deleted || is_unwanted ? WAIT_STATUS_OVERTAKEN : WAIT_STATUS_OPEN;
}

static WaitStatus judge_health(UnitHealth health) {
    static const WaitStatus statuses[_UNIT_HEALTH_MAX] = {
        [UNIT_HEALTH_NONE] = WAIT_STATUS_REACHED,
        [UNIT_HEALTH_STARTING] = WAIT_STATUS_OPEN,
        [UNIT_HEALTH_HEALTHY] = WAIT_STATUS_REACHED,
        [UNIT_HEALTH_UNHEALTHY] = WAIT_STATUS_FAILED,
    };
    return statuses[health];
}

static WaitStatus judge_well(int64_t revision, const ApiEvent *event) {
    WaitStatus status = judge_launched(revision, event);
    return status == WAIT_STATUS_REACHED ? judge_health(event->health) : status;
}

/* The unit is on no machine. */
static WaitStatus judge_state_without_machine(const ApiEvent *event) {
    if (event->desired != LAUNCH_STATE_LAUNCHED)
        return WAIT_STATUS_UNASKED;
    return event->pending.summary ? WAIT_STATUS_PENDING : WAIT_STATUS_OPEN;
}

/* Its start was in vain. systemd has nothing to show for it if it never began; one that was
 * canceled is tried again, as is what systemd is about to restart. */
static bool start_has_failed(const ApiEvent *event) {
    bool is_at_rest = !*event->active || streq(event->active, "inactive");
    return streq(event->active, "failed") ||
           (is_at_rest && !job_is_good(event->job) && event->job != JOB_RESULT_CANCELED);
}

/* A global unit may run elsewhere, where its conditions hold, also on a machine that has yet to
 * come. */
static bool start_has_ended(const ApiEvent *event) {
    return job_is_good(event->job) && streq(event->active, "inactive") &&
           event->current == LAUNCH_STATE_LAUNCHED && !event->is_global;
}

/* What a line says of the unit as it was asked for last: reached if it is in that state. A failure
 * of before that counts for nothing. */
static WaitStatus judge_state(const ApiEvent *event, const char *active, WaitStatus when_failed) {
    if (event->is_deleted)
        return WAIT_STATUS_OVERTAKEN;
    if (!*event->machine_id)
        return judge_state_without_machine(event);
    if (event->desired == LAUNCH_STATE_INACTIVE || !event_is_final(event, event->unit_revision))
        return event->pending.summary ? WAIT_STATUS_PENDING : WAIT_STATUS_OPEN;
    if (streq(event->active, active))
        return WAIT_STATUS_REACHED;
    if (event->desired != LAUNCH_STATE_LAUNCHED)
        return WAIT_STATUS_UNASKED;
    if (start_has_failed(event))
        return when_failed;
    return start_has_ended(event) ? WAIT_STATUS_ENDED : WAIT_STATUS_OPEN;
}

static WaitStatus judge_for_running(_unused_ int64_t revision, const ApiEvent *event) {
    return judge_state(event, "active", WAIT_STATUS_FAILED);
}

static WaitStatus judge_for_healthy(_unused_ int64_t revision, const ApiEvent *event) {
    WaitStatus status = judge_state(event, "active", WAIT_STATUS_FAILED);
    return status == WAIT_STATUS_REACHED ? judge_health(event->health) : status;
}

static WaitStatus judge_for_failed(_unused_ int64_t revision, const ApiEvent *event) {
    return judge_state(event, "failed", WAIT_STATUS_REACHED);
}

static WaitStatus judge_for_gone(_unused_ int64_t revision, const ApiEvent *event) {
    bool is_gone = event->is_deleted && !*event->machine_id;
    return is_gone ? WAIT_STATUS_REACHED : WAIT_STATUS_OPEN;
}

static WaitStatus (*const judges[_WAIT_GOAL_MAX])(int64_t revision, const ApiEvent *event) = {
    [WAIT_LAUNCHED] = judge_launched,
    [WAIT_LOADED] = judge_loaded,
    [WAIT_STOPPED] = judge_stopped,
    [WAIT_INACTIVE] = judge_inactive,
    [WAIT_GONE] = judge_gone,
    [WAIT_ADOPTED] = judge_adopted,
    [WAIT_RESTARTED] = judge_launched,
    [WAIT_WELL] = judge_well,
    [WAIT_FOR_RUNNING] = judge_for_running,
    [WAIT_FOR_HEALTHY] = judge_for_healthy,
    [WAIT_FOR_GONE] = judge_for_gone,
    [WAIT_FOR_FAILED] = judge_for_failed,
};

WaitStatus wait_judge(WaitGoal goal, int64_t revision, const ApiEvent *event) {
    if (event->is_orphan)
        return WAIT_STATUS_OPEN; /* it is not this cluster's, and answers none of its requests */
    return judges[goal](revision, event);
}

bool wait_goal_is_state(WaitGoal goal) {
    return goal >= WAIT_FOR_RUNNING && goal <= WAIT_FOR_FAILED;
}

bool wait_status_is_open(WaitStatus status) {
    return status <= WAIT_STATUS_ENDED;
}
