/* json-c with the checks that outside input needs: typed access that says which field is wrong. */
#pragma once

#include "fleetd/base/error.h"

#include <json-c/json.h>

static inline void json_putp(json_object **object) {
    json_object_put(*object);
}
#define _cleanup_json_ _cleanup_(json_putp)

/* Deeper nesting than any message of fleet or etcd has is refused rather than followed. */
#define JSON_DEPTH_MAX 16

/* Parses exactly one JSON value (white space around it allowed). -EBADMSG with the place in reterr,
 * -ENOMEM. */
int json_parse(const char *text, size_t size, json_object **ret, Error *reterr);

/* The field of an object, typed. 1: found; 0: absent or null, output untouched; -EBADMSG: of
 * another type. Strings and objects are borrowed from the object. Integers are also read from
 * decimal strings, the protobuf JSON form of 64-bit numbers that etcd uses. */
int json_get_string(json_object *object, const char *name, const char **ret, Error *reterr);
int json_get_int(json_object *object, const char *name, int64_t *ret, Error *reterr);
int json_get_bool(json_object *object, const char *name, bool *ret, Error *reterr);
int json_get_object(json_object *object, const char *name, json_object **ret, Error *reterr);
int json_get_array(json_object *object, const char *name, json_object **ret, Error *reterr);

/* The same, for a field that must be there: 0, or -EBADMSG also when it is absent. */
int json_need_string(json_object *object, const char *name, const char **ret, Error *reterr);

/* Adds a field; value NULL adds nothing. -ENOMEM. */
int json_add_string(json_object *object, const char *name, const char *value);
/* Likewise, and null for NULL: the field is there in any case. */
int json_add_nullable(json_object *object, const char *name, const char *value);
int json_add_int(json_object *object, const char *name, int64_t value);
int json_add_bool(json_object *object, const char *name, bool value);

/* Adds a field and takes over value, also on failure. value NULL is -ENOMEM, so that creation needs
 * no check. */
int json_add_take(json_object *object, const char *name, json_object *value);
int json_array_add_take(json_object *array, json_object *value); /* the same of an array */

/* The compact text; the caller frees. NULL when out of memory. */
char *json_format(json_object *object);
