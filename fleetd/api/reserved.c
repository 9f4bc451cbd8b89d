#include "fleetd/api/reserved.h"

#include <errno.h>

/* What is reserved is in no value that has specifiers: units that share a file reserve the same. */
typedef struct Sums {
    const View *view;
    Map *machines; /* Resources by id */
    Map *files;    /* Reserve by hash, of those that were read */
} Sums;

static int reserve_read(const UnitFile *file, const char *name, Reserve *ret) {
    Requirements *requirements = NULL;
    int r = file ? requirements_parse(file, name, &requirements, NULL) : 0;
    if (r == -ENOMEM)
        return r;
    *ret = requirements ? requirements->reserve : (Reserve){};
    requirements_free(requirements);
    return 0;
}

static int reserve_of_file(Sums *sums, const char *hash, const char *name, const Reserve **ret) {
    Reserve *reserve = map_get(sums->files, hash);
    if (!reserve) {
        _cleanup_free_ Reserve *added = calloc(1, sizeof(Reserve));
        if (!added)
            return -ENOMEM;
        int r = reserve_read(view_find_file(sums->view, hash), name, added);
        if (r >= 0)
            r = map_put(sums->files, hash, added);
        if (r < 0)
            return r;
        reserve = TAKE_PTR(added);
    }
    *ret = reserve;
    return 0;
}

static int reserve_of_orphan(const Orphan *orphan, Reserve *ret) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    int r = orphan->text ? unit_file_parse(orphan->text, strlen(orphan->text), &file, NULL) : 0;
    return r == -ENOMEM ? r : reserve_read(file, orphan->name, ret);
}

static int machine_add(Sums *sums, const char *id, const Reserve *reserve) {
    const MachineView *known = view_find_machine(sums->view, id);
    Resources *sum = map_get(sums->machines, id);
    if (reserve_is_none(reserve))
        return 0;
    if (!sum) {
        sum = calloc(1, sizeof(Resources));
        if (!sum || map_put(sums->machines, id, sum) < 0) {
            free(sum);
            return -ENOMEM;
        }
    }
    Resources more =
        reserve_resources(reserve, known && known->machine ? known->machine->memory_bytes : 0);
    sum->memory_bytes += more.memory_bytes;
    sum->cpu_thousandths += more.cpu_thousandths;
    return 0;
}

/* What is ordered counts until the order is gone, by the unit's present file. */
static int placement_add(Sums *sums, const UnitView *unit, const Placement *placement) {
    if (!placement->order && !placement->orphan)
        return 0;
    Reserve of_orphan = {};
    const Reserve *reserve = &of_orphan;
    bool is_orphan = placement_is_orphaned(placement) && !unit->unit;
    const char *hash = unit->unit         ? unit->unit->hash
                       : placement->order ? placement->order->hash
                                          : "";
    int r = is_orphan ? reserve_of_orphan(placement->orphan, &of_orphan)
                      : reserve_of_file(sums, hash, unit->name, &reserve);
    return r < 0 ? r : machine_add(sums, placement->machine_id, reserve);
}

static int unit_add(Sums *sums, const UnitView *unit) {
    _unused_ const char *id;
    const Placement *placement;
    int r = 0;
    MAP_FOREACH (id, placement, unit->placements)
        r = r < 0 ? r : placement_add(sums, unit, placement);
    return r;
}

int view_sum_reserved(const View *view, Map **ret) {
    _cleanup_(map_freep) Map *machines = map_new(free), *files = map_new(free);
    Sums sums = {.view = view, .machines = machines, .files = files};
    if (!machines || !files)
        return -ENOMEM;
    _unused_ const char *name;
    const UnitView *unit;
    MAP_FOREACH (name, unit, view_units(view)) {
        int r = unit_add(&sums, unit);
        if (r < 0)
            return r;
    }
    *ret = TAKE_PTR(machines);
    return 0;
}
