#include "fleetctl/units/backup-file.h"

#include "fleetd/base/strv.h"

#include <errno.h>

int backup_add_unit(Backup *backup, const char *name, LaunchState desired, UnitFile *file) {
    BackupUnit *units = realloc(backup->units, (backup->n_units + 1) * sizeof(BackupUnit));
    if (!units)
        return -ENOMEM;
    backup->units = units;
    char *copy = strdup(name);
    if (!copy)
        return -ENOMEM;
    units[backup->n_units++] =
        (BackupUnit){.name = copy, .desired = desired, .file = unit_file_ref(file)};
    return 0;
}

static void metadata_done(BackupMetadata *metadata) {
    free(metadata->machine_id);
    free(metadata->key);
    free(metadata->value);
}

int backup_add_metadata(Backup *backup, const char *machine_id, const char *key,
                        const char *value) {
    BackupMetadata *all =
        realloc(backup->metadata, (backup->n_metadata + 1) * sizeof(BackupMetadata));
    if (!all)
        return -ENOMEM;
    backup->metadata = all;
    BackupMetadata added = {
        .machine_id = strdup(machine_id), .key = strdup(key), .value = strdup(value)};
    if (!added.machine_id || !added.key || !added.value) {
        metadata_done(&added);
        return -ENOMEM;
    }
    all[backup->n_metadata++] = added;
    return 0;
}

int backup_add_scale(Backup *backup, const char *template, uint64_t count) {
    BackupScale *scales = realloc(backup->scales, (backup->n_scales + 1) * sizeof(BackupScale));
    if (!scales)
        return -ENOMEM;
    backup->scales = scales;
    char *copy = strdup(template);
    if (!copy)
        return -ENOMEM;
    scales[backup->n_scales++] = (BackupScale){.template = copy, .count = count};
    return 0;
}

static int unit_compare(const void *a, const void *b) {
    return strcmp(((const BackupUnit *) a)->name, ((const BackupUnit *) b)->name);
}

static int metadata_compare(const void *a, const void *b) {
    const BackupMetadata *x = a, *y = b;
    int order = strcmp(x->machine_id, y->machine_id);
    return order != 0 ? order : strcmp(x->key, y->key);
}

static int scale_compare(const void *a, const void *b) {
    return strcmp(((const BackupScale *) a)->template, ((const BackupScale *) b)->template);
}

void backup_sort(Backup *backup) {
    if (backup->n_units > 0)
        qsort(backup->units, backup->n_units, sizeof(BackupUnit), unit_compare);
    if (backup->n_metadata > 0)
        qsort(backup->metadata, backup->n_metadata, sizeof(BackupMetadata), metadata_compare);
    if (backup->n_scales > 0)
        qsort(backup->scales, backup->n_scales, sizeof(BackupScale), scale_compare);
}

void backup_done(Backup *backup) {
    for (size_t i = 0; i < backup->n_units; i++) {
        free(backup->units[i].name);
        unit_file_unref(backup->units[i].file);
    }
    for (size_t i = 0; i < backup->n_metadata; i++)
        metadata_done(&backup->metadata[i]);
    for (size_t i = 0; i < backup->n_scales; i++)
        free(backup->scales[i].template);
    free(backup->units);
    free(backup->metadata);
    free(backup->scales);
    *backup = (Backup){};
}

/* --- as JSON --- */

static int array_add_take(json_object *array, json_object *value) {
    if (value && json_object_array_add(array, value) == 0)
        return 0;
    json_object_put(value);
    return -ENOMEM;
}

/* Line by line, so that a difference between two backups reads as one between two files. What
 * stands behind the last line end is a line of its own, usually an empty one. */
static json_object *text_to_json(const UnitFile *file) {
    _cleanup_json_ json_object *array = json_object_new_array();
    const char *line = unit_file_text(file, NULL);
    for (;;) {
        size_t n = strcspn(line, "\n");
        if (!array || array_add_take(array, json_object_new_string_len(line, (int) n)) < 0)
            return NULL;
        if (!line[n])
            return TAKE_PTR(array);
        line += n + 1;
    }
}

static json_object *unit_to_json(const BackupUnit *unit) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "name", unit->name) < 0 ||
        json_add_string(object, "desiredState", launch_state_to_string(unit->desired)) < 0 ||
        json_add_take(object, "text", text_to_json(unit->file)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *units_to_json(const Backup *backup) {
    _cleanup_json_ json_object *array = json_object_new_array();
    for (size_t i = 0; array && i < backup->n_units; i++)
        if (array_add_take(array, unit_to_json(&backup->units[i])) < 0)
            return NULL;
    return TAKE_PTR(array);
}

static json_object *metadata_to_json(const Backup *backup) {
    _cleanup_json_ json_object *machines = json_object_new_object();
    json_object *machine = NULL;
    for (size_t i = 0; machines && i < backup->n_metadata; i++) {
        const BackupMetadata *pair = &backup->metadata[i];
        bool is_first = i == 0 || !streq(backup->metadata[i - 1].machine_id, pair->machine_id);
        if (is_first &&
            json_add_take(machines, pair->machine_id, machine = json_object_new_object()) < 0)
            return NULL;
        if (json_add_string(machine, pair->key, pair->value) < 0)
            return NULL;
    }
    return TAKE_PTR(machines);
}

static json_object *scales_to_json(const Backup *backup) {
    _cleanup_json_ json_object *object = json_object_new_object();
    for (size_t i = 0; object && i < backup->n_scales; i++)
        if (json_add_int(object, backup->scales[i].template, (int64_t) backup->scales[i].count) < 0)
            return NULL;
    return TAKE_PTR(object);
}

/* An earlier fleetctl knows no scales, and has to refuse them: so they are there if there are any.
 */
static int scales_add(const Backup *backup, json_object *object) {
    return backup->n_scales > 0 ? json_add_take(object, "scales", scales_to_json(backup)) : 0;
}

char *backup_format(const Backup *backup) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "format", BACKUP_FORMAT) < 0 ||
        json_add_int(object, "version", BACKUP_VERSION) < 0 ||
        json_add_take(object, "metadata", metadata_to_json(backup)) < 0 ||
        scales_add(backup, object) < 0 || json_add_take(object, "units", units_to_json(backup)) < 0)
        return NULL;
    const char *text = json_object_to_json_string_ext(
        object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
    return text ? str_printf("%s\n", text) : NULL;
}
