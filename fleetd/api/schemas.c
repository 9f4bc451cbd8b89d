#include "fleetd/api/schemas.h"

#include "fleetd/model/forecast.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/reboot.h"
#include "fleetd/model/rollout.h"
#include "fleetd/model/unit.h"
#include "fleetd/model/update-policy.h"

static const char *launch_value(int i) {
    return launch_state_to_string((LaunchState) i);
}

static const char *job_value(int i) {
    return job_result_to_string((JobResult) i);
}

static const char *health_value(int i) {
    return unit_health_to_string((UnitHealth) i);
}

static const char *reboot_value(int i) {
    return reboot_phase_to_string((RebootPhase) i);
}

static const char *rollout_value(int i) {
    return rollout_phase_to_string((RolloutPhase) i);
}

static const char *rollout_unit_value(int i) {
    return rollout_unit_phase_to_string((RolloutUnitPhase) i);
}

static const char *on_failure_value(int i) {
    return update_on_failure_to_string((UpdateOnFailure) i);
}

static const char *order_value(int i) {
    return update_order_to_string((UpdateOrder) i);
}

static const char *change_value(int i) {
    return forecast_kind_to_string((ForecastKind) i);
}

static const char *action_value(int i) {
    static const char *const values[] = {"pause", "resume", "promote", "undo"};
    return i < (int) ELEMENTSOF(values) ? values[i] : NULL;
}

static const char *operation_value(int i) {
    static const char *const values[] = {"add", "replace", "remove"};
    return i < (int) ELEMENTSOF(values) ? values[i] : NULL;
}

static const char *event_value(int i) {
    static const char *const values[] = {"unit",     "machine",   "rollout", "scale",
                                         "failover", "rebalance", "synced"};
    return i < (int) ELEMENTSOF(values) ? values[i] : NULL;
}

#define OPTIONAL false
#define REQUIRED true

/* What the agent reports: of a UnitState and of an Event. */
#define REPORT(required) \
    {"currentState", PROPERTY_STRING, required, .value = launch_value, \
     .description = "Derived from what systemd says."}, \
        {"systemdLoadState", PROPERTY_STRING, .description = "LOAD of systemctl."}, \
        {"systemdActiveState", PROPERTY_STRING, .description = "ACTIVE of systemctl."}, \
        {"systemdSubState", PROPERTY_STRING, .description = "SUB of systemctl."}, \
        {"systemdResult", PROPERTY_STRING, .description = "Result= of systemctl show."}, \
        {"job", PROPERTY_STRING, required, .value = job_value, \
         .description = "How the last job ended."}, \
        {"health", PROPERTY_STRING, .value = health_value, \
         .description = "Absent if it has no health check, or does not run."}, \
        {"healthMessage", PROPERTY_STRING, \
         .description = "Why it is not healthy, and what was done about it."}, \
    { \
        "message", PROPERTY_STRING, .description = "Why a job failed." \
    }

#define PAGE(field, schema) \
    { \
        {field, PROPERTY_LIST, REQUIRED, .ref = schema}, \
            {"nextPageToken", PROPERTY_STRING, .description = "Absent on the last page."}, { \
        } \
    }

