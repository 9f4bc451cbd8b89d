#include "tests/torture/torture-cases.h"

#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/leader.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/stored-record.h"
#include "fleetd/model/text.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

#define HASH "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define REFUSED(function, text) /* a text that is wrong, and a message that says why */ \
    _cleanup_error_ Error error = {}; \
    torture_arm(t); \
    int r = function(text, &error); \
    torture_disarm(t); \
    return r

/* --- names --- */

static int unit_name_refused_case(Torture *t) {
    REFUSED(unit_name_check, "no/such.service");
}

static int unit_name_parts_case(Torture *t) {
    torture_arm(t);
    char *prefix = unit_name_prefix("web@1.service"),
         *instance = unit_name_instance("web@1.service");
    torture_disarm(t);
    bool are_both = prefix && instance;
    torture_note_take(t, prefix);
    torture_note_take(t, instance);
    return are_both ? 0 : -ENOMEM;
}

static int unit_name_template_case(Torture *t) {
    char *name = UNTOUCHED;
    torture_arm(t);
    int r = unit_name_template("web@1.service", &name);
    torture_disarm(t);
    return torture_has(t, r, name) ? torture_text_take(t, name) : r;
}

static int unit_name_complete_case(Torture *t) {
    char *name = UNTOUCHED;
    torture_arm(t);
    int r = unit_name_complete("units/web", &name);
    torture_disarm(t);
    return torture_has(t, r, name) ? torture_text_take(t, name) : r;
}

static int unit_name_expand_case(Torture *t) {
    char *text = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = unit_name_expand("web@1.service", "%n is %p of %i, %N, and a %% as long as that", &text,
                             &error);
    torture_disarm(t);
    return torture_has(t, r, text) ? torture_text_take(t, text) : r;
}

static int unit_name_expand_refused_case(Torture *t) {
    char *text = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = unit_name_expand("web@1.service", "%n %H", &text, &error);
    torture_disarm(t);
    torture_has(t, r, text);
    return r;
}

/* --- unit files --- */

static const char file_text[] =
    "# web\n[Unit]\nDescription=A web \\\n  server\n[Service]\nExecStart=/bin/a\n"
    "ExecStart=/bin/b\n[X-Fleet]\nMachineMetadata=region=eu disk=ssd\n"
    "Conflicts=%p@*.service x.service\nReplaces=old.service\n";

static char *file_describe(const UnitFile *file) {
    size_t n;
    const UnitOption *options = unit_file_options(file, &n);
    char *all = strdup(unit_file_hash(file));
    for (size_t i = 0; i < n; i++) {
        char *longer = str_printf("%s|%u %s.%s=%s", all, options[i].line, options[i].section,
                                  options[i].name, options[i].value);
        free(all);
        all = longer;
    }
    return all;
}

static int file_judge(Torture *t, int r, UnitFile *file) {
    torture_disarm(t);
    if (!torture_has(t, r, file))
        return r;
    torture_note_take(t, file_describe(file));
    torture_note_take(t, strdup(unit_file_text(file, NULL)));
    unit_file_unref(file);
    return 0;
}

static int unit_file_case(Torture *t) {
    UnitFile *file = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = unit_file_parse(TEXT(file_text), &file, &error);
    return file_judge(t, r, file);
}

static int unit_file_refused_case(Torture *t) {
    UnitFile *file = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = unit_file_parse(TEXT("[Unit]\nA=b\n[Service\n"), &file, &error);
    return file_judge(t, r, file);
}

static int unit_file_options_case(Torture *t) {
    static const UnitOption options[] = {{"Unit", "Description", "Web"},
                                         {"Service", "ExecStart", "/bin/a"},
                                         {"Service", "ExecStart", "/bin/b"},
                                         {"Unit", "After", "c.service"}};
    UnitFile *file = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = unit_file_from_options(options, ELEMENTSOF(options), &file, &error);
    return file_judge(t, r, file);
}

static int unit_file_hash_case(Torture *t) {
    char hash[UNIT_FILE_HASH_LENGTH + 1] = "";
    torture_arm(t);
    int r = unit_file_hash_text("abc", 3, hash);
    torture_disarm(t);
    torture_note_take(t, strdup(hash));
    return r;
}

