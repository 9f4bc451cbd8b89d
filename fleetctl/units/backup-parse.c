/* Reading a backup: who restores it wants to know of everything that is wrong before anything is
 * changed, and where it stands. */
#include "fleetctl/units/backup-file.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/template-scale.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>

/* What is no field of the format may be a misspelt one, and would be lost. */
static int fields_check(json_object *object, const char *const *names, Error *reterr) {
    json_object_object_foreach(object, name, value) {
        (void) value;
        if (!strv_contains((char *const *) names, name))
            return error_set(reterr, -EINVAL, "unknown field '%s'", name);
    }
    return 0;
}

/* --- units --- */

static int text_join(json_object *lines, char **ret, Error *reterr) {
    _cleanup_(strv_freep) char **list = NULL;
    for (size_t i = 0; i < json_object_array_length(lines); i++) {
        json_object *line = json_object_array_get_idx(lines, i);
        if (!json_object_is_type(line, json_type_string) ||
            strpbrk(json_object_get_string(line), "\n"))
            return error_set(reterr, -EINVAL, "text: element %zu is not one line of text", i + 1);
        if (strv_push(&list, json_object_get_string(line)) < 0)
            return -ENOMEM;
    }
    *ret = strv_join(list, "\n");
    return *ret ? 0 : -ENOMEM;
}

static int file_read(json_object *object, UnitFile **ret, Error *reterr) {
    _cleanup_free_ char *text = NULL;
    json_object *lines;
    int r = json_get_array(object, "text", &lines, reterr);
    if (r == 0)
        return error_set(reterr, -EINVAL, "field 'text' is missing");
    if (r > 0)
        r = text_join(lines, &text, reterr);
    if (r < 0)
        return r;
    if (!*text)
        return error_set(reterr, -EINVAL, "text: the unit file is empty");
    r = unit_file_parse(text, strlen(text), ret, reterr);
    return r < 0 ? error_prefix(reterr, r, "text") : 0;
}

static int desired_read(json_object *object, const char *name, LaunchState *ret, Error *reterr) {
    const char *text;
    int r = json_need_string(object, "desiredState", &text, reterr);
    if (r < 0)
        return r;
    *ret = launch_state_from_string(text);
    if (*ret < 0)
        return error_set(reterr, -EINVAL,
                         "desiredState '%s' is none of inactive, loaded and launched", text);
    if (unit_name_is_template(name) && *ret > LAUNCH_STATE_INACTIVE)
        return error_set(reterr, -EINVAL, "desiredState: a template can only be inactive, not %s",
                         text);
    return 0;
}

static int unit_read(json_object *object, const char *name, Backup *backup, Error *reterr) {
    static const char *const fields[] = {"name", "desiredState", "text", NULL};
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    LaunchState desired = LAUNCH_STATE_INACTIVE;
    int r = fields_check(object, fields, reterr);
    if (r >= 0)
        r = unit_name_check(name, reterr);
    if (r >= 0)
        r = desired_read(object, name, &desired, reterr);
    if (r >= 0)
        r = file_read(object, &file, reterr);
    if (r >= 0) {
        r = requirements_parse(file, name, &requirements, reterr);
        r = r < 0 ? error_prefix(reterr, r, "text") : 0;
    }
    return r < 0 ? r : backup_add_unit(backup, name, desired, file);
}

static int units_read(json_object *array, Backup *backup, Error *reterr) {
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        json_object *object = json_object_array_get_idx(array, i);
        const char *name = "";
        int r = json_object_is_type(object, json_type_object)
                    ? json_need_string(object, "name", &name, reterr)
                    : error_set(reterr, -EINVAL, "it is not an object");
        if (r < 0)
            return error_prefix(reterr, r, "units, element %zu", i + 1);
        r = unit_read(object, name, backup, reterr);
        if (r < 0)
            return error_prefix(reterr, r, "units, element %zu ('%s')", i + 1, name);
    }
    return 0;
}

static int units_check_unique(const Backup *backup, Error *reterr) {
    for (size_t i = 1; i < backup->n_units; i++)
        if (streq(backup->units[i - 1].name, backup->units[i].name))
            return error_set(reterr, -EINVAL, "units: there are two of the name '%s'",
                             backup->units[i].name);
    return 0;
}

/* --- metadata --- */