static const SchemaProperty error[] = {
    {"error", PROPERTY_OBJECT, REQUIRED, .ref = "ErrorDetail"},
    {},
};
static const SchemaProperty error_detail[] = {
    {"code", PROPERTY_INTEGER, REQUIRED, .description = "The HTTP status."},
    {"message", PROPERTY_STRING, REQUIRED, .description = "For people."},
    {},
};
static const SchemaProperty machine[] = {
    {"id", PROPERTY_STRING, REQUIRED, .description = "The machine-id(5)."},
    {"primaryIP", PROPERTY_STRING, .description = "Where others reach it."},
    {"metadata", PROPERTY_STRINGS, REQUIRED, .description = "Its own, overlaid by PATCHes."},
    {"status", PROPERTY_STRING, REQUIRED, .description = "running or restarting."},
    {"version", PROPERTY_STRING, .description = "Of its fleetd."},
    {"cores", PROPERTY_INTEGER, REQUIRED, .description = "Processors."},
    {"memory", PROPERTY_INTEGER, REQUIRED, .description = "Bytes."},
    {"reservedMemory", PROPERTY_INTEGER, .description = "Bytes, kept from units."},
    {"reservedCPU", PROPERTY_INTEGER, .description = "1/1000 cores, kept from units."},
    {"overbook", PROPERTY_INTEGER, .description = "Percent that units may reserve."},
    {"reservations", PROPERTY_OBJECT, .ref = "Reservations", .description = "Of units; in lists."},
    {"orphans", PROPERTY_INTEGER, REQUIRED, .description = "Units that are of another cluster."},
    {"bootID", PROPERTY_STRING, REQUIRED, .description = "Another one after each boot."},
    {"maintenance", PROPERTY_OBJECT, .ref = "Maintenance",
     .description = "Absent: it is eligible for units."},
    {"reboot", PROPERTY_OBJECT, .ref = "Reboot",
     .description = "Absent: it is not to be rebooted."},
    {},
};
static const SchemaProperty reservations[] = {
    {"memory", PROPERTY_INTEGER, REQUIRED, .description = "Bytes that units reserve."},
    {"cpu", PROPERTY_INTEGER, REQUIRED, .description = "1/1000 cores that they reserve."},
    {"memoryCapacity", PROPERTY_INTEGER, .description = "That they may reserve; absent: no limit."},
    {"cpuCapacity", PROPERTY_INTEGER, .description = "Likewise."},
    {},
};
static const SchemaProperty maintenance[] = {
    {"machineID", PROPERTY_STRING, REQUIRED},
    {"drain", PROPERTY_BOOLEAN, REQUIRED, .description = "Its units leave; else it keeps them."},
    {"ignoreGlobal", PROPERTY_BOOLEAN, REQUIRED, .description = "Global units stay."},
    {"deadline", PROPERTY_INTEGER, .description = "Unix time: then the rest leaves at once."},
    {"since", PROPERTY_INTEGER, REQUIRED, .description = "Unix time."},
    {"message", PROPERTY_STRING, .description = "Why, for people."},
    {"remaining", PROPERTY_INTEGER, REQUIRED, .description = "Units that have yet to leave."},
    {"why", PROPERTY_STRING, .description = "Of them, what cannot leave, and why, for people."},
    {},
};
static const SchemaProperty maintenance_page[] = PAGE("maintenance", "Maintenance");
static const SchemaProperty maintenance_request[] = {
    {"drain", PROPERTY_BOOLEAN, .description = "Its units are to leave; else it keeps them."},
    {"ignoreGlobal", PROPERTY_BOOLEAN, .description = "Global units may stay."},
    {"deadlineSeconds", PROPERTY_INTEGER, .description = "From now; absent: none."},
    {"message", PROPERTY_STRING, .description = "One line."},
    {},
};
static const SchemaProperty reboot[] = {
    {"machineID", PROPERTY_STRING, REQUIRED},
    {"phase", PROPERTY_STRING, REQUIRED, .value = reboot_value},
    {"bootID", PROPERTY_STRING, REQUIRED, .description = "Of the boot that is to end."},
    {"since", PROPERTY_INTEGER, REQUIRED, .description = "Unix time."},
    {"phaseSince", PROPERTY_INTEGER, REQUIRED, .description = "Unix time."},
    {"maxParallel", PROPERTY_INTEGER, REQUIRED},
    {"message", PROPERTY_STRING, .description = "Why, for people."},
    {"why", PROPERTY_STRING, .description = "Why it failed, or waits."},
    {},
};
static const SchemaProperty reboot_page[] = PAGE("reboots", "Reboot");
static const SchemaProperty reboot_request[] = {
    {"maxParallel", PROPERTY_INTEGER,
     .description = "Its turn comes when fewer machines are under way; absent: 1."},
    {"deadlineSeconds", PROPERTY_INTEGER,
     .description = "Then what is still there leaves at once; absent: never."},
    {"timeoutSeconds", PROPERTY_INTEGER, .description = "To go down and be back; absent: 600."},
    {"message", PROPERTY_STRING, .description = "One line."},
    {},
};
#define POLICY(required) \
    {"parallel", PROPERTY_INTEGER, required, .description = "Units under way at a time."}, \
        {"canaries", PROPERTY_INTEGER, required, .description = "Then it is to be promoted."}, \
        {"healthySeconds", PROPERTY_INTEGER, required, \
         .description = "A unit that was up and healthy for so long is done."}, \
        {"deadlineSeconds", PROPERTY_INTEGER, required, \
         .description = "One that takes longer to be so has failed."}, \
        {"order", PROPERTY_STRING, required, .value = order_value}, { \
        "onFailure", PROPERTY_STRING, required, .value = on_failure_value \
    }
