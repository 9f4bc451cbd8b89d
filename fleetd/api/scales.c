/* GET of scales: how many instances of templates are to be kept, and how many there are. */
#include "fleetd/api/api-json.h"
#include "fleetd/api/list-page.h"
#include "fleetd/api/page.h"
#include "fleetd/api/scale-counts.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"

/* What is wanted, and those instances of which no other event tells: what cannot be read is no unit
 * there. */
static json_object *wish_to_json(const View *view, const UnitView *template) {
    _cleanup_json_ json_object *object = json_object_new_object();
    _cleanup_(strv_freep) char **unreadable = NULL;
    const TemplateScale *scale = template->scale;
    if (!object || scale_unreadable_names(view, template->name, &unreadable) < 0 ||
        json_add_string(object, "name", template->name) < 0 ||
        json_add_int(object, "count", (int64_t) scale->count) < 0 ||
        json_add_int(object, "since", (int64_t) (scale->since_usec / USEC_PER_SEC)) < 0 ||
        (unreadable &&
         json_add_take(object, "unreadable", names_to_json((const char *const *) unreadable)) < 0))
        return NULL;
    return TAKE_PTR(object);
}

json_object *scale_to_json(View *view, const UnitView *template) {
    _cleanup_json_ json_object *object = wish_to_json(view, template);
    ScaleCounts counts;
    if (!object || scale_counts_take(view, template->name, &counts) < 0 ||
        json_add_int(object, "there", (int64_t) counts.n_there) < 0 ||
        json_add_int(object, "running", (int64_t) counts.n_running) < 0 ||
        json_add_int(object, "others", (int64_t) counts.n_others) < 0 ||
        json_add_nullable(object, "why", scale_why(view, template, &counts)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

json_object *scale_event_to_json(const View *view, const UnitView *template) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "type", "scale") < 0 ||
        json_add_string(object, "unit", template->name) < 0 ||
        (template->scale && json_add_take(object, "scale", wish_to_json(view, template)) < 0))
        return NULL;
    return TAKE_PTR(object);
}

void scales_list(Api *api, ApiExchange *exchange, _unused_ const char *name, View *view) {
    _cleanup_list_page_ ListPage page = {};
    const char *const *names;
    size_t n_names;
    if (list_page_begin(&page, api, exchange, "scales") < 0)
        return;
    int r = view_unit_names(view, &names, &n_names);
    for (size_t i = r < 0 ? 0 : names_after(names, n_names, page.after); r >= 0 && i < n_names;
         i++) {
        const UnitView *unit = view_find_unit(view, names[i]);
        if (!unit->scale)
            continue;
        if (!list_page_has_room(&page))
            break;
        r = list_page_add_take(&page, names[i], scale_to_json(view, unit));
    }
    list_page_answer(&page, r, view_revision(view));
}

void scales_get(_unused_ Api *api, ApiExchange *exchange, const char *name, View *view) {
    const UnitView *unit = view_find_unit(view, name);
    if (unit && unit->scale)
        answer_object_take(exchange, scale_to_json(view, unit), view_revision(view));
    else
        answer_error(exchange, 404, "no number of instances is kept of '%s'", name);
}
