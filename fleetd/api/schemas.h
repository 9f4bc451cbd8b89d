/* The objects of the API, as the discovery document describes them. What stands here is checked
 * against real answers (tests/lab/scenario/24-api.sh). */
#pragma once

#include "fleetd/base/macros.h"

typedef enum PropertyType {
    PROPERTY_STRING,
    PROPERTY_INTEGER,
    PROPERTY_BOOLEAN,
    PROPERTY_OBJECT,  /* of schema `ref` */
    PROPERTY_LIST,    /* of those, or of strings */
    PROPERTY_STRINGS, /* an object whose values are strings */
    PROPERTY_ANY,
    _PROPERTY_TYPE_MAX,
} PropertyType;

typedef struct SchemaProperty {
    const char *name;
    PropertyType type;
    bool is_required; /* in answers: it is there, and not null */
    const char *ref;
    const char *(*value)(int); /* the i-th of the only values that there are; NULL: no such */
    const char *description;
} SchemaProperty;

typedef struct Schema {
    const char *name;
    const char *items; /* not an object, but a list of these */
    const SchemaProperty *properties;
} Schema;

extern const Schema api_schemas[]; /* ends with a name of NULL */