static int unit_file_hash_refused_case(Torture *t) {
    REFUSED(unit_file_hash_check, "abc");
}

/* --- requirements --- */

static void note_list(Torture *t, char *const *list) {
    torture_note_take(t, strv_join(list, " "));
}

static int requirements_judge(Torture *t, const char *text, const char *name) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    Requirements *requirements = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_expect(t, unit_file_parse(text, strlen(text), &file, NULL) == 0, "no unit file");
    torture_arm(t);
    int r = requirements_parse(file, name, &requirements, &error);
    torture_disarm(t);
    if (!torture_has(t, r, requirements))
        return r;
    torture_note_take(t, strdup(str_or(requirements->machine_id, "")));
    torture_note_take(t, strdup(str_or(requirements->budget.group, "")));
    note_list(t, requirements->machine_of);
    note_list(t, requirements->conflicts);
    note_list(t, requirements->replaces);
    note_list(t, requirements->ranking.spread);
    for (size_t i = 0; i < requirements->n_metadata; i++)
        note_list(t, requirements->metadata[i].values);
    requirements_free(requirements);
    return 0;
}

static int requirements_case(Torture *t) {
    return requirements_judge(t, file_text, "web@1.service");
}

static int requirements_of_machine_case(Torture *t) {
    return requirements_judge(t, "[X-Fleet]\nMachineID=" MACHINE_ID "\n", "web.service");
}

static int requirements_of_unit_case(Torture *t) {
    return requirements_judge(t, "[X-Fleet]\nX-ConditionMachineOf=%p.service\n", "web@1.service");
}

static int requirements_of_group_case(Torture *t) {
    return requirements_judge(t, "[X-Fleet]\nGroup=%p\nMaxUnavailable=25%\n", "web@1.service");
}

static int requirements_of_no_number_case(Torture *t) {
    return requirements_judge(t, "[X-Fleet]\nMaxUnavailable=few\n", "web.service");
}

static int requirements_of_place_case(Torture *t) {
    return requirements_judge(t,
                              "[Service]\nMemoryMax=1G\n[X-Fleet]\nSpread=zone rack\n"
                              "Prefer=disk=ssd 80 zone=%i\nAvoid=use=batch\nPriority=80\n",
                              "web@1.service");
}

static int requirements_refused_case(Torture *t) {
    return requirements_judge(t, "[X-Fleet]\nMachineOff=a.service\n", "web.service");
}

static int requirements_contradict_case(Torture *t) {
    return requirements_judge(t, "[X-Fleet]\nGlobal=true\nReplaces=a.service\n", "web.service");
}

/* --- metadata --- */

static int metadata_judge(Torture *t, int r, Metadata *metadata) {
    torture_disarm(t);
    if (!torture_has_struct(t, r, metadata, sizeof(*metadata)))
        return r;
    torture_note_take(t, metadata_format(metadata));
    metadata_done(metadata);
    return 0;
}

#define METADATA "region=eu, disk='ssd',rack=\"12\""

static int metadata_case(Torture *t) {
    Metadata metadata;
    _cleanup_error_ Error error = {};
    torture_fill(&metadata, sizeof(metadata));
    torture_arm(t);
    int r = metadata_parse(METADATA, &metadata, &error);
    return metadata_judge(t, r, &metadata);
}

static int metadata_refused_case(Torture *t) {
    Metadata metadata;
    _cleanup_error_ Error error = {};
    torture_fill(&metadata, sizeof(metadata));
    torture_arm(t);
    int r = metadata_parse("region=eu,disk", &metadata, &error);
    return metadata_judge(t, r, &metadata);
}

static int metadata_overlay_case(Torture *t) {
    _cleanup_metadata_ Metadata a = {}, b = {};
    Metadata both;
    torture_expect(t, metadata_parse(METADATA, &a, NULL) == 0, "no metadata");
    torture_expect(t, metadata_parse("region=us,new=1", &b, NULL) == 0, "no metadata");
    torture_fill(&both, sizeof(both));
    torture_arm(t);
    int r = metadata_overlay(&a, &b, &both);
    return metadata_judge(t, r, &both);
}

