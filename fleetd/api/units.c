/* GET /units and /units/NAME. */
#include "fleetd/api/api-json.h"
#include "fleetd/api/list-page.h"
#include "fleetd/api/page.h"

void units_list(Api *api, ApiExchange *exchange, const char *name, View *view) {
    _cleanup_list_page_ ListPage page = {};
    if (list_page_begin(&page, api, exchange, "units") < 0)
        return;
    const char *const *names;
    size_t n_names;
    int r = view_unit_names(view, &names, &n_names);
    for (size_t i = r < 0 ? 0 : names_after(names, n_names, page.after); r >= 0 && i < n_names;
         i++) {
        const UnitView *unit = view_find_unit(view, names[i]);
        if (!unit->unit)
            continue;
        if (!list_page_has_room(&page))
            break;
        r = list_page_add_take(&page, names[i], unit_to_json(view, unit, false));
    }
    list_page_answer(&page, r, view_revision(view));
}

void units_get(Api *api, ApiExchange *exchange, const char *name, View *view) {
    const UnitView *unit = view_find_unit(view, name);
    if (!unit || !unit->unit) {
        answer_error(exchange, 404, "unit '%s' does not exist", name);
        return;
    }
    answer_object_take(exchange, unit_to_json(view, unit, true), view_revision(view));
}