static const SchemaProperty rollout[] = {
    {"name", PROPERTY_STRING, REQUIRED, .description = "Of the unit, or the template."},
    {"id", PROPERTY_INTEGER, REQUIRED, .description = "Another one for each deployment."},
    {"hash", PROPERTY_STRING, REQUIRED, .description = "SHA-1 of the file; empty: of a restart."},
    {"restart", PROPERTY_BOOLEAN, REQUIRED, .description = "Units are started anew as they are."},
    {"since", PROPERTY_INTEGER, REQUIRED, .description = "Unix time."},
    {"phase", PROPERTY_STRING, REQUIRED, .value = rollout_value},
    {"phaseSince", PROPERTY_INTEGER, REQUIRED, .description = "Unix time."},
    {"why", PROPERTY_STRING, .description = "Why it waits, failed, or is undone."},
    {"message", PROPERTY_STRING, .description = "Why, for people."},
    POLICY(REQUIRED),
    {"paused", PROPERTY_BOOLEAN, REQUIRED, .description = "By a user."},
    {"promoted", PROPERTY_BOOLEAN, REQUIRED},
    {"undone", PROPERTY_BOOLEAN, REQUIRED, .description = "By a user."},
    {"global", PROPERTY_BOOLEAN, REQUIRED,
     .description = "Of a global unit: machines stand in the place of units, by their ids."},
    {"units", PROPERTY_LIST, REQUIRED, .ref = "RolloutUnit"},
    {},
};
static const SchemaProperty rollout_unit[] = {
    {"name", PROPERTY_STRING, REQUIRED},
    {"phase", PROPERTY_STRING, REQUIRED, .value = rollout_unit_value},
    {"why", PROPERTY_STRING, .description = "Why it failed, or was left alone."},
    {},
};
static const SchemaProperty rollout_page[] = PAGE("rollouts", "Rollout");
static const SchemaProperty rollout_request[] = {
    {"text", PROPERTY_STRING, .description = "Of the unit file; or else options."},
    {"options", PROPERTY_LIST, .ref = "UnitOption"},
    {"restart", PROPERTY_BOOLEAN, .description = "Units are started anew as they are: no file."},
    POLICY(OPTIONAL),
    {"checkRevision", PROPERTY_INTEGER,
     .description = "Refused if its units were changed since that revision."},
    {"message", PROPERTY_STRING, .description = "One line."},
    {},
};
static const SchemaProperty rollout_action[] = {
    {"action", PROPERTY_STRING, REQUIRED, .value = action_value},
    {},
};
static const SchemaProperty scale[] = {
    {"name", PROPERTY_STRING, REQUIRED, .description = "The template."},
    {"count", PROPERTY_INTEGER, REQUIRED, .description = "So many are wanted."},
    {"since", PROPERTY_INTEGER, REQUIRED, .description = "Unix time: when it was asked for."},
    {"unreadable", PROPERTY_LIST,
     .description = "Names of the instances that cannot be read in the store. Absent: none."},
    {"there", PROPERTY_INTEGER,
     .description = "So many instances that a number names there are. This and what follows: not "
                    "of an event."},
    {"running", PROPERTY_INTEGER, .description = "So many of these are up."},
    {"others", PROPERTY_INTEGER,
     .description = "Instances that no number names, which are left alone."},
    {"why", PROPERTY_STRING,
     .description = "Why no more can be created, or that some cannot be read."},
    {},
};
static const SchemaProperty scale_page[] = PAGE("scales", "Scale");
static const SchemaProperty scale_request[] = {
    {"count", PROPERTY_INTEGER, REQUIRED, .description = "0 to 10000."},
    {},
};
static const SchemaProperty machine_page[] = PAGE("machines", "Machine");
static const SchemaProperty machine_operation[] = {
    {"op", PROPERTY_STRING, REQUIRED, .value = operation_value},
    {"path", PROPERTY_STRING, REQUIRED, .description = "/MACHINE-ID/metadata/KEY"},
    {"value", PROPERTY_ANY, .description = "A string, or {\"value\": string}."},
    {},
};
static const SchemaProperty machine_metadata[] = {
    {"machineID", PROPERTY_STRING, REQUIRED},
    {"metadata", PROPERTY_STRINGS, REQUIRED, .description = "Set by PATCHes."},
    {},
};
static const SchemaProperty machine_metadata_page[] = PAGE("metadata", "MachineMetadata");
static const SchemaProperty orphan[] = {
    {"name", PROPERTY_STRING, REQUIRED},
    {"machineID", PROPERTY_STRING, REQUIRED},
    {"desiredState", PROPERTY_STRING, REQUIRED, .value = launch_value,
     .description = "What it was ordered to be."},
    {"hash", PROPERTY_STRING, REQUIRED, .description = "SHA-1 of its file."},
    {"known", PROPERTY_BOOLEAN, REQUIRED, .description = "There is a unit of this name."},
    {"cluster", PROPERTY_STRING, .description = "The id of the cluster that it is of."},
    {"text", PROPERTY_STRING, .description = "The file; absent if it cannot be had."},
    {},
};
static const SchemaProperty unreadable[] = {
    {"key", PROPERTY_STRING, REQUIRED, .description = "Below etcd_key_prefix."},
    {},
};
static const SchemaProperty unreadable_page[] = PAGE("unreadable", "UnreadableValue");
static const SchemaProperty orphan_page[] = PAGE("orphans", "Orphan");
static const SchemaProperty option[] = {
    {"section", PROPERTY_STRING, REQUIRED},
    {"name", PROPERTY_STRING, REQUIRED},
    {"value", PROPERTY_STRING, REQUIRED},
    {},
};
static const SchemaProperty pending[] = {
    {"summary", PROPERTY_STRING, REQUIRED, .description = "One line."},
    {"machines", PROPERTY_LIST, REQUIRED, .ref = "PendingReason"},
    {},
};
static const SchemaProperty pending_reason[] = {
    {"machineID", PROPERTY_STRING, REQUIRED},
    {"reason", PROPERTY_STRING, REQUIRED, .description = "Why the unit cannot be there."},
    {},
};
static const SchemaProperty failures[] = {
    {"count", PROPERTY_INTEGER, REQUIRED, .description = "Since it was last well for long."},
    {"nextTry", PROPERTY_INTEGER, .description = "Unix time. Absent: it has not failed just now."},
    {"machines", PROPERTY_LIST, REQUIRED, .ref = "FailurePlace"},
    {},
};
static const SchemaProperty failure_place[] = {
    {"machineID", PROPERTY_STRING, REQUIRED},
    {"count", PROPERTY_INTEGER, REQUIRED, .description = "Of failures there."},
    {"time", PROPERTY_INTEGER, .description = "Unix time of the last one."},
    {"nextTry", PROPERTY_INTEGER, .description = "Unix time: it is tried anew, from there on."},
    {"wellSince", PROPERTY_INTEGER, .description = "Unix time: it runs there, and is well."},
    {"why", PROPERTY_STRING, .description = "Of the last one."},
    {},
};
static const SchemaProperty unit[] = {
    {"name", PROPERTY_STRING, REQUIRED},
    {"options", PROPERTY_LIST, REQUIRED, .ref = "UnitOption",
     .description = "The lines of its file."},
    {"desiredState", PROPERTY_STRING, REQUIRED, .value = launch_value},
    {"currentState", PROPERTY_STRING, REQUIRED, .value = launch_value},
    {"machineID", PROPERTY_STRING, .description = "Absent while it is on no machine."},
    {"hash", PROPERTY_STRING, REQUIRED, .description = "SHA-1 of its file."},
    {"revision", PROPERTY_INTEGER, REQUIRED, .description = "Of the latest request."},
    {"version", PROPERTY_INTEGER, .description = "Of its file. Absent: not known."},
    {"global", PROPERTY_BOOLEAN, REQUIRED, .description = "It runs on every machine that fits."},
    {"reason", PROPERTY_STRING, .description = "Why it is on that machine."},
    {"pending", PROPERTY_OBJECT, .ref = "Pending", .description = "Why it is on none."},
    {"failures", PROPERTY_OBJECT, .ref = "Failures", .description = "Absent: there are none."},
    {"text", PROPERTY_STRING, .description = "The file, byte for byte; wins over options."},
    {},
};
static const SchemaProperty unit_version[] = {
    {"version", PROPERTY_INTEGER, REQUIRED, .description = "Counts the unit's files, from 1 on."},
    {"hash", PROPERTY_STRING, REQUIRED, .description = "SHA-1 of the file."},
    {"time", PROPERTY_INTEGER,
     .description = "Unix time: when it became the unit's. Absent: not known."},
    {"text", PROPERTY_STRING, .description = "The file, byte for byte, if asked for."},
    {},
};
static const SchemaProperty unit_versions[] = {
    {"versions", PROPERTY_LIST, REQUIRED, .ref = "UnitVersion"},
    {},
};
static const SchemaProperty unit_placement[] = {
    {"number", PROPERTY_INTEGER, REQUIRED, .description = "Counts the unit's, from 1 on."},
    {"machineID", PROPERTY_STRING, REQUIRED},
    {"hash", PROPERTY_STRING, .description = "SHA-1 of its file there."},
    {"version", PROPERTY_INTEGER, .description = "Of that file. Absent: not known."},
    {"since", PROPERTY_INTEGER, .description = "Unix time. Absent: not known."},
    {"until", PROPERTY_INTEGER, .description = "Unix time. Absent: it is there."},
    {"ended", PROPERTY_STRING, .description = "Why it is there no more."},
    {"reason", PROPERTY_STRING, .description = "Why it is there."},
    {},
};
static const SchemaProperty unit_placements[] = {
    {"placements", PROPERTY_LIST, REQUIRED, .ref = "UnitPlacement"},
    {},
};
static const SchemaProperty unit_page[] = PAGE("units", "Unit");
static const SchemaProperty unit_state[] = {
    {"name", PROPERTY_STRING, REQUIRED},
    {"hash", PROPERTY_STRING, .description = "SHA-1 of the file that the machine has."},
    {"machineID", PROPERTY_STRING, REQUIRED},
    REPORT(REQUIRED),
    {"revision", PROPERTY_INTEGER, REQUIRED, .description = "Of the request it answers."},
    {"failureCount", PROPERTY_INTEGER, .description = "Of the unit. Absent: none."},
    {"nextTry", PROPERTY_INTEGER, .description = "Unix time: it has failed, and is tried anew."},
    {},
};
static const SchemaProperty unit_state_page[] = PAGE("states", "UnitState");
static const SchemaProperty failover[] = {
    {"held", PROPERTY_BOOLEAN, REQUIRED, .description = "Else nothing of what follows is there."},
    {"since", PROPERTY_INTEGER, .description = "Unix time."},
    {"until", PROPERTY_INTEGER, .description = "Unix time: then they are given up one by one."},
    {"lost", PROPERTY_INTEGER, .description = "So many machines vanished, "},
    {"all", PROPERTY_INTEGER, .description = "of so many."},
    {"machines", PROPERTY_LIST, .description = "The ids of those whose units are held."},
    {"released", PROPERTY_BOOLEAN, .description = "By a user: it does not wait any more."},
    {},
};
static const SchemaProperty status[] = {
    {"time", PROPERTY_INTEGER, REQUIRED, .description = "Unix time of the answer."},
    {"machines", PROPERTY_OBJECT, REQUIRED, .ref = "MachineCounts"},
    {"units", PROPERTY_OBJECT, REQUIRED, .ref = "UnitCounts"},
    {"leader", PROPERTY_OBJECT, .ref = "Leader", .description = "Absent: nobody leads."},
    {"store", PROPERTY_OBJECT, REQUIRED, .ref = "StoreStatus"},
    {"failover", PROPERTY_OBJECT, REQUIRED, .ref = "Failover"},
    {"maintenance", PROPERTY_LIST, REQUIRED, .ref = "Maintenance"},
    {"reboots", PROPERTY_LIST, REQUIRED, .ref = "Reboot"},
    {"rollouts", PROPERTY_LIST, REQUIRED, .ref = "RolloutBrief",
     .description = "Deployments that are under way."},
    {"scales", PROPERTY_LIST, REQUIRED, .ref = "Scale",
     .description = "Of which there are not as many as wanted, or not all run."},
    {"rebalance", PROPERTY_OBJECT, .ref = "RebalanceBrief", .description = "Under way."},
    {"waiting", PROPERTY_LIST, REQUIRED, .ref = "WaitingGroup",
     .description = "The most frequent reasons first."},
    {"troubles", PROPERTY_LIST, REQUIRED, .ref = "Trouble",
     .description = "Units that have failed or are unhealthy, 20 at most."},
    {"moreTroubles", PROPERTY_INTEGER, REQUIRED, .description = "Those that are not named."},
    {"orphans", PROPERTY_INTEGER, REQUIRED, .description = "Units that are of another cluster."},
    {"unreadable", PROPERTY_OBJECT, REQUIRED, .ref = "UnreadableCount"},
    {},
};
static const SchemaProperty rebalance_request[] = {
    {"maxMoves", PROPERTY_INTEGER, .description = "No more than so many (default: all that help)."},
    {"dryRun", PROPERTY_BOOLEAN, .description = "They are proposed, and not made."},
    {},
};
static const SchemaProperty rebalance_move[] = {
    {"unit", PROPERTY_STRING, REQUIRED},
    {"from", PROPERTY_STRING, REQUIRED, .description = "Id of its machine."},
    {"to", PROPERTY_STRING, REQUIRED, .description = "Likewise."},
    {"phase", PROPERTY_STRING, REQUIRED, .description = "waiting, moved or dropped."},
    {"why", PROPERTY_STRING, .description = "It waits or is dropped; null: nothing to be said."},
    {},
};
#define REBALANCE(required) \
    {"id", PROPERTY_INTEGER, required, .description = "Says which one it is."}, \
        {"since", PROPERTY_INTEGER, required, .description = "Unix time: when it was asked for."}, \
        {"phase", PROPERTY_STRING, required, \
         .description = "wanted, proposed (a dry run), moving or done."}, \
        {"dryRun", PROPERTY_BOOLEAN, required}, {"maxMoves", PROPERTY_INTEGER}, { \
        "why", PROPERTY_STRING, .description = "It waits; null: nothing to be said." \
    }
