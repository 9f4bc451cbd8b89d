/* GET /state and /state/NAME: what the agents report; GET /orphans: what they have for other
 * clusters. Sorted by unit, then by machine. */
#include "fleetd/api/api-json.h"
#include "fleetd/api/list-page.h"
#include "fleetd/api/page.h"
#include "fleetd/base/strv.h"

#include <errno.h>

typedef struct StateKind {
    const char *field;
    bool (*is_listed)(const Placement *placement);
    json_object *(*to_json)(const UnitView *unit, const Placement *placement);
} StateKind;

typedef struct StateList {
    const StateKind *kind;
    ListPage page;
    View *view;
    char *unit_name, *machine_id; /* the filters; NULL: all */
    char *after_unit;             /* where the page begins, */
    const char *after_machine;    /* taken apart */
} StateList;

static void state_list_done(StateList *list) {
    list_page_done(&list->page);
    free(list->unit_name);
    free(list->machine_id);
    free(list->after_unit);
}

static bool is_behind_start(const StateList *list, const char *unit_name, const char *machine_id) {
    int order = list->after_unit ? strcmp(unit_name, list->after_unit) : 1;
    return order > 0 || (order == 0 && strcmp(machine_id, list->after_machine) > 0);
}

static bool is_wanted(const StateList *list, const Placement *placement) {
    return list->kind->is_listed(placement) &&
           (!list->machine_id || streq(list->machine_id, placement->machine_id));
}

/* 1: go on; 0: the page is full. */
static int add_unit(StateList *list, const UnitView *unit) {
    _cleanup_free_ const char **ids = NULL;
    int r = map_sorted_keys(unit->placements, &ids);
    if (r < 0)
        return r;
    for (const char **id = ids; *id; id++) {
        const Placement *placement = map_get(unit->placements, *id);
        if (!is_wanted(list, placement) || !is_behind_start(list, unit->name, *id))
            continue;
        if (!list_page_has_room(&list->page))
            return 0;
        _cleanup_free_ char *entry = str_printf("%s/%s", unit->name, *id);
        if (!entry)
            return -ENOMEM;
        r = list_page_add_take(&list->page, entry, list->kind->to_json(unit, placement));
        if (r < 0)
            return r;
        if (placement->orphan && placement->orphan->text)
            list->page.n_bytes += strlen(placement->orphan->text);
    }
    return 1;
}

static int add_all_units(StateList *list) {
    const char *const *names;
    size_t n_names;
    int r = view_unit_names(list->view, &names, &n_names);
    if (r < 0)
        return r;
    size_t i = names_after(names, n_names, list->after_unit);
    if (i > 0 && streq(names[i - 1], list->after_unit))
        i--; /* it may have more machines */
    for (r = 1; r > 0 && i < n_names; i++)
        r = add_unit(list, view_find_unit(list->view, names[i]));
    return r;
}

static int filters_read(StateList *list) {
    int r = query_get(list->page.exchange, "unitName", &list->unit_name);
    if (r < 0)
        return r;
    r = query_get(list->page.exchange, "machineID", &list->machine_id);
    if (r < 0 || !list->page.after)
        return r;
    list->after_unit = strdup(list->page.after);
    if (!list->after_unit)
        return -ENOMEM;
    char *slash = strchr(list->after_unit, '/');
    list->after_machine = slash ? slash + 1 : "";
    if (slash)
        *slash = 0;
    return 0;
}

static int add_wanted(StateList *list) {
    int r = filters_read(list);
    if (r < 0 || !list->unit_name)
        return r < 0 ? r : add_all_units(list);
    const UnitView *unit = view_find_unit(list->view, list->unit_name);
    return unit ? add_unit(list, unit) : 0;
}

static void list_answer(const StateKind *kind, Api *api, ApiExchange *exchange, View *view) {
    _cleanup_(state_list_done) StateList list = {.kind = kind, .view = view};
    if (list_page_begin(&list.page, api, exchange, kind->field) < 0)
        return;
    int r = add_wanted(&list);
    list_page_answer(&list.page, r, view_revision(view));
}

void states_list(Api *api, ApiExchange *exchange, const char *name, View *view) {
    static const StateKind states = {"states", placement_is_listed, unit_state_to_json};
    list_answer(&states, api, exchange, view);
}

static bool placement_has_orphan(const Placement *placement) {
    return placement->orphan;
}

void orphans_list(Api *api, ApiExchange *exchange, const char *name, View *view) {
    static const StateKind orphans = {"orphans", placement_has_orphan, orphan_to_json};
    list_answer(&orphans, api, exchange, view);
}

/* The state where the unit belongs, or else any. */
static const Placement *listed_placement(const UnitView *unit) {
    const Placement *found = unit_view_placement(unit);
    if (found && placement_is_listed(found))
        return found;
    found = NULL;
    _unused_ const char *id;
    const Placement *placement;
    MAP_FOREACH (id, placement, unit->placements)
        if (placement_is_listed(placement) && (!found || strcmp(id, found->machine_id) < 0))
            found = placement;
    return found;
}

void states_get(Api *api, ApiExchange *exchange, const char *name, View *view) {
    const UnitView *unit = view_find_unit(view, name);
    const Placement *placement = unit ? listed_placement(unit) : NULL;
    if (placement)
        answer_object_take(exchange, unit_state_to_json(unit, placement), view_revision(view));
    else
        answer_error(exchange, 404, "no machine reports a state of unit '%s'", name);
}