static int metadata_set_case(Torture *t) {
    _cleanup_metadata_ Metadata metadata = {};
    torture_expect(t, metadata_parse(METADATA, &metadata, NULL) == 0, "no metadata");
    _cleanup_free_ char *before = metadata_format(&metadata);
    torture_arm(t);
    int r = metadata_set(&metadata, "disk", "hdd"),
        added = r < 0 ? r : metadata_set(&metadata, "a", "b");
    torture_disarm(t);
    _cleanup_free_ char *after = metadata_format(&metadata);
    if (r < 0)
        torture_expect(t, streq(before, after), "a failed change was seen");
    if (r < 0 || added < 0)
        torture_expect(t, !metadata_get(&metadata, "a"), "a failed addition was seen");
    torture_note_take(t, TAKE_PTR(after));
    return r < 0 ? r : added;
}

static int metadata_json_case(Torture *t) {
    _cleanup_metadata_ Metadata metadata = {};
    Metadata copy;
    torture_expect(t, metadata_parse(METADATA, &metadata, NULL) == 0, "no metadata");
    torture_fill(&copy, sizeof(copy));
    torture_arm(t);
    _cleanup_json_ json_object *object = metadata_to_json(&metadata);
    int r = object ? metadata_from_json(object, &copy, NULL) : -ENOMEM;
    return metadata_judge(t, r, &copy);
}

/* --- records --- */

static Machine machine = {.id = (char *) MACHINE_ID,
                          .boot_id = (char *) "b007",
                          .address = (char *) "10.0.0.1",
                          .version = (char *) "1",
                          .cores = 2};

static char *machine_text(const void *record) {
    return machine_format(record);
}

static int machine_case(Torture *t) {
    static const char text[] =
        "{\"bootID\":\"b\",\"address\":\"10.0.0.1\",\"version\":\"1\",\"status\":\"left\","
        "\"metadata\":{\"region\":\"eu\"},\"cores\":2,\"memory\":3}";
    Machine *read = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = machine_parse(MACHINE_ID, TEXT(text), &read, &error);
    torture_disarm(t);
    if (!torture_has(t, r, read))
        return r;
    torture_note_take(t, machine_format(read));
    machine_free(read);
    return 0;
}

static int machine_copy_case(Torture *t) {
    Machine *copy = UNTOUCHED;
    torture_arm(t);
    int r = machine_copy(&machine, &copy);
    torture_disarm(t);
    if (!torture_has(t, r, copy))
        return r;
    torture_note_take(t, machine_format(copy));
    machine_free(copy);
    return 0;
}

static int format_judge(Torture *t, char *(*format)(const void *), const void *record) {
    torture_arm(t);
    char *text = format(record);
    torture_disarm(t);
    return torture_text_take(t, text);
}

static int machine_format_case(Torture *t) {
    return format_judge(t, machine_text, &machine);
}

static const Unit unit = {.hash = (char *) HASH, .desired = LAUNCH_STATE_LOADED};
static const Order order = {.hash = (char *) HASH,
                            .desired = LAUNCH_STATE_LAUNCHED,
                            .unit_revision = 5,
                            .reason = (char *) "least"};
static char *log_lines[] = {(char *) "one", (char *) "two", NULL};
static const UnitState state = {.hash = (char *) HASH,
                                .current = LAUNCH_STATE_LOADED,
                                .load = (char *) "loaded",
                                .active = (char *) "failed",
                                .sub = (char *) "failed",
                                .result = (char *) "exit-code",
                                .job = JOB_RESULT_FAILED,
                                .message = (char *) "it ended",
                                .log = log_lines,
                                .unit_revision = 5};
static PendingReason reasons[] = {{(char *) MACHINE_ID, (char *) "conflict"},
                                  {(char *) "m2", (char *) "left"}};
static const Pending pending = {
    .summary = (char *) "0 of 2", .reasons = reasons, .n_reasons = 2, .unit_revision = 5};

