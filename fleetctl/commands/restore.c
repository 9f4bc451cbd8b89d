/* Compares a backup with what the cluster has, and sends what is missing. */
#include "fleetctl/commands/restore.h"
#include "fleetctl/api/api-changes.h"
#include "fleetctl/api/api-items.h"
#include "fleetctl/api/api-list.h"
#include "fleetctl/api/api-maintenance.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/print/message.h"
#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/metadata.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* --- the file --- */

DEFINE_POINTER_CLEANUP(FILE, fclose)

static int stream_read(FILE *file, char **ret_text, size_t *ret_size) {
    _cleanup_free_ char *text = NULL;
    size_t n_allocated = 0;
    ssize_t n = getdelim(&text, &n_allocated, 0, file);
    if (n < 0 && ferror(file))
        return errno ? -errno : -EIO;
    if (n < 0 && str_replace(&text, "") < 0)
        return -ENOMEM;
    *ret_size = (size_t) MAX(n, (ssize_t) 0); /* up to a NUL, which no JSON has */
    *ret_text = TAKE_PTR(text);
    return 0;
}

static int backup_load(const char *path, Backup *ret, Error *reterr) {
    _cleanup_free_ char *text = NULL;
    _cleanup_(fclosep) FILE *file =
        streq(path, "-") ? fdopen(dup(STDIN_FILENO), "r") : fopen(path, "re");
    size_t size = 0;
    errno = file ? 0 : errno;
    int r = file ? stream_read(file, &text, &size) : -errno;
    if (r < 0)
        return error_set(reterr, r, "%s: %s", path, strerror(-r));
    r = backup_parse(text, size, ret, reterr);
    return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

/* --- metadata --- */

static int operation_add(json_object *operations, const BackupMetadata *pair) {
    _cleanup_json_ json_object *operation = json_object_new_object();
    _cleanup_free_ char *path = str_printf("/%s/metadata/%s", pair->machine_id, pair->key);
    if (!operation || !path || json_add_string(operation, "op", "add") < 0 ||
        json_add_string(operation, "path", path) < 0 ||
        json_add_string(operation, "value", pair->value) < 0 ||
        json_object_array_add(operations, operation) < 0)
        return -ENOMEM;
    TAKE_PTR(operation);
    return 0;
}

static char *pair_name(const char *machine_id, const char *key) {
    return str_printf("%s/%s", machine_id, key);
}

/* What is set: "id/key" -> value. */
static int metadata_known(Context *context, json_object **ret_array, Map *known, Error *reterr) {
    int r = api_list(context->api, API_METADATA, ret_array, reterr);
    for (size_t i = 0; r >= 0 && i < json_object_array_length(*ret_array); i++) {
        json_object *machine = json_object_array_get_idx(*ret_array, i), *pairs = NULL;
        const char *id;
        r = json_need_string(machine, "machineID", &id, reterr);
        if (r < 0 || (r = json_get_object(machine, "metadata", &pairs, reterr)) <= 0)
            continue;
        json_object_object_foreach(pairs, key, value) {
            _cleanup_free_ char *name = pair_name(id, key);
            if (!name || map_put(known, name, (char *) json_object_get_string(value)) < 0)
                return -ENOMEM;
        }
    }
    return r;
}

/* Whether to set it; says so. */
static int pair_is_missing(Restore *restore, const BackupMetadata *pair, const Map *known) {
    const Options *options = restore->context->options;
    _cleanup_free_ char *name = pair_name(pair->machine_id, pair->key);
    if (!name)
        return -ENOMEM;
    const char *value = map_get(known, name);
    if (value && streq(value, pair->value)) {
        restore->n_same++;
        return 0;
    }
    if (value && !options->replace) {
        complain("Metadata %s of machine %s differs from the backup, and stays '%s'. Add --replace "
                 "to override.",
                 pair->key, pair->machine_id, value);
        restore->status = EXIT_FAILURE;
        return 0;
    }
    say("%s metadata %s=%s of machine %s", options->dry_run ? "Would set" : "Setting", pair->key,
        pair->value, pair->machine_id);
    restore->n_done++;
    return !options->dry_run;
}

static int operations_send(Restore *restore, json_object *operations, Error *reterr) {
    if (json_object_array_length(operations) == 0)
        return 0;
    int r = api_patch_machines(restore->context->api, operations, reterr);
    return r < 0 ? error_prefix(reterr, r, "Failed to set metadata") : 0;
}

static int metadata_restore(Restore *restore, Error *reterr) {
    _cleanup_json_ json_object *array = NULL, *operations = json_object_new_array();
    _cleanup_(map_freep) Map *known = map_new(NULL);
    int r = known && operations ? metadata_known(restore->context, &array, known, reterr) : -ENOMEM;
    for (size_t i = 0; r >= 0 && i < restore->backup.n_metadata; i++) {
        const BackupMetadata *pair = &restore->backup.metadata[i];
        r = pair_is_missing(restore, pair, known);
        if (r > 0)
            r = operation_add(operations, pair);
        if (r < 0 || json_object_array_length(operations) < API_PATCH_MAX)
            continue;
        r = operations_send(restore, operations, reterr);
        json_object_put(operations);
        operations = json_object_new_array();
        r = operations ? r : -ENOMEM;
    }
    return r < 0 ? r : operations_send(restore, operations, reterr);
}

/* --- units --- */

static bool unit_is_same(const BackupUnit *unit, const ApiUnit *known) {
    return known->desired == unit->desired && streq(known->hash, unit_file_hash(unit->file));
}

/* Whether to send it; says so. */
static bool unit_is_missing(Restore *restore, const BackupUnit *unit, const ApiUnit *known) {
    const Options *options = restore->context->options;
    if (known && unit_is_same(unit, known)) {
        restore->n_same++;
        return false;
    }
    if (known && !options->replace) {
        complain("Unit %s differs from the backup, and stays as it is. Add --replace to override.",
                 unit->name);
        restore->status = EXIT_FAILURE;
        return false;
    }
    if (options->dry_run) {
        say("Would %s unit %s, %s", known ? "replace" : "restore", unit->name,
            launch_state_to_string(unit->desired));
        restore->n_done++;
    }
    return !options->dry_run;
}

static int units_known(Context *context, ApiUnits *units, Map *known, Error *reterr) {
    int r = api_list_units(context->api, units, reterr);
    for (size_t i = 0; r >= 0 && i < units->n; i++)
        r = map_put(known, units->items[i].name, &units->items[i]);
    return r;
}

static size_t changes_plan(Restore *restore, const Map *known, ApiChange *changes) {
    size_t n = 0;
    for (size_t i = 0; i < restore->backup.n_units; i++) {
        const BackupUnit *unit = &restore->backup.units[i];
        if (!unit_is_missing(restore, unit, map_get(known, unit->name)))
            continue;
        ApiChange *change = &changes[n++];
        *change = (ApiChange){.name = unit->name, .desired = unit->desired};
        change->text = unit_file_text(unit->file, &change->text_size);
    }
    return n;
}

/* Of a unit that somebody else has put there since the cluster was asked what it has: it is not
 * known whether it was the same by then, but now it is. */
static bool was_quicker(const ApiChange *change, const Map *known) {
    return change->outcome != API_OUTCOME_CREATED && !map_has(known, change->name);
}

static void change_say(const ApiChange *change, const Map *known) {
    const char *desired = launch_state_to_string(change->desired);
    if (was_quicker(change, known))
        say("Found unit %s, which has come meanwhile; it is as in the backup, %s", change->name,
            desired);
    else
        say("%s unit %s, %s", change->outcome == API_OUTCOME_CREATED ? "Restored" : "Replaced",
            change->name, desired);
}

static void changes_report(Restore *restore, const ApiChange *changes, size_t n, const Map *known) {
    for (size_t i = 0; i < n; i++) {
        if (changes[i].outcome == API_OUTCOME_REFUSED) {
            complain("Failed to restore unit %s: %s", changes[i].name, changes[i].refusal);
            restore->status = EXIT_FAILURE;
            continue;
        }
        change_say(&changes[i], known);
        restore->n_done++;
    }
}

static int units_restore(Restore *restore, Error *reterr) {
    _cleanup_api_units_ ApiUnits units = {};
    _cleanup_(map_freep) Map *known = map_new(NULL);
    _cleanup_free_ ApiChange *changes = calloc(restore->backup.n_units + 1, sizeof(ApiChange));
    if (!known || !changes)
        return -ENOMEM;
    int r = units_known(restore->context, &units, known, reterr);
    if (r < 0)
        return r;
    size_t n = changes_plan(restore, known, changes);
    r = api_send_changes(restore->context->api, changes, n, reterr);
    if (r >= 0)
        changes_report(restore, changes, n, known);
    api_changes_done(changes, n);
    return r;
}

/* Metadata first: they decide where units go. */
int command_restore(Context *context, const char *const *operands, Error *reterr) {
    Restore restore = {.context = context};
    int r = backup_load(operands[0], &restore.backup, reterr);
    if (r >= 0)
        r = metadata_restore(&restore, reterr);
    if (r >= 0)
        r = restore_compare_scales(&restore, reterr);
    if (r >= 0)
        r = units_restore(&restore, reterr);
    if (r >= 0)
        r = restore_add_scales(&restore, reterr);
    if (r >= 0 && restore.n_done == 0 && restore.status == 0)
        say("Nothing to restore: all of it is there already");
    backup_done(&restore.backup);
    free(restore.is_scale_missing);
    return r < 0 ? r : restore.status;
}
