/* GET /units and /units/NAME. */
#include "fleetd/api/api-json.h"
#include "fleetd/api/list-page.h"
#include "fleetd/api/page.h"

#define OPTION_OVERHEAD 64 /* bytes of JSON around an option's text */

static size_t unit_size(const View *view, const UnitView *unit) {
    const UnitFile *file = view_find_file(view, unit->unit->hash);
    size_t size = 0, n_options = 0;
    if (file) {
        (void) unit_file_text(file, &size);
        (void) unit_file_options(file, &n_options);
    }
    return size + n_options * OPTION_OVERHEAD;
}

void units_list(Api *api, ApiExchange *exchange, const char *name, View *view) {
    _cleanup_list_page_ ListPage page = {};
    if (list_page_begin(&page, api, exchange, "units") < 0)
        return;
    const char *const *names;
    size_t n_names;
    bool is_whole = false;
    int r = query_is_true(exchange, "text", &is_whole); /* as that of a single unit */
    if (r >= 0)
        r = view_unit_names(view, &names, &n_names);
    for (size_t i = r < 0 ? 0 : names_after(names, n_names, page.after); r >= 0 && i < n_names;
         i++) {
        const UnitView *unit = view_find_unit(view, names[i]);
        if (!unit->unit)
            continue;
        if (!list_page_has_room(&page))
            break;
        r = list_page_add_take(&page, names[i], unit_to_json(view, unit, is_whole));
        page.n_bytes += unit_size(view, unit);
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