static const Maintenance maintenance = {
    .is_draining = true, .deadline_usec = 7, .since_usec = 5, .message = (char *) "a disk"};
static const Reboot reboot = {.boot_id = (char *) "b1",
                              .phase = REBOOT_FAILED,
                              .since_usec = 5,
                              .max_parallel = 1,
                              .message = (char *) "new kernel",
                              .why = (char *) "it did not come back in time"};

/* A record that is formatted, and its parsing: under torture each for itself. */
#define RECORD_CASES(name, type, format, parse, release) \
    static char *name##_text(const void *record) { \
        return format(record); \
    } \
    static int name##_format_case(Torture *t) { \
        return format_judge(t, name##_text, &name); \
    } \
    static int name##_case(Torture *t) { \
        _cleanup_free_ char *text = format(&name); \
        type *read = UNTOUCHED; \
        _cleanup_error_ Error error = {}; \
        torture_arm(t); \
        int r = parse; \
        torture_disarm(t); \
        if (!torture_has(t, r, read)) \
            return r; \
        torture_note_take(t, format(read)); \
        release(read); \
        return 0; \
    }

RECORD_CASES(unit, Unit, unit_format, unit_parse("a.service", text, strlen(text), &read, &error),
             unit_free)
static const UnitVersion version = {.hash = (char *) "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                                    .time_usec = 7};
RECORD_CASES(version, UnitVersion, unit_version_format,
             unit_version_parse(1, text, strlen(text), &read, &error), unit_version_free)
RECORD_CASES(order, Order, order_format,
             order_parse(MACHINE_ID, "a.service", text, strlen(text), &read, &error), order_free)
RECORD_CASES(state, UnitState, unit_state_format,
             unit_state_parse(MACHINE_ID, "a.service", text, strlen(text), &read, &error),
             unit_state_free)
RECORD_CASES(pending, Pending, pending_format,
             pending_parse("a.service", text, strlen(text), &read, &error), pending_free)
RECORD_CASES(maintenance, Maintenance, maintenance_format,
             maintenance_parse(MACHINE_ID, text, strlen(text), &read, &error), maintenance_free)

static const PastPlacement past = {.number = 12,
                                   .machine_id = (char *) MACHINE_ID,
                                   .hash = (char *) "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                                   .version = 3,
                                   .since_usec = 5,
                                   .until_usec = 7,
                                   .why = (char *) "machine is gone"};
RECORD_CASES(past, PastPlacement, past_placement_format,
             past_placement_parse(text, strlen(text), &read, &error), past_placement_free)
RECORD_CASES(reboot, Reboot, reboot_format,
             reboot_parse(MACHINE_ID, text, strlen(text), &read, &error), reboot_free)

static const Deployment deployment = {.hash = (char *) HASH,
                                      .since_usec = 5,
                                      .policy = {.parallel = 1, .deadline_usec = 9},
                                      .message = (char *) "a fix"};
RECORD_CASES(deployment, Deployment, deployment_format,
             deployment_parse("a.service", text, strlen(text), &read, &error), deployment_free)
static RolloutUnit rollout_units[] = {{.name = (char *) MACHINE_ID,
                                       .before = (char *) HASH,
                                       .keeps = (char *) HASH,
                                       .why = (char *) "it has failed"}};
static const Rollout rollout = {.deployment_usec = 5,
                                .why = (char *) "undone",
                                .is_global = true,
                                .unit_hash = (char *) HASH,
                                .before = (char *) HASH,
                                .units = rollout_units,
                                .n_units = 1};
RECORD_CASES(rollout, Rollout, rollout_format,
             rollout_parse("a@.service", text, strlen(text), &read, &error), rollout_free)

static const TemplateScale scale = {.count = 5, .since_usec = 7};
RECORD_CASES(scale, TemplateScale, template_scale_format,
             template_scale_parse("a@.service", text, strlen(text), &read, &error),
             template_scale_free)

static RebalanceMove rebalance_moves[] = {{.unit = (char *) "a.service",
                                           .from = (char *) MACHINE_ID,
                                           .to = (char *) "22222222222222222222222222222222",
                                           .phase = MOVE_DROPPED,
                                           .why = (char *) "it has failed"}};
static const Rebalance rebalance = {
    .since_usec = 5, .why = (char *) "it waits", .moves = rebalance_moves, .n_moves = 1};
RECORD_CASES(rebalance, Rebalance, rebalance_format,
             rebalance_parse(text, strlen(text), &read, &error), rebalance_free)

static int leader_case(Torture *t) {
    char *id = UNTOUCHED;
    torture_arm(t);
    _cleanup_free_ char *text = leader_format(MACHINE_ID);
    int r = text ? leader_parse(text, strlen(text), &id, NULL) : -ENOMEM;
    torture_disarm(t);
    return torture_has(t, r, id) ? torture_text_take(t, id) : r;
}

static int unit_refused_case(Torture *t) {
    Unit *read = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r =
        unit_parse("a.service", TEXT("{\"hash\":\"" HASH "\",\"desired\":\"up\"}"), &read, &error);
    torture_disarm(t);
    torture_has(t, r, read);
    return r;
}

/* --- what stands in the store --- */

static int keys_case(Torture *t) {
    torture_arm(t);
    char *keys[] = {key_unit("a.service"),
                    key_file(HASH),
                    key_machine(MACHINE_ID),
                    key_metadata(MACHINE_ID, "region"),
                    key_schedule(MACHINE_ID, "a.service"),
                    key_state(MACHINE_ID, "a.service"),
                    key_pending("a.service"),
                    key_maintenance(MACHINE_ID),
                    key_schedule_prefix(MACHINE_ID),
                    key_state_prefix(MACHINE_ID),
                    key_metadata_prefix(MACHINE_ID)};
    torture_disarm(t);
    int r = 0;
    for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
        r = keys[i] ? r : -ENOMEM;
        torture_note_take(t, keys[i]);
    }
    return r;
}