static const SchemaProperty rebalance[] = {
    {"underWay", PROPERTY_BOOLEAN, REQUIRED,
     .description = "Without anything else: none was asked for, or it was cancelled."},
    REBALANCE(OPTIONAL),
    {"moves", PROPERTY_LIST, .ref = "RebalanceMove",
     .description = "As they were proposed; 200 at most."},
    {},
};
static const SchemaProperty rebalance_brief[] = {
    REBALANCE(REQUIRED),
    {"moved", PROPERTY_INTEGER, REQUIRED, .description = "So many units have moved, "},
    {"moves", PROPERTY_INTEGER, REQUIRED, .description = "of so many."},
    {},
};
static const SchemaProperty rollout_brief[] = {
    {"name", PROPERTY_STRING, REQUIRED, .description = "The unit or template."},
    {"restart", PROPERTY_BOOLEAN, REQUIRED, .description = "Units are started anew as they are."},
    {"phase", PROPERTY_STRING, REQUIRED,
     .description = "updating, waiting, paused or rolling-back."},
    {"since", PROPERTY_INTEGER, REQUIRED, .description = "Unix time: when it was asked for."},
    {"done", PROPERTY_INTEGER, REQUIRED, .description = "So many have come to the new file, "},
    {"units", PROPERTY_INTEGER, REQUIRED, .description = "of so many."},
    {"why", PROPERTY_STRING, .description = "What it waits for."},
    {"message", PROPERTY_STRING},
    {},
};
static const SchemaProperty plan_request[] = {
    {"units", PROPERTY_LIST, .ref = "Unit",
     .description =
         "Each as in a PUT of it; without desiredState it is as it is, or, if it is new, "
         "launched. The file of a template goes to all of its instances."},
    {"destroy", PROPERTY_LIST, .description = "Names of units."},
    {"drain", PROPERTY_LIST, .description = "Ids of machines."},
    {},
};
static const SchemaProperty plan[] = {
    {"revision", PROPERTY_INTEGER, REQUIRED,
     .description = "Of the store that it was made of: for checkRevision."},
    {"hasChanges", PROPERTY_BOOLEAN, REQUIRED,
     .description = "Also when only a file would change, of a unit that runs nowhere."},
    {"changes", PROPERTY_LIST, REQUIRED, .ref = "PlanChange",
     .description = "By unit, then by machine."},
    {},
};
static const SchemaProperty plan_change[] = {
    {"unit", PROPERTY_STRING, REQUIRED},
    {"change", PROPERTY_STRING, REQUIRED, .value = change_value},
    {"fromMachineID", PROPERTY_STRING, .description = "Where it is now; null: nowhere."},
    {"machineID", PROPERTY_STRING, .description = "Where it is then; null: nowhere."},
    {"reason", PROPERTY_STRING, REQUIRED},
    {},
};
static const SchemaProperty machine_counts[] = {
    {"running", PROPERTY_INTEGER, REQUIRED},
    {"restarting", PROPERTY_INTEGER, REQUIRED},
    {"missing", PROPERTY_LIST, REQUIRED,
     .description = "Ids of those that should run units and are not there."},
    {},
};
static const SchemaProperty unit_counts[] = {
    {"known", PROPERTY_INTEGER, REQUIRED, .description = "All of them."},
    {"failed", PROPERTY_INTEGER, REQUIRED, .description = "On one of its machines."},
    {"unhealthy", PROPERTY_INTEGER, REQUIRED, .description = "Likewise, and none has failed."},
    {"vanished", PROPERTY_INTEGER, REQUIRED,
     .description = "On machines that are not there and not given up yet."},
    {"starting", PROPERTY_INTEGER, REQUIRED, .description = "Or on their way."},
    {"stopping", PROPERTY_INTEGER, REQUIRED},
    {"up", PROPERTY_INTEGER, REQUIRED, .description = "As they should be."},
    {"waiting", PROPERTY_INTEGER, REQUIRED, .description = "For a place."},
    {"loaded", PROPERTY_INTEGER, REQUIRED, .description = "Not to be started."},
    {"inactive", PROPERTY_INTEGER, REQUIRED, .description = "To be on no machine."},
    {},
};
static const SchemaProperty leader[] = {
    {"machineID", PROPERTY_STRING, REQUIRED},
    {"primaryIP", PROPERTY_STRING, .description = "Absent: the machine is not there."},
    {},
};
static const SchemaProperty store_status[] = {
    {"kind", PROPERTY_STRING, REQUIRED, .description = "etcd or embedded."},
    {"servers", PROPERTY_LIST, REQUIRED, .description = "URLs, as configured here."},
    {"latencyUsec", PROPERTY_INTEGER, REQUIRED,
     .description = "Microseconds that its last answer to a read took."},
    {},
};
static const SchemaProperty waiting_group[] = {
    {"reason", PROPERTY_STRING, REQUIRED},
    {"count", PROPERTY_INTEGER, REQUIRED, .description = "Units that wait for it."},
    {"units", PROPERTY_LIST, REQUIRED, .description = "The first of them by name."},
    {},
};
static const SchemaProperty trouble[] = {
    {"unit", PROPERTY_STRING, REQUIRED},
    {"machineID", PROPERTY_STRING, REQUIRED},
    {"primaryIP", PROPERTY_STRING, .description = "Absent: the machine is not there."},
    {"condition", PROPERTY_STRING, REQUIRED, .description = "failed or unhealthy."},
    {"why", PROPERTY_STRING, .description = "Absent: not known."},
    {},
};
static const SchemaProperty unreadable_count[] = {
    {"count", PROPERTY_INTEGER, REQUIRED},
    {"keys", PROPERTY_LIST, REQUIRED, .description = "The first of them."},
    {},
};
static const SchemaProperty event[] = {
    {"type", PROPERTY_STRING, REQUIRED, .value = event_value},
    {"unit", PROPERTY_STRING, .description = "Name; of type unit."},
    {"machineID", PROPERTY_STRING, .description = "Empty: the unit is on no machine."},
    {"primaryIP", PROPERTY_STRING, .description = "Null: the machine is not there."},
    {"desiredState", PROPERTY_STRING, .value = launch_value},
    REPORT(OPTIONAL),
    {"log", PROPERTY_LIST,
     .description = "The last lines of a unit that failed, also when it was started."},
    {"hash", PROPERTY_STRING},
    {"revision", PROPERTY_INTEGER, .description = "That the report answers; of synced: seen."},
    {"unitRevision", PROPERTY_INTEGER, .description = "Of the latest request."},
    {"global", PROPERTY_BOOLEAN},
    {"deleted", PROPERTY_BOOLEAN, .description = "The cluster does not know the unit."},
    {"orphan", PROPERTY_BOOLEAN, .description = "It is there for another cluster."},
    {"reason", PROPERTY_STRING},
    {"pending", PROPERTY_OBJECT, .ref = "Pending"},
    {"failures", PROPERTY_OBJECT, .ref = "Failures"},
    {"held", PROPERTY_BOOLEAN, .description = "Of type failover, with what Failover has."},
    {"underWay", PROPERTY_BOOLEAN, .description = "Of type rebalance, with what Rebalance has."},
    {"metadata", PROPERTY_STRINGS, .description = "This and what follows: of type machine."},
    {"status", PROPERTY_STRING, .description = "running, restarting or gone."},
    {"bootID", PROPERTY_STRING, .description = "Null: the machine is not there."},
    {"maintenance", PROPERTY_OBJECT, .ref = "Maintenance"},
    {"reboot", PROPERTY_OBJECT, .ref = "Reboot"},
    {"rollout", PROPERTY_OBJECT, .ref = "Rollout",
     .description = "Of type rollout; absent: nothing is deployed any more."},
    {"scale", PROPERTY_OBJECT, .ref = "Scale",
     .description = "Of type scale; absent: no number of instances is kept any more."},
    {},
};

