#include "fleetd/model/record.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/text.h"

#include <errno.h>

static int string_read(const RecordField *field, json_object *object, void *slot, Error *reterr) {
    const char *text;
    int r = json_get_string(object, field->name, &text, reterr);
    if (r <= 0)
        return r;
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    *(char **) slot = copy;
    return 1;
}

static int string_write(const RecordField *field, json_object *object, const void *slot) {
    return json_add_string(object, field->name, *(char *const *) slot);
}

const FieldType field_string = {string_read, string_write};

static int number_read(const RecordField *field, json_object *object, void *slot, Error *reterr) {
    int64_t number;
    int r = json_get_int(object, field->name, &number, reterr);
    if (r <= 0)
        return r;
    if (number < 0)
        return error_set(reterr, -EBADMSG, "field '%s' is negative", field->name);
    memcpy(slot, &number, sizeof(number));
    return 1;
}

static int number_write(const RecordField *field, json_object *object, const void *slot) {
    uint64_t number;
    memcpy(&number, slot, sizeof(number));
    return json_add_int(object, field->name, (int64_t) MIN(number, (uint64_t) INT64_MAX));
}

const FieldType field_number = {number_read, number_write};

static int count_write(const RecordField *field, json_object *object, const void *slot) {
    uint64_t number;
    memcpy(&number, slot, sizeof(number));
    return number > 0 ? number_write(field, object, slot) : 0;
}

const FieldType field_count = {number_read, count_write};

static int flag_read(const RecordField *field, json_object *object, void *slot, Error *reterr) {
    return json_get_bool(object, field->name, slot, reterr);
}

static int flag_write(const RecordField *field, json_object *object, const void *slot) {
    return *(const bool *) slot ? json_add_bool(object, field->name, true) : 0;
}

const FieldType field_flag = {flag_read, flag_write};

static int enum_read(const RecordField *field, json_object *object, void *slot, Error *reterr) {
    const char *text;
    int r = json_get_string(object, field->name, &text, reterr);
    if (r <= 0)
        return r;
    int value = enum_from_string(field->names, text);
    if (value < 0)
        return error_set(reterr, -EBADMSG, "field '%s' has an unknown value '%.*s'", field->name,
                         TEXT_SHORT(text));
    memcpy(slot, &value, sizeof(value));
    return 1;
}

static int enum_write(const RecordField *field, json_object *object, const void *slot) {
    int value;
    memcpy(&value, slot, sizeof(value));
    return json_add_string(object, field->name, enum_to_string(field->names, value));
}

const FieldType field_enum = {enum_read, enum_write};

static int choice_write(const RecordField *field, json_object *object, const void *slot) {
    int value;
    memcpy(&value, slot, sizeof(value));
    return value != 0 ? enum_write(field, object, slot) : 0;
}

const FieldType field_choice = {enum_read, choice_write};

static int item_copy(const RecordField *field, json_object *item, char **ret, Error *reterr) {
    const char *text = json_object_get_string(item);
    if (!json_object_is_type(item, json_type_string) ||
        strlen(text) != (size_t) json_object_get_string_len(item))
        return error_set(reterr, -EBADMSG, "field '%s' has an item that is not plain text",
                         field->name);
    *ret = strdup(text);
    return *ret ? 0 : -ENOMEM;
}

static int strv_read(const RecordField *field, json_object *object, void *slot, Error *reterr) {
    json_object *array;
    int r = json_get_array(object, field->name, &array, reterr);
    if (r <= 0)
        return r;
    size_t n = json_object_array_length(array);
    _cleanup_(strv_freep) char **strv = calloc(n + 1, sizeof(char *));
    if (!strv)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        r = item_copy(field, json_object_array_get_idx(array, i), &strv[i], reterr);
        if (r < 0)
            return r;
    }
    *(char ***) slot = TAKE_PTR(strv);
    return 1;
}

static int strv_write(const RecordField *field, json_object *object, const void *slot) {
    char *const *strv = *(char *const *const *) slot;
    if (!strv)
        return 0;
    _cleanup_json_ json_object *array = json_object_new_array();
    STRV_FOREACH (s, strv)
        if (json_array_add_take(array, json_object_new_string(*s)) < 0)
            return -ENOMEM;
    return json_add_take(object, field->name, TAKE_PTR(array));
}

const FieldType field_strv = {strv_read, strv_write};

json_object *record_to_json(const RecordField *fields, size_t n_fields, const void *record) {
    _cleanup_json_ json_object *object = json_object_new_object();
    for (size_t i = 0; object && i < n_fields; i++)
        if (fields[i].type->write(&fields[i], object, (const char *) record + fields[i].offset) < 0)
            return NULL;
    return TAKE_PTR(object);
}

char *record_format(const RecordField *fields, size_t n_fields, const void *record) {
    _cleanup_json_ json_object *object = record_to_json(fields, n_fields, record);
    return object ? json_format(object) : NULL;
}

int record_from_json(const RecordField *fields, size_t n_fields, json_object *object, void *record,
                     Error *reterr) {
    if (!json_object_is_type(object, json_type_object))
        return error_set(reterr, -EBADMSG, "not a JSON object");
    for (size_t i = 0; i < n_fields; i++) {
        int r =
            fields[i].type->read(&fields[i], object, (char *) record + fields[i].offset, reterr);
        if (r < 0)
            return r;
        if (r == 0 && fields[i].is_required)
            return error_set(reterr, -EBADMSG, "field '%s' is missing", fields[i].name);
    }
    return 0;
}

int record_parse(const RecordField *fields, size_t n_fields, const char *text, size_t size,
                 void *record, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    int r = json_parse(text, size, &object, reterr);
    return r < 0 ? r : record_from_json(fields, n_fields, object, record, reterr);
}

static int rest_take(const RecordField *fields, size_t n_fields, json_object *object,
                     char **ret_rest) {
    for (size_t i = 0; i < n_fields; i++)
        json_object_object_del(object, fields[i].name);
    bool is_empty = json_object_object_length(object) == 0;
    *ret_rest = is_empty ? NULL : json_format(object);
    return is_empty || *ret_rest ? 0 : -ENOMEM;
}

int record_parse_with_rest(const RecordField *fields, size_t n_fields, const char *text,
                           size_t size, void *record, char **ret_rest, Error *reterr) {
    _cleanup_json_ json_object *object = NULL;
    int r = json_parse(text, size, &object, reterr);
    if (r >= 0)
        r = record_from_json(fields, n_fields, object, record, reterr);
    return r < 0 ? r : rest_take(fields, n_fields, object, ret_rest);
}

static int rest_add(json_object *object, const char *text) {
    _cleanup_json_ json_object *rest = NULL;
    int r = json_parse(text, strlen(text), &rest, NULL);
    if (r < 0)
        return r;
    json_object_object_foreach(rest, name, value) {
        r = json_object_object_add(object, name, json_object_get(value));
        if (r < 0)
            return -ENOMEM;
    }
    return 0;
}

char *record_format_with_rest(const RecordField *fields, size_t n_fields, const void *record,
                              const char *rest) {
    _cleanup_json_ json_object *object = record_to_json(fields, n_fields, record);
    if (!object || (rest && rest_add(object, rest) < 0))
        return NULL;
    return json_format(object);
}
