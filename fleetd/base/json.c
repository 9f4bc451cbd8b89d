#include "fleetd/base/json.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>

/* Reads a value from the beginning of the text, and says where it ended. json-c's error, or
 * -ENOMEM, for which it has none: it takes the text for wrong then, or for shorter than it is. */
static int value_read(struct json_tokener *tokener, const char *text, size_t size,
                      json_object **ret, size_t *ret_end) {
    errno = 0;
    *ret = json_tokener_parse_ex(tokener, text, (int) size);
    *ret_end = json_tokener_get_parse_end(tokener);
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        *ret = json_tokener_parse_ex(tokener, " ", 1); /* shows a bare number that it has ended */
    return errno == ENOMEM ? -ENOMEM : (int) json_tokener_get_error(tokener);
}

int json_parse(const char *text, size_t size, json_object **ret, Error *reterr) {
    if (size > INT_MAX)
        return error_set(reterr, -EBADMSG, "JSON text of %zu bytes is too long", size);
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
    if (!tokener)
        return -ENOMEM;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS |
                                        JSON_TOKENER_VALIDATE_UTF8);
    _cleanup_json_ json_object *object = NULL;
    size_t end;
    int r = value_read(tokener, text, size, &object, &end);
    json_tokener_free(tokener);
    if (r < 0)
        return r;

    while (end < size && isspace((unsigned char) text[end]))
        end++;
    if (r == json_tokener_success && end == size) {
        *ret = TAKE_PTR(object);
        return 0;
    }
    const char *why = r == json_tokener_success    ? "text after the value"
                      : r == json_tokener_continue ? "unexpected end of data"
                                                   : json_tokener_error_desc(r);
    return error_set(reterr, -EBADMSG, "not valid JSON at byte %zu: %s", end, why);
}

static int field_get(json_object *object, const char *name, enum json_type type, json_object **ret,
                     Error *reterr) {
    json_object *field = NULL;
    if (!json_object_is_type(object, json_type_object))
        return error_set(reterr, -EBADMSG, "not a JSON object");
    if (!json_object_object_get_ex(object, name, &field) || !field)
        return 0;
    if (type != json_type_null && !json_object_is_type(field, type))
        return error_set(reterr, -EBADMSG, "field '%s' is %s, not %s", name,
                         json_type_to_name(json_object_get_type(field)), json_type_to_name(type));
    *ret = field;
    return 1;
}

int json_get_string(json_object *object, const char *name, const char **ret, Error *reterr) {
    json_object *field;
    int r = field_get(object, name, json_type_string, &field, reterr);
    if (r <= 0)
        return r;
    const char *s = json_object_get_string(field);
    if (strlen(s) != (size_t) json_object_get_string_len(field))
        return error_set(reterr, -EBADMSG, "field '%s' has a NUL character", name);
    *ret = s;
    return 1;
}

static int int_from_string(const char *text, size_t length, int64_t *ret) {
    char *end;
    if (!isdigit((unsigned char) *text) && *text != '-')
        return -EBADMSG;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end != text + length)
        return -EBADMSG;
    *ret = value;
    return 1;
}

int json_get_int(json_object *object, const char *name, int64_t *ret, Error *reterr) {
    json_object *field;
    int r = field_get(object, name, json_type_null, &field, reterr);
    if (r <= 0)
        return r;
    bool is_too_big = json_object_get_uint64(field) > INT64_MAX; /* json-c would cut it down */
    if (json_object_is_type(field, json_type_int) && !is_too_big) {
        *ret = json_object_get_int64(field);
        return 1;
    }
    if (json_object_is_type(field, json_type_string) &&
        int_from_string(json_object_get_string(field), (size_t) json_object_get_string_len(field),
                        ret) > 0)
        return 1;
    return error_set(reterr, -EBADMSG, "field '%s' is not a whole number", name);
}

int json_get_bool(json_object *object, const char *name, bool *ret, Error *reterr) {
    json_object *field;
    int r = field_get(object, name, json_type_boolean, &field, reterr);
    if (r > 0)
        *ret = json_object_get_boolean(field);
    return r;
}

int json_get_object(json_object *object, const char *name, json_object **ret, Error *reterr) {
    return field_get(object, name, json_type_object, ret, reterr);
}

int json_get_array(json_object *object, const char *name, json_object **ret, Error *reterr) {
    return field_get(object, name, json_type_array, ret, reterr);
}

int json_need_string(json_object *object, const char *name, const char **ret, Error *reterr) {
    int r = json_get_string(object, name, ret, reterr);
    if (r == 0)
        return error_set(reterr, -EBADMSG, "field '%s' is missing", name);
    return r < 0 ? r : 0;
}

int json_add_take(json_object *object, const char *name, json_object *value) {
    if (!value || json_object_object_add(object, name, value) < 0) {
        json_object_put(value);
        return -ENOMEM;
    }
    return 0;
}

int json_array_add_take(json_object *array, json_object *value) {
    if (!array || !value || json_object_array_add(array, value) < 0) {
        json_object_put(value);
        return -ENOMEM;
    }
    return 0;
}

int json_add_string(json_object *object, const char *name, const char *value) {
    return value ? json_add_take(object, name, json_object_new_string(value)) : 0;
}

int json_add_nullable(json_object *object, const char *name, const char *value) {
    if (value)
        return json_add_string(object, name, value);
    return json_object_object_add(object, name, NULL) < 0 ? -ENOMEM : 0;
}

int json_add_int(json_object *object, const char *name, int64_t value) {
    return json_add_take(object, name, json_object_new_int64(value));
}

int json_add_bool(json_object *object, const char *name, bool value) {
    return json_add_take(object, name, json_object_new_boolean(value));
}

char *json_format(json_object *object) {
    const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE);
    return text ? strdup(text) : NULL;
}