static int machine_read(const char *id, json_object *pairs, Backup *backup, Error *reterr) {
    int r = machine_id_check(id, reterr);
    if (r >= 0 && !json_object_is_type(pairs, json_type_object))
        r = error_set(reterr, -EINVAL, "it is not an object");
    if (r < 0)
        return r;
    if (json_object_object_length(pairs) > METADATA_PAIRS_MAX)
        return error_set(reterr, -EINVAL, "more than %d pairs", METADATA_PAIRS_MAX);
    json_object_object_foreach(pairs, key, value) {
        if (!json_object_is_type(value, json_type_string))
            return error_set(reterr, -EINVAL, "'%s' is not a string", key);
        const char *text = json_object_get_string(value);
        r = metadata_check_pair(key, text, reterr);
        if (r >= 0)
            r = backup_add_metadata(backup, id, key, text);
        if (r < 0)
            return r;
    }
    return 0;
}

static int metadata_read(json_object *machines, Backup *backup, Error *reterr) {
    json_object_object_foreach(machines, id, pairs) {
        int r = machine_read(id, pairs, backup, reterr);
        if (r < 0)
            return error_prefix(reterr, r, "metadata of '%s'", id);
    }
    return 0;
}

/* --- scales --- */

static int scale_read(const char *template, json_object *value, Backup *backup, Error *reterr) {
    if (!json_object_is_type(value, json_type_int))
        return error_set(reterr, -EINVAL, "it is not a whole number");
    int64_t count = json_object_get_int64(value);
    int r = template_scale_check(template, count < 0 ? UINT64_MAX : (uint64_t) count, reterr);
    return r < 0 ? r : backup_add_scale(backup, template, (uint64_t) count);
}

static int scales_read(json_object *scales, Backup *backup, Error *reterr) {
    json_object_object_foreach(scales, template, value) {
        int r = scale_read(template, value, backup, reterr);
        if (r < 0)
            return error_prefix(reterr, r, "scales, '%s'", template);
    }
    return 0;
}

/* --- the whole --- */

static int head_check(json_object *object, Error *reterr) {
    static const char *const fields[] = {"format", "version", "metadata", "scales", "units", NULL};
    const char *format = NULL;
    int64_t version = 0;
    if (!json_object_is_type(object, json_type_object) ||
        json_get_string(object, "format", &format, NULL) <= 0 || !streq(format, BACKUP_FORMAT))
        return error_set(reterr, -EINVAL, "it is no backup: its field 'format' is not '%s'",
                         BACKUP_FORMAT);
    int r = json_get_int(object, "version", &version, reterr);
    if (r >= 0 && version != BACKUP_VERSION)
        r = error_set(reterr, -EINVAL, "it is of version %lld, and this fleetctl knows %d only",
                      (long long) version, BACKUP_VERSION);
    return r < 0 ? r : fields_check(object, fields, reterr);
}

static int backup_read(json_object *object, Backup *backup, Error *reterr) {
    json_object *units = NULL, *metadata = NULL, *scales = NULL;
    int r = head_check(object, reterr);
    if (r >= 0)
        r = json_get_object(object, "metadata", &metadata, reterr);
    if (r > 0)
        r = metadata_read(metadata, backup, reterr);
    if (r >= 0)
        r = json_get_object(object, "scales", &scales, reterr);
    if (r > 0)
        r = scales_read(scales, backup, reterr);
    if (r >= 0)
        r = json_get_array(object, "units", &units, reterr);
    if (r == 0)
        r = error_set(reterr, -EINVAL, "field 'units' is missing");
    if (r > 0)
        r = units_read(units, backup, reterr);
    if (r < 0)
        return r;
    backup_sort(backup);
    return units_check_unique(backup, reterr);
}

static size_t line_of(const char *text, size_t size, size_t offset) {
    size_t line = 1;
    for (size_t i = 0; i < MIN(offset, size); i++)
        line += text[i] == '\n';
    return line;
}

/* json_parse() names the byte; in a file of many lines the line is of more use. */
static size_t broken_line(const char *text, size_t size) {
    json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
    if (!tokener)
        return 0;
    json_object_put(json_tokener_parse_ex(tokener, text, (int) MIN(size, (size_t) INT32_MAX)));
    size_t offset = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    return line_of(text, size, offset);
}

int backup_parse(const char *text, size_t size, Backup *ret, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    _cleanup_backup_ Backup backup = {};
    int r = json_parse(text, size, &object, reterr);
    if (r == -EBADMSG)
        return error_prefix(reterr, r, "line %zu", broken_line(text, size));
    if (r >= 0)
        r = backup_read(object, &backup, reterr);
    if (r < 0)
        return r;
    *ret = backup;
    backup = (Backup){};
    return 0;
}
