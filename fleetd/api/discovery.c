/* GET /discovery: a Google API discovery document of the table of routes. Its rootUrl cannot be
 * used as it stands: a fleetd does not know by which address its clients reach it. */
#include "fleetd/api/routes.h"
#include "fleetd/api/schemas.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"

#include <errno.h>

#define VERSION "v1"

/* Whether a field was added, of any kind: documents are built of many, and any may fail. */
static bool has_string(json_object *object, const char *name, const char *value) {
    return json_add_string(object, name, value) >= 0;
}

static bool has_object(json_object *object, const char *name, json_object *value_take) {
    return json_add_take(object, name, value_take) >= 0;
}

static json_object *ref_to_json(const char *ref) {
    _cleanup_json_ json_object *object = json_object_new_object();
    return object && has_string(object, "$ref", ref) ? TAKE_PTR(object) : NULL;
}

static json_object *type_to_json(const char *type) {
    _cleanup_json_ json_object *object = json_object_new_object();
    return object && has_string(object, "type", type) ? TAKE_PTR(object) : NULL;
}

static json_object *items_to_json(const char *ref) {
    return ref ? ref_to_json(ref) : type_to_json("string");
}

static json_object *enum_to_json(const char *(*value)(int) ) {
    _cleanup_json_ json_object *array = json_object_new_array();
    for (int i = 0; array && value(i); i++)
        if (json_array_add_take(array, json_object_new_string(value(i))) < 0)
            return NULL;
    return TAKE_PTR(array);
}