static int key_case(Torture *t) {
    Key key;
    _cleanup_error_ Error error = {};
    torture_fill(&key, sizeof(key));
    torture_arm(t);
    int r = key_parse("schedule/" MACHINE_ID "/a.service", &key, &error);
    torture_disarm(t);
    if (!torture_has_struct(t, r, &key, sizeof(key)))
        return r;
    torture_note_take(t, str_printf("%d %s %s", key.kind, key.machine_id, key.name));
    key_done(&key);
    return 0;
}

static int key_refused_case(Torture *t) {
    Key key;
    _cleanup_error_ Error error = {};
    torture_fill(&key, sizeof(key));
    torture_arm(t);
    int r = key_parse("schedule/here/a.service", &key, &error);
    torture_disarm(t);
    torture_has_struct(t, r, &key, sizeof(key));
    return r;
}

static int record_judge(Torture *t, const char *key, const char *value, int64_t lease) {
    StoredText text = {
        .key = key, .value = value, .size = strlen(value), .revision = 7, .lease = lease};
    StoredRecord record;
    _cleanup_error_ Error error = {};
    torture_fill(&record, sizeof(record));
    torture_arm(t);
    int r = stored_record_parse(&text, &record, &error);
    torture_disarm(t);
    if (!torture_has_struct(t, r, &record, sizeof(record)))
        return r;
    torture_note_take(t, str_printf("%d %s", record.is_readable, str_or(record.key.name, "")));
    stored_record_done(&record);
    return r;
}

#define RECORD_CASE(name, key, value, lease) \
    static int record_##name##_case(Torture *t) { \
        return record_judge(t, key, value, lease); \
    }

RECORD_CASE(unit, "unit/a.service", "{\"hash\":\"" HASH "\",\"desired\":\"loaded\"}", 0)
RECORD_CASE(file, "file/" HASH, "", 0)
RECORD_CASE(machine, "machine/" MACHINE_ID, "{\"bootID\":\"b\",\"status\":\"running\"}", 3)
RECORD_CASE(metadata, "metadata/" MACHINE_ID "/region", "eu", 0)
RECORD_CASE(order, "schedule/" MACHINE_ID "/a.service",
            "{\"hash\":\"" HASH "\",\"desired\":\"loaded\",\"unitRevision\":4}", 0)
