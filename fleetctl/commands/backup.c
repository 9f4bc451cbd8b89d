#include "fleetctl/api/api-requests.h"
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

int command_backup(Context *context, const char *const *operands, Error *reterr) {
    _cleanup_backup_ Backup backup = {};
    int r = collect(context, API_METADATA, machine_collect, &backup, reterr);
    int status = r < 0 ? r : collect(context, API_UNIT_FILES, unit_collect, &backup, reterr);
    if (status < 0)
        return status;
    backup_sort(&backup);
    _cleanup_free_ char *text = backup_format(&backup);
    if (!text)
        return -ENOMEM;
    json_print_disarmed(text, stdout); /* whether it arrives, say_flush() tells */
    return status;
}
