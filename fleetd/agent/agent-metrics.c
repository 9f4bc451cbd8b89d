/* What is counted of the agent's work, and what is looked up about this machine's units. */
#include "fleetd/agent/agent-internal.h"

static const MetricFamily registered = {
    "fleet_agent_registered",
    METRIC_GAUGE,
    "1 while this machine has its place in the cluster, else 0.",
    {},
};
static const MetricFamily units = {
    "fleet_agent_units",
    METRIC_GAUGE,
    "Units on this machine, as ordered and as they are.",
    {"desired_state", "current_state"},
};
static const MetricFamily systemd_states = {
    "fleet_agent_unit_systemd_states",
    METRIC_GAUGE,
    "Units on this machine by systemd's states.",
    {"load", "active", "sub"},
};
static const MetricFamily orphans = {
    "fleet_agent_orphans",
    METRIC_GAUGE,
    "Units on this machine that are of another cluster and are kept.",
    {},
};
static const MetricFamily jobs = {
    "fleet_agent_jobs_total",
    METRIC_COUNTER,
    "Tasks on this machine that ended, by how.",
    {"task", "result"},
};

static const MetricFamily health = {
    "fleet_agent_unit_health",
    METRIC_GAUGE,
    "Units on this machine that have a health check and run, by what came of it.",
    {"health"},
};
static const MetricFamily checks = {
    "fleet_agent_health_checks_total",
    METRIC_COUNTER,
    "Health checks of units on this machine, by how they ended.",
    {"result"},
};

static const MetricFamily reboots = {
    "fleet_agent_reboots_total",
    METRIC_COUNTER,
    "Times that systemd was asked to reboot this machine, by how it answered.",
    {"result"},
};

void agent_metrics_count_reboot(Agent *agent, bool is_taken) {
    metrics_add(agent->metrics, &reboots, LABELS(is_taken ? "success" : "failure"), 1);
}

void agent_metrics_count_check(Agent *agent, bool is_well) {
    metrics_add(agent->metrics, &checks, LABELS(is_well ? "success" : "failure"), 1);
}

void agent_metrics_count_job(Agent *agent, TaskKind kind, JobResult result) {
    metrics_add(agent->metrics, &jobs,
                LABELS(task_kind_to_string(kind), job_result_to_string(result)), 1);
}

static void collect_unit(Metrics *metrics, const AgentUnit *unit) {
    const UnitStatus *status = unit->status;
    LaunchState desired = unit->order ? unit->order->desired : LAUNCH_STATE_INACTIVE;
    if (agent_unit_is_over(unit))
        return;
    metrics_add(
        metrics, &units,
        LABELS(launch_state_to_string(desired), launch_state_to_string(reconcile_current(status))),
        1);
    if (status)
        metrics_add(metrics, &systemd_states, LABELS(status->load, status->active, status->sub), 1);
    if (unit->health != UNIT_HEALTH_NONE)
        metrics_add(metrics, &health, LABELS(unit_health_to_string(unit->health)), 1);
}

static void collect(Metrics *metrics, void *userdata) {
    const Agent *agent = userdata;
    _unused_ const char *name;
    const AgentUnit *unit;
    metrics_set(metrics, &registered, NULL, agent->registered_revision != 0);
    metrics_set(metrics, &orphans, NULL, (double) map_size(agent->orphans));
    metrics_clear(metrics, &units);
    metrics_clear(metrics, &health);
    metrics_clear(metrics, &systemd_states);
    MAP_FOREACH (name, unit, agent->units)
        collect_unit(metrics, unit);
}

void agent_metrics_open(Agent *agent) {
    static const MetricFamily *const families[] = {&registered, &units,  &systemd_states, &orphans,
                                                   &health,     &checks, &jobs,           &reboots};
    for (size_t i = 0; i < ELEMENTSOF(families); i++)
        metrics_declare(agent->metrics, families[i]);
    agent->metric_source = metrics_add_source(agent->metrics, collect, agent);
}
