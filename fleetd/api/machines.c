/* GET /machines; and GET /metadata, /maintenance and /reboots: what was set through the API, also
 * of machines that are away. */
#include "fleetd/api/api-json.h"
#include "fleetd/api/list-page.h"
#include "fleetd/api/page.h"
#include "fleetd/api/reserved.h"
#include "fleetd/base/json.h"

#include <errno.h>

/* A list over all machines, of those that have what it is about. */
typedef struct MachineList {
    const char *field;
    bool (*has)(const MachineView *machine);
    json_object *(*to_json)(const View *view, const MachineView *machine);
    bool has_reservations, is_of_reboots;
} MachineList;

/* About as much as what is told of it. */
static size_t machine_size(const MachineView *machine) {
    size_t n_pairs =
        machine->overlay.n_pairs + (machine->machine ? machine->machine->metadata.n_pairs : 0);
    return n_pairs * 2 * METADATA_TEXT_MAX;
}

/* Summed up once for all of them. */
static int reservations_add(const MachineView *machine, const Map *reserved, json_object *object) {
    static const Resources none = {};
    const Resources *sum = map_get(reserved, machine->id);
    return json_add_take(object, "reservations",
                         reservations_to_json(machine->machine, sum ? sum : &none));
}

/* What is known of all machines, for each of them. */
typedef struct Common {
    Map *reserved;
    const char *first_reboot;
} Common;

static int common_gather(View *view, const MachineList *list, Common *common) {
    int r = list->has_reservations ? view_sum_reserved(view, &common->reserved) : 0;
    return r >= 0 && list->is_of_reboots ? reboots_find_first(view, &common->first_reboot) : r;
}

static void common_done(Common *common) {
    map_free(common->reserved);
}

static int page_add(ListPage *page, const View *view, const MachineView *machine,
                    const MachineList *list, const Common *common) {
    _cleanup_json_ json_object *object = list->to_json(view, machine);
    int r = object ? 0 : -ENOMEM;
    if (r >= 0 && list->has_reservations)
        r = reservations_add(machine, common->reserved, object);
    if (r >= 0 && list->is_of_reboots)
        r = machine_reboot_explain(object, machine, common->first_reboot);
    page->n_bytes += machine_size(machine);
    return r < 0 ? r : list_page_add_take(page, machine->id, TAKE_PTR(object));
}

static void list_machines(Api *api, ApiExchange *exchange, View *view, const MachineList *list) {
    _cleanup_list_page_ ListPage page = {};
    if (list_page_begin(&page, api, exchange, list->field) < 0)
        return;
    _cleanup_(common_done) Common common = {};
    const char *const *ids;
    size_t n_ids;
    int r = view_machine_ids(view, &ids, &n_ids);
    if (r >= 0)
        r = common_gather(view, list, &common);
    for (size_t i = r < 0 ? 0 : names_after(ids, n_ids, page.after); r >= 0 && i < n_ids; i++) {
        const MachineView *machine = view_find_machine(view, ids[i]);
        if (!list->has(machine))
            continue;
        if (!list_page_has_room(&page))
            break;
        r = page_add(&page, view, machine, list, &common);
    }
    list_page_answer(&page, r, view_revision(view));
}

void machines_list(Api *api, ApiExchange *exchange, const char *name, View *view) {
    static const MachineList list = {"machines", machine_view_is_present, machine_to_json,
                                     .has_reservations = true};
    list_machines(api, exchange, view, &list);
}

static bool has_metadata(const MachineView *machine) {
    return machine->overlay.n_pairs > 0;
}

void metadata_list(Api *api, ApiExchange *exchange, const char *name, View *view) {
    static const MachineList list = {"metadata", has_metadata, machine_metadata_to_json};
    list_machines(api, exchange, view, &list);
}

static bool has_maintenance(const MachineView *machine) {
    return machine->maintenance;
}

void maintenance_list(Api *api, ApiExchange *exchange, const char *name, View *view) {
    static const MachineList list = {"maintenance", has_maintenance, machine_maintenance_to_json};
    list_machines(api, exchange, view, &list);
}

static bool has_reboot(const MachineView *machine) {
    return machine->reboot;
}

void reboots_list(Api *api, ApiExchange *exchange, const char *name, View *view) {
    static const MachineList list = {"reboots", has_reboot, machine_reboot_to_json,
                                     .is_of_reboots = true};
    list_machines(api, exchange, view, &list);
}
