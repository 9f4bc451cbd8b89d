/* GET /machines, and GET /metadata: what was set through the API, also of machines that are away.
 */
#include "fleetd/api/api-json.h"
#include "fleetd/api/list-page.h"
#include "fleetd/api/page.h"

void machines_list(Api *api, ApiExchange *exchange, const char *name, View *view) {
    _cleanup_list_page_ ListPage page = {};
    if (list_page_begin(&page, api, exchange, "machines") < 0)
        return;
    const char *const *ids;
    size_t n_ids;
    int r = view_machine_ids(view, &ids, &n_ids);
    for (size_t i = r < 0 ? 0 : names_after(ids, n_ids, page.after); r >= 0 && i < n_ids; i++) {
        const MachineView *machine = view_find_machine(view, ids[i]);
        if (!machine_view_is_present(machine))
            continue;
        if (!list_page_has_room(&page))
            break;
        r = list_page_add_take(&page, ids[i], machine_to_json(machine));
    }
    list_page_answer(&page, r, view_revision(view));
}

void metadata_list(Api *api, ApiExchange *exchange, const char *name, View *view) {
    _cleanup_list_page_ ListPage page = {};
    if (list_page_begin(&page, api, exchange, "metadata") < 0)
        return;
    const char *const *ids;
    size_t n_ids;
    int r = view_machine_ids(view, &ids, &n_ids);
    for (size_t i = r < 0 ? 0 : names_after(ids, n_ids, page.after); r >= 0 && i < n_ids; i++) {
        const MachineView *machine = view_find_machine(view, ids[i]);
        if (machine->overlay.n_pairs == 0)
            continue;
        if (!list_page_has_room(&page))
            break;
        r = list_page_add_take(&page, ids[i], machine_metadata_to_json(machine));
    }
    list_page_answer(&page, r, view_revision(view));
}