const Schema api_schemas[] = {
    {"Error", .properties = error},
    {"ErrorDetail", .properties = error_detail},
    {"Event", .properties = event},
    {"Failover", .properties = failover},
    {"Leader", .properties = leader},
    {"FailurePlace", .properties = failure_place},
    {"Failures", .properties = failures},
    {"Machine", .properties = machine},
    {"MachineCounts", .properties = machine_counts},
    {"MachineMetadata", .properties = machine_metadata},
    {"MachineMetadataPage", .properties = machine_metadata_page},
    {"MachineOperation", .properties = machine_operation},
    {"MachinePage", .properties = machine_page},
    {"MachinePatch", .items = "MachineOperation"},
    {"Maintenance", .properties = maintenance},
    {"MaintenancePage", .properties = maintenance_page},
    {"MaintenanceRequest", .properties = maintenance_request},
    {"Orphan", .properties = orphan},
    {"OrphanPage", .properties = orphan_page},
    {"Pending", .properties = pending},
    {"PendingReason", .properties = pending_reason},
    {"Plan", .properties = plan},
    {"PlanChange", .properties = plan_change},
    {"PlanRequest", .properties = plan_request},
    {"Rebalance", .properties = rebalance},
    {"RebalanceBrief", .properties = rebalance_brief},
    {"RebalanceMove", .properties = rebalance_move},
    {"RebalanceRequest", .properties = rebalance_request},
    {"Reboot", .properties = reboot},
    {"RebootPage", .properties = reboot_page},
    {"RebootRequest", .properties = reboot_request},
    {"Rollout", .properties = rollout},
    {"RolloutAction", .properties = rollout_action},
    {"RolloutBrief", .properties = rollout_brief},
    {"RolloutPage", .properties = rollout_page},
    {"RolloutRequest", .properties = rollout_request},
    {"RolloutUnit", .properties = rollout_unit},
    {"Reservations", .properties = reservations},
    {"Scale", .properties = scale},
    {"ScalePage", .properties = scale_page},
    {"ScaleRequest", .properties = scale_request},
    {"Status", .properties = status},
    {"StoreStatus", .properties = store_status},
    {"Trouble", .properties = trouble},
    {"Unit", .properties = unit},
    {"UnitCounts", .properties = unit_counts},
    {"UnitOption", .properties = option},
    {"UnitPage", .properties = unit_page},
    {"UnitPlacement", .properties = unit_placement},
    {"UnitPlacements", .properties = unit_placements},
    {"UnitState", .properties = unit_state},
    {"UnitStatePage", .properties = unit_state_page},
    {"UnitVersion", .properties = unit_version},
    {"UnitVersions", .properties = unit_versions},
    {"UnreadableCount", .properties = unreadable_count},
    {"UnreadablePage", .properties = unreadable_page},
    {"UnreadableValue", .properties = unreadable},
    {"WaitingGroup", .properties = waiting_group},
    {},
};
