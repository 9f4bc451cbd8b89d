#include "fleetctl/api/api-list.h"
#include "fleetctl/api/api-objects.h"
#include "fleetctl/commands/command.h"
#include "fleetctl/print/disarm.h"
#include "fleetctl/print/message.h"
#include "fleetctl/units/backup-file.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/metadata.h"

#include <errno.h>
#include <stdio.h>

static int unit_collect(json_object *json, Backup *backup, Error *reterr) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    ApiUnit unit;
    int r = api_unit_read(json, &unit, reterr);
    if (r < 0)
        return r;
    if (!unit.text) {
        complain("Unit %s is left out: its file is not in the store", unit.name);
        return EXIT_FAILURE;
    }
    r = unit_file_parse(unit.text, strlen(unit.text), &file, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "unit '%s'", unit.name);
    return backup_add_unit(backup, unit.name, unit.desired, file);
}

static int machine_collect(json_object *json, Backup *backup, Error *reterr) {
    _cleanup_metadata_ Metadata metadata = {};
    json_object *pairs = NULL;
    const char *id;
    int r = json_need_string(json, "machineID", &id, reterr);
    if (r >= 0)
        r = json_get_object(json, "metadata", &pairs, reterr);
    if (r > 0)
        r = metadata_from_json(pairs, &metadata, reterr);
    for (size_t i = 0; r >= 0 && i < metadata.n_pairs; i++)
        r = backup_add_metadata(backup, id, metadata.pairs[i].key, metadata.pairs[i].value);
    return MIN(r, 0);
}

static int scale_collect(json_object *json, Backup *backup, Error *reterr) {
    ApiScale scale;
    int r = api_scale_read(json, &scale, reterr);
    return r < 0 ? r : backup_add_scale(backup, scale.name, (uint64_t) scale.count);
}

/* Positive: something had to be left out. */
static int collect(Context *context, ApiResource resource,
                   int (*collect_one)(json_object *, Backup *, Error *), Backup *backup,
                   Error *reterr) {
    _cleanup_json_ json_object *array = NULL;
    int r = api_list(context->api, resource, &array, reterr), status = 0;
    for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++) {
        r = collect_one(json_object_array_get_idx(array, i), backup, reterr);
        status = MAX(status, r);
    }
    return r < 0 ? r : status;
}

/* Of which keys a backup is made. */
static const char *const kinds[] = {"unit/", "metadata/", "scale/"};

/* What is there but cannot be read is in no other list. Nothing is added to the backup. */
static int unreadable_complain(json_object *json, Backup *backup, Error *reterr) {
    const char *key;
    int r = json_need_string(json, "key", &key, reterr);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (strncmp(key, kinds[i], strlen(kinds[i])) == 0) {
            complain("%s is left out: its value in the store cannot be read", key);
            return EXIT_FAILURE;
        }
    return 0;
}

/* A fleetd that cannot tell, as an earlier one, is no reason to have no backup at all. */
static int collect_if_told(Context *context, ApiResource resource,
                           int (*collect_one)(json_object *, Backup *, Error *), Backup *backup,
                           Error *reterr) {
    _cleanup_error_ Error error = {};
    int r = collect(context, resource, collect_one, backup, &error);
    if (r == -EREMOTEIO) {
        complain("It is not known whether something is left out: %s", error_text(&error, r));
        return EXIT_FAILURE;
    }
    return r < 0 ? error_set(reterr, r, "%s", error_text(&error, r)) : r;
}

int command_backup(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_backup_ Backup backup = {};
    int status = 0, r = collect(context, API_METADATA, machine_collect, &backup, reterr);
    if (r >= 0)
        status = r = collect(context, API_UNIT_FILES, unit_collect, &backup, reterr);
    if (r >= 0) {
        r = collect_if_told(context, API_SCALES, scale_collect, &backup, reterr);
        status = MAX(status, r);
    }
    if (r >= 0)
        r = collect_if_told(context, API_UNREADABLE, unreadable_complain, &backup, reterr);
    if (r < 0)
        return r;
    backup_sort(&backup);
    _cleanup_free_ char *text = backup_format(&backup);
    if (!text)
        return -ENOMEM;
    json_print_disarmed(text, stdout); /* whether it arrives, say_flush() tells */
    return MAX(status, r);
}