RECORD_CASE(state, "state/" MACHINE_ID "/a.service",
            "{\"current\":\"loaded\",\"job\":\"done\",\"unitRevision\":4}", 3)
RECORD_CASE(pending, "pending/a.service", "{\"summary\":\"no\",\"reasons\":[],\"unitRevision\":4}",
            0)
RECORD_CASE(leader, "leader", "{\"machineID\":\"" MACHINE_ID "\"}", 3)
RECORD_CASE(maintenance, "maintenance/" MACHINE_ID, "{\"drain\":true,\"message\":\"a disk\"}", 0)
RECORD_CASE(message, "maintenance/" MACHINE_ID, "{\"message\":\"a\\nb\"}", 0)
RECORD_CASE(garbage, "unit/a.service", "{\"hash\":\"" HASH "\",\"desired\":\"up\"}", 0)
RECORD_CASE(foreign, "somebody/else", "", 0)

static int text_case(Torture *t) {
    torture_arm(t);
    char *text = text_to_printable("a\001b");
    torture_disarm(t);
    return torture_text_take(t, text);
}

const TortureCase torture_model[] = {
    {"unit-name-refused", unit_name_refused_case},
    {"unit-name-parts", unit_name_parts_case},
    {"unit-name-template", unit_name_template_case},
    {"unit-name-complete", unit_name_complete_case},
    {"unit-name-expand", unit_name_expand_case},
    {"unit-name-expand-refused", unit_name_expand_refused_case},
    {"unit-file", unit_file_case},
    {"unit-file-refused", unit_file_refused_case},
    {"unit-file-options", unit_file_options_case},
    {"unit-file-hash", unit_file_hash_case},
    {"unit-file-hash-refused", unit_file_hash_refused_case},
    {"requirements", requirements_case},
    {"requirements-of-machine", requirements_of_machine_case},
    {"requirements-of-unit", requirements_of_unit_case},
    {"requirements-of-group", requirements_of_group_case},
    {"requirements-of-place", requirements_of_place_case},
    {"requirements-refused", requirements_refused_case},
    {"requirements-of-no-number", requirements_of_no_number_case},
    {"requirements-contradict", requirements_contradict_case},
    {"metadata", metadata_case},
    {"metadata-refused", metadata_refused_case},
    {"metadata-overlay", metadata_overlay_case},
    {"metadata-set", metadata_set_case},
    {"metadata-json", metadata_json_case},
    {"machine", machine_case},
    {"machine-copy", machine_copy_case},
    {"machine-format", machine_format_case},
    {"unit", unit_case},
    {"unit-format", unit_format_case},
    {"unit-refused", unit_refused_case},
    {"version", version_case},
    {"version-format", version_format_case},
    {"order", order_case},
    {"order-format", order_format_case},
    {"state", state_case},
    {"state-format", state_format_case},
    {"pending", pending_case},
    {"pending-format", pending_format_case},
    {"maintenance", maintenance_case},
    {"maintenance-format", maintenance_format_case},
    {"past", past_case},
    {"past-format", past_format_case},
    {"reboot", reboot_case},
    {"reboot-format", reboot_format_case},
    {"deployment", deployment_case},
    {"deployment-format", deployment_format_case},
    {"rebalance", rebalance_case},
    {"rebalance-format", rebalance_format_case},
    {"rollout", rollout_case},
    {"rollout-format", rollout_format_case},
    {"scale", scale_case},
    {"scale-format", scale_format_case},
    {"leader", leader_case},
    {"keys", keys_case},
    {"key", key_case},
    {"key-refused", key_refused_case},
    {"record-unit", record_unit_case},
    {"record-file", record_file_case},
    {"record-machine", record_machine_case},
    {"record-metadata", record_metadata_case},
    {"record-order", record_order_case},
    {"record-state", record_state_case},
    {"record-pending", record_pending_case},
    {"record-leader", record_leader_case},
    {"record-maintenance", record_maintenance_case},
    {"record-message", record_message_case},
    {"record-garbage", record_garbage_case},
    {"record-foreign", record_foreign_case},
    {"text", text_case},
    {},
};