static json_object *property_to_json(const SchemaProperty *property) {
    static const char *const types[_PROPERTY_TYPE_MAX] = {
        [PROPERTY_STRING] = "string",   [PROPERTY_INTEGER] = "integer",
        [PROPERTY_BOOLEAN] = "boolean", [PROPERTY_LIST] = "array",
        [PROPERTY_STRINGS] = "object",  [PROPERTY_ANY] = "any",
    };
    _cleanup_json_ json_object *object = property->type == PROPERTY_OBJECT
                                             ? ref_to_json(property->ref)
                                             : type_to_json(types[property->type]);
    if (!object || !has_string(object, "description", property->description))
        return NULL;
    if (property->type == PROPERTY_LIST &&
        !has_object(object, "items", items_to_json(property->ref)))
        return NULL;
    if (property->type == PROPERTY_STRINGS &&
        !has_object(object, "additionalProperties", type_to_json("string")))
        return NULL;
    if (property->value && !has_object(object, "enum", enum_to_json(property->value)))
        return NULL;
    if (property->is_required && json_add_bool(object, "required", true) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *properties_to_json(const SchemaProperty *properties) {
    _cleanup_json_ json_object *object = json_object_new_object();
    for (; object && properties->name; properties++)
        if (!has_object(object, properties->name, property_to_json(properties)))
            return NULL;
    return TAKE_PTR(object);
}

static json_object *schema_to_json(const Schema *schema) {
    _cleanup_json_ json_object *object = type_to_json(schema->items ? "array" : "object");
    if (!object || !has_string(object, "id", schema->name))
        return NULL;
    bool is_whole = schema->items
                        ? has_object(object, "items", ref_to_json(schema->items))
                        : has_object(object, "properties", properties_to_json(schema->properties));
    return is_whole ? TAKE_PTR(object) : NULL;
}

static json_object *schemas_to_json(void) {
    _cleanup_json_ json_object *object = json_object_new_object();
    for (const Schema *schema = api_schemas; object && schema->name; schema++)
        if (!has_object(object, schema->name, schema_to_json(schema)))
            return NULL;
    return TAKE_PTR(object);
}

static json_object *parameter_to_json(const char *type, const char *location,
                                      const char *description) {
    _cleanup_json_ json_object *object = type_to_json(type);
    if (!object || !has_string(object, "location", location) ||
        !has_string(object, "description", description))
        return NULL;
    return TAKE_PTR(object);
}

static bool query_parameters_add(json_object *object, const Route *route) {
    for (const RouteParameter *parameter = route->parameters; parameter->name; parameter++) {
        json_object *json = parameter_to_json("string", "query", parameter->description);
        if (!has_object(object, parameter->name, json) ||
            (parameter->is_repeated && json_add_bool(json, "repeated", true) < 0))
            return false;
    }
    return !route->read || !route->response ||
           has_object(object, "revision",
                      parameter_to_json("integer", "query",
                                        "Of the store, that the answer must have seen."));
}

/* The one in braces; NULL: the path has none. The caller frees. -ENOMEM. */
static int path_parameter(const Route *route, char **ret) {
    const char *start = strchr(route->path, '{');
    *ret = start ? strndup(start + 1, strcspn(start + 1, "}")) : NULL;
    return start && !*ret ? -ENOMEM : 0;
}

static bool path_parameter_add(json_object *parameters, const char *name) {
    json_object *json = name ? parameter_to_json("string", "path", NULL) : NULL;
    return !name ||
           (has_object(parameters, name, json) && json_add_bool(json, "required", true) >= 0);
}

static bool parameters_add(json_object *method, const Route *route) {
    _cleanup_free_ char *name = NULL;
    json_object *parameters = NULL, *order = NULL;
    if (path_parameter(route, &name) < 0 ||
        !has_object(method, "parameters", parameters = json_object_new_object()) ||
        !path_parameter_add(parameters, name) || !query_parameters_add(parameters, route))
        return false;
    return !name || (has_object(method, "parameterOrder", order = json_object_new_array()) &&
                     json_array_add_take(order, json_object_new_string(name)) >= 0);
}

static json_object *method_to_json(const Route *route) {
    _cleanup_json_ json_object *method = json_object_new_object();
    _cleanup_free_ char *id = str_printf("fleet.%s.%s", route->object, route->verb);
    if (!method || !id || !has_string(method, "id", id) ||
        !has_string(method, "description", route->description) ||
        !has_string(method, "httpMethod", route->method) ||
        !has_string(method, "path", route->path) || !parameters_add(method, route))
        return NULL;
    if (route->request && !has_object(method, "request", ref_to_json(route->request)))
        return NULL;
    if (route->response && !has_object(method, "response", ref_to_json(route->response)))
        return NULL;
    return TAKE_PTR(method);
}

/* The methods of a resource; made when it is its first. NULL when out of memory. */
static json_object *resource_methods(json_object *resources, const char *name) {
    json_object *resource = json_object_object_get(resources, name), *methods = NULL;
    if (resource)
        return json_object_object_get(resource, "methods");
    if (!has_object(resources, name, resource = json_object_new_object()) ||
        !has_object(resource, "methods", methods = json_object_new_object()))
        return NULL;
    return methods;
}

static json_object *resources_to_json(void) {
    _cleanup_json_ json_object *resources = json_object_new_object();
    for (size_t i = 0; resources && i < api_n_routes; i++) {
        const Route *route = &api_routes[i];
        json_object *methods =
            route->resource ? resource_methods(resources, route->resource) : NULL;
        if (route->resource &&
            (!methods || !has_object(methods, route->verb, method_to_json(route))))
            return NULL;
    }
    return TAKE_PTR(resources);
}

static json_object *document_new(void) {
    static const char *const fields[][2] = {
        {"kind", "discovery#restDescription"},
        {"discoveryVersion", "v1"},
        {"id", "fleet:" VERSION},
        {"name", "fleet"},
        {"version", VERSION},
        {"title", "fleet API"},
        {"description", "Units, their states and machines of a fleet cluster."},
        {"protocol", "rest"},
        {"baseUrl", "$ENDPOINT" API_PREFIX},
        {"basePath", API_PREFIX},
        {"rootUrl", "$ENDPOINT/"},
        {"servicePath", "fleet/" VERSION "/"},
        {"batchPath", "batch"},
    };
    _cleanup_json_ json_object *document = json_object_new_object();
    for (size_t i = 0; document && i < ELEMENTSOF(fields); i++)
        if (!has_string(document, fields[i][0], fields[i][1]))
            return NULL;
    if (!document || !has_object(document, "parameters", json_object_new_object()) ||
        !has_object(document, "auth", json_object_new_object()) ||
        !has_object(document, "schemas", schemas_to_json()) ||
        !has_object(document, "resources", resources_to_json()))
        return NULL;
    return TAKE_PTR(document);
}

void discovery_get(Api *api, ApiExchange *exchange, const char *name) {
    if (!api->discovery) {
        _cleanup_json_ json_object *document = document_new();
        api->discovery = document ? json_format(document) : NULL;
    }
    answer_text(exchange, ANSWER_JSON, api->discovery);
}
