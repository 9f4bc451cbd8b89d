/* GET /versions/NAME. */
#include "fleetd/api/context.h"
#include "fleetd/base/json.h"

static json_object *version_to_json(const View *view, const UnitVersion *version, bool has_text) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const UnitFile *file = has_text ? view_find_file(view, version->hash) : NULL;
    int64_t time = (int64_t) (version->time_usec / USEC_PER_SEC);
    if (!object || json_add_int(object, "version", version->number) < 0 ||
        json_add_string(object, "hash", version->hash) < 0 ||
        (time > 0 && json_add_int(object, "time", time) < 0) ||
        (file && json_add_string(object, "text", unit_file_text(file, NULL)) < 0))
        return NULL;
    return TAKE_PTR(object);
}

static json_object *versions_to_json(const View *view, const UnitView *unit, bool has_text) {
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *array = NULL;
    if (!object || json_add_take(object, "versions", array = json_object_new_array()) < 0)
        return NULL;
    for (size_t i = 0; i < unit_view_n_versions(unit); i++)
        if (json_array_add_take(array, version_to_json(view, unit->versions[i], has_text)) < 0)
            return NULL;
    return TAKE_PTR(object);
}

void versions_get(Api *api, ApiExchange *exchange, const char *name, View *view) {
    const UnitView *unit = view_find_unit(view, name);
    bool has_text = false;
    if (!unit || !unit->unit)
        answer_error(exchange, 404, "unit '%s' does not exist", name);
    else if (query_is_true(exchange, "text", &has_text) < 0)
        answer_no_memory(exchange);
    else
        answer_object_take(exchange, versions_to_json(view, unit, has_text), view_revision(view));
}
