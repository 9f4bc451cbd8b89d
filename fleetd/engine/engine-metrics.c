#include "fleetd/engine/engine-metrics.h"

#include "fleetd/base/strv.h"
#include "fleetd/engine/rebalancing.h"
#include "fleetd/engine/retries.h"
#include "fleetd/engine/scales.h"

#define SCHEDULE "attemptscheduleunit"
#define UNSCHEDULE "unscheduleunit"

static const MetricFamily is_leader = {
    "fleet_engine_is_leader",
    METRIC_GAUGE,
    "1 on the machine whose engine leads, else 0.",
    {},
};
static const MetricFamily leader_start_time = {
    "fleet_engine_leader_start_time",
    METRIC_GAUGE,
    "Since when this engine leads, in seconds since 1970; 0: it does not.",
    {},
};
static const MetricFamily tasks = {
    "fleet_engine_task_count_total",
    METRIC_COUNTER,
    "Decisions to place a unit on a machine or to take it away.",
    {"type"},
};
static const MetricFamily task_failures = {
    "fleet_engine_task_failure_count_total",
    METRIC_COUNTER,
    "Such decisions that could not be written.",
    {"type"},
};
static const MetricFamily reconciles = {
    "fleet_engine_reconcile_count_total",
    METRIC_COUNTER,
    "Rounds of deciding that ended well.",
    {},
};
static const MetricFamily reconcile_duration = {
    "fleet_engine_reconcile_duration_second",
    METRIC_HISTOGRAM,
    "Time of a round, until its decisions are in the store.",
    {},
};
static const MetricFamily reconcile_failures = {
    "fleet_engine_reconcile_failure_count_total",
    METRIC_COUNTER,
    "Rounds that failed, and machines found gone.",
    {"type"},
};
static const MetricFamily units = {
    "fleet_cluster_units",
    METRIC_GAUGE,
    "Units of the cluster by desired state; told by the leader.",
    {"desired_state"},
};
static const MetricFamily pending = {
    "fleet_cluster_units_pending",
    METRIC_GAUGE,
    "Units that fit on no machine; told by the leader.",
    {},
};
static const MetricFamily machines = {
    "fleet_cluster_machines",
    METRIC_GAUGE,
    "Machines of the cluster by status; away: they have orders and no presence; told by the "
    "leader.",
    {"status"},
};

static const MetricFamily held = {
    "fleet_cluster_machines_held",
    METRIC_GAUGE,
    "Machines that vanished and are not given up yet, as too many did at once (failover_hold); "
    "told by the leader.",
    {},
};

static const MetricFamily rollouts = {
    "fleet_cluster_rollouts",
    METRIC_GAUGE,
    "Deployments, the last of each unit or template, by how far they are; told by the leader.",
    {"phase"},
};

static const MetricFamily failing = {
    "fleet_cluster_units_failing",
    METRIC_GAUGE,
    "Units that have failed and are to be tried anew; told by the leader.",
    {},
};

static const MetricFamily *const families[] = {
    &is_leader,
    &leader_start_time,
    &tasks,
    &task_failures,
    &reconciles,
    &reconcile_duration,
    &reconcile_failures,
    &units,
    &pending,
    &machines,
    &held,
    &rollouts,
    &failing,
};

void engine_metrics_declare(Metrics *metrics) {
    for (size_t i = 0; i < ELEMENTSOF(families); i++)
        metrics_declare(metrics, families[i]);
    retries_declare(metrics);
    scales_declare(metrics);
    rebalancing_declare(metrics);
}

/* What follows an answered withdrawal is no decision of its own. */
EngineRound engine_round_begin(const Plan *plan, usec_t begun_usec) {
    EngineRound round = {.begun_usec = begun_usec};
    for (size_t i = 0; i < plan->n_steps; i++) {
        const PlanStep *step = &plan->steps[i];
        if (step->kind == PLAN_PUT_ORDER && step->order->desired != LAUNCH_STATE_INACTIVE)
            round.n_scheduled++;
        else if (step->kind == PLAN_PUT_ORDER || (step->kind == PLAN_DELETE_ORDER && step->is_void))
            round.n_unscheduled++;
    }
    return round;
}

void engine_round_end(const EngineRound *round, int r, Metrics *metrics, usec_t now_usec) {
    metrics_add(metrics, &tasks, LABELS(SCHEDULE), round->n_scheduled);
    metrics_add(metrics, &tasks, LABELS(UNSCHEDULE), round->n_unscheduled);
    if (r >= 0) {
        metrics_add(metrics, &reconciles, NULL, 1);
        metrics_observe(metrics, &reconcile_duration, NULL, now_usec - round->begun_usec);
        return;
    }
    metrics_add(metrics, &task_failures, LABELS(SCHEDULE), round->n_scheduled);
    metrics_add(metrics, &task_failures, LABELS(UNSCHEDULE), round->n_unscheduled);
    engine_metrics_failed(metrics, "schedule");
}

void engine_metrics_failed(Metrics *metrics, const char *type) {
    metrics_add(metrics, &reconcile_failures, LABELS(type), 1);
}

static void collect_cluster(Metrics *metrics, const Cluster *cluster, const Feed *feed) {
    FeedCounts counts;
    feed_count(feed, &counts);
    for (LaunchState state = 0; state < _LAUNCH_STATE_MAX; state++)
        metrics_set(metrics, &units, LABELS(launch_state_to_string(state)),
                    (double) counts.units[state]);
    for (MachineStatus status = 0; status < _MACHINE_STATUS_MAX; status++)
        metrics_set(metrics, &machines, LABELS(machine_status_to_string(status)),
                    (double) counts.machines[status]);
    for (RolloutPhase phase = 0; phase < _ROLLOUT_PHASE_MAX; phase++)
        metrics_set(metrics, &rollouts, LABELS(rollout_phase_to_string(phase)),
                    (double) counts.rollouts[phase]);
    _cleanup_free_ const char **missing = NULL;
    if (cluster_missing_machines(cluster, &missing) >= 0)
        metrics_set(metrics, &machines, LABELS("away"),
                    (double) strv_length((char *const *) missing));
    metrics_set(metrics, &pending, NULL, (double) cluster_count_pending(cluster));
    metrics_set(metrics, &failing, NULL, (double) cluster_count_failing(cluster));
}

/* Who does not lead says nothing of the cluster, rather than something old. */
void engine_metrics_collect(Metrics *metrics, usec_t leader_since_usec, const Cluster *cluster,
                            const Feed *feed, size_t n_held) {
    static const MetricFamily *const of_leader[] = {&units, &pending,  &machines,
                                                    &held,  &rollouts, &failing};
    metrics_set(metrics, &is_leader, NULL, leader_since_usec != 0);
    metrics_set(metrics, &leader_start_time, NULL, (double) leader_since_usec / USEC_PER_SEC);
    for (size_t i = 0; i < ELEMENTSOF(of_leader); i++)
        metrics_clear(metrics, of_leader[i]);
    if (leader_since_usec == 0 || !cluster || !feed)
        return;
    collect_cluster(metrics, cluster, feed);
    metrics_set(metrics, &held, NULL, (double) n_held);
}
