/* The options of [X-Fleet], in the order of the manual. To add one: a row here, its reader in the
 * file of its subject (requirements-values.c, ...), and its rules, if any, in requirements-rules.c.
 */
#include "fleetd/model/requirements-internal.h"

typedef struct OptionRow {
    RequirementOption option;
    RequirementRead read;
} OptionRow;

static const OptionRow rows[_OPTION_MAX] = {
    [OPTION_MACHINE_ID] =
        {
            {"MachineID",
             {"X-ConditionMachineID", "X-ConditionMachineBootID"},
             "ID",
             "Run only on the machine with this machine id; the first one counts."},
            requirements_read_machine_id,
        },
    [OPTION_MACHINE_OF] =
        {
            {"MachineOf",
             {"X-ConditionMachineOf"},
             "UNIT...",
             "Run only on the machine where these units are scheduled, and follow them."},
            requirements_read_machine_of,
        },
    [OPTION_MACHINE_METADATA] =
        {
            {"MachineMetadata",
             {"X-ConditionMachineMetadata"},
             "KEY=VALUE...",
             "Run only on machines with this metadata: of each key given, one of its values."},
            requirements_read_metadata,
        },
    [OPTION_CONFLICTS] =
        {
            {"Conflicts",
             {"X-Conflicts"},
             "GLOB...",
             "Never share a machine with another unit of a matching name, whoever came first."},
            requirements_read_conflicts,
        },
    [OPTION_REPLACES] =
        {
            {"Replaces",
             {},
             "GLOB...",
             "Units of a matching name move away from the machine that is chosen for this one."},
            requirements_read_replaces,
        },
    [OPTION_GLOBAL] =
        {
            {"Global",
             {},
             "BOOLEAN",
             "Run on every machine that the metadata and conflicts allow; the last one counts."},
            requirements_read_global,
        },
    [OPTION_STOP_AFTER_DISCONNECT] =
        {
            {"StopAfterDisconnect",
             {},
             "TIME",
             "Never run twice: stopped when its machine is cut off that long, moved only then."},
            requirements_read_stop_after,
        },
    [OPTION_RESERVE_MEMORY] =
        {
            {"ReserveMemory",
             {},
             "SIZE",
             "Keep so much memory of the machine for it, instead of MemoryMax= or MemoryHigh=."},
            requirements_read_reserve_memory,
        },
    [OPTION_RESERVE_CPU] =
        {
            {"ReserveCPU",
             {},
             "CORES",
             "Keep so many cores of the machine for it, or so many percent of one, instead of "
             "CPUQuota=."},
            requirements_read_reserve_cpu,
        },
    [OPTION_SPREAD] =
        {
            {"Spread",
             {},
             "KEY...",
             "Balance the instances of the template, or the group, over the values of metadata."},
            requirements_read_spread,
        },
    [OPTION_PREFER] =
        {
            {"Prefer",
             {},
             "KEY=VALUE [WEIGHT]...",
             "Rather on machines with this metadata, if they fit; weights from 1 to 100."},
            requirements_read_prefer,
        },
    [OPTION_AVOID] =
        {
            {"Avoid",
             {},
             "KEY=VALUE [WEIGHT]...",
             "Rather not on machines with this metadata, if others fit."},
            requirements_read_avoid,
        },
    [OPTION_PRIORITY] =
        {
            {"Priority",
             {},
             "NUMBER",
             "Of units that wait, those with the higher number go first; 50 if it is not given."},
            requirements_read_priority,
        },
    [OPTION_PREEMPT] =
        {
            {"Preempt",
             {},
             "BOOLEAN",
             "If it fits nowhere it pushes units with a lower Priority off a machine, as few as "
             "will do."},
            requirements_read_preempt,
        },
    [OPTION_GROUP] =
        {
            {"Group",
             {},
             "NAME",
             "Units of one group share MaxUnavailable; else the instances of a template are one."},
            requirements_read_group,
        },
    [OPTION_MAX_UNAVAILABLE] =
        {
            {"MaxUnavailable",
             {},
             "NUMBER|PERCENT",
             "So many units of the group may be down at a time because fleet moves or updates "
             "them."},
            requirements_read_max_unavailable,
        },
    [OPTION_HEALTH_CHECK] =
        {
            {"HealthCheck",
             {},
             "URL|COMMAND",
             "How to ask the service on its machine whether it is well; the last one counts."},
            requirements_read_health_check,
        },
    [OPTION_HEALTH_INTERVAL] =
        {
            {"HealthInterval",
             {},
             "TIME",
             "So often it is asked, from when it is up; 10s if not said."},
            requirements_read_health_interval,
        },
    [OPTION_HEALTH_TIMEOUT] =
        {
            {"HealthTimeout",
             {},
             "TIME",
             "An answer that takes longer is a failure; 3s if not said."},
            requirements_read_health_timeout,
        },
    [OPTION_HEALTH_RETRIES] =
        {
            {"HealthRetries",
             {},
             "NUMBER",
             "So many failures in a row make it unhealthy; 3 if not said."},
            requirements_read_health_retries,
        },
    [OPTION_HEALTH_START_PERIOD] =
        {
            {"HealthStartPeriod",
             {},
             "TIME",
             "For so long after a start failures do not count; 30s if not said."},
            requirements_read_health_start_period,
        },
    [OPTION_UPDATE_PARALLEL] =
        {
            {"UpdateParallel",
             {},
             "NUMBER",
             "So many units are updated at a time by a deployment; 1 if not said."},
            requirements_read_update_parallel,
        },
    [OPTION_UPDATE_HEALTHY_TIME] =
        {
            {"UpdateHealthyTime",
             {},
             "TIME",
             "A unit that was up and healthy for so long is updated; 10s if not said."},
            requirements_read_update_healthy_time,
        },
    [OPTION_UPDATE_HEALTHY_DEADLINE] =
        {
            {"UpdateHealthyDeadline",
             {},
             "TIME",
             "A unit that takes longer to be so has failed; 5min if not said."},
            requirements_read_update_healthy_deadline,
        },
    [OPTION_UPDATE_CANARIES] =
        {
            {"UpdateCanaries",
             {},
             "NUMBER",
             "So many units first; the others follow when a user promotes them."},
            requirements_read_update_canaries,
        },
    [OPTION_UPDATE_ON_FAILURE] =
        {
            {"UpdateOnFailure",
             {},
             "rollback|pause|continue",
             "What a deployment does when a unit has failed; rollback if not said."},
            requirements_read_update_on_failure,
        },
    [OPTION_UPDATE_ORDER] =
        {
            {"UpdateOrder",
             {},
             "stop-first|start-first",
             "Whether a unit that is updated is stopped first, or started first on another "
             "machine; stop-first if not said."},
            requirements_read_update_order,
        },
    [OPTION_RESCHEDULE] =
        {
            {"Reschedule",
             {},
             "on-failure|no",
             "Whether it is tried anew, rather elsewhere, when it has failed and nobody on its "
             "machine restarts it any more; if not said, on-failure for a service whose Restart= "
             "wants that."},
            requirements_read_reschedule,
        },
};

const RequirementOption *requirements_option(size_t i) {
    return i < ELEMENTSOF(rows) ? &rows[i].option : NULL;
}

RequirementRead option_reader(OptionId id) {
    return rows[id].read;
}

static bool option_is_named(const RequirementOption *option, const char *name) {
    for (size_t i = 0; i < ELEMENTSOF(option->old_names); i++)
        if (option->old_names[i] && streq(option->old_names[i], name))
            return true;
    return streq(option->name, name);
}

OptionId option_find(const char *name) {
    for (size_t i = 0; i < ELEMENTSOF(rows); i++)
        if (option_is_named(&rows[i].option, name))
            return (OptionId) i;
    return _OPTION_INVALID;
}
