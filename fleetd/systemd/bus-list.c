/* list(): what is in the directory, and what systemd says of it. A batch of writes that an earlier
 * fleetd did not finish is finished first. */
#include "fleetd/base/strv.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit-name.h"
#include "fleetd/systemd/bus-private.h"

typedef struct ListOp {
    BusFiles files;
    UnitManagerListDone done;
    void *userdata;
    Map *seen;      /* names in the directory */
    bool is_repair; /* of writes that ended half-way */
} ListOp;

static int statuses_get(const BusUnits *units, const UnitStatus ***ret) {
    _cleanup_free_ const char **names = NULL;
    int r = bus_units_names(units, &names);
    if (r < 0)
        return r;
    const UnitStatus **statuses = calloc(bus_units_count(units) + 1, sizeof(UnitStatus *));
    if (!statuses)
        return -ENOMEM;
    for (size_t i = 0; names[i]; i++)
        statuses[i] = &bus_units_find(units, names[i])->status;
    *ret = statuses;
    return 0;
}

static void list_run(Reply *reply) {
    ListOp *list = (ListOp *) reply;
    BusOp *op = &list->files.op;
    _cleanup_free_ const UnitStatus **statuses = NULL;
    if (op->r >= 0)
        op->r = statuses_get(op->um->units, &statuses);
    list->done(op->r, statuses, op->r < 0 ? 0 : bus_units_count(op->um->units), list->userdata);
}

static void list_free(Reply *reply) {
    ListOp *list = (ListOp *) reply;
    map_free(list->seen);
    bus_files_done(&list->files);
    free(list);
}

static bool text_has_install(const char *text, size_t size) {
    _cleanup_(unit_file_unrefp) UnitFile *file = NULL;
    return unit_file_parse(text, size, &file, NULL) >= 0 && unit_file_has_section(file, "Install");
}

int bus_unit_load_marks(BusUnitManager *um, BusUnit *unit) {
    _cleanup_free_ char *cluster = NULL, *health = NULL;
    int r = unit_directory_get_cluster(um->directory, unit->status.name, &cluster);
    if (r >= 0)
        r = unit_directory_get_health(um->directory, unit->status.name, &health);
    if (r < 0)
        return r;
    free(unit->status.cluster);
    unit->status.cluster = TAKE_PTR(cluster);
    free(unit->status.health);
    unit->status.health = TAKE_PTR(health);
    unit->status.was_launched = unit_directory_is_launched(um->directory, unit->status.name);
    if (unit->status.was_launched) /* else it is what the start under way, if any, is for */
        unit->status.restart = unit_directory_get_restart(um->directory, unit->status.name);
    return 0;
}

static int file_see(const char *name, const char *text, size_t size, void *userdata) {
    ListOp *list = userdata;
    BusUnitManager *um = list->files.op.um;
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    BusUnit *unit;
    if (unit_name_is_template(name)) /* can not be run, and systemd would refuse the whole list */
        return 0;
    int r = unit_file_hash_text(text, size, hash);
    if (r >= 0)
        r = bus_units_ensure(um->units, name, &unit);
    if (r >= 0)
        r = bus_unit_set_hash(unit, hash);
    if (r >= 0)
        r = bus_unit_set_times(unit, text, size);
    if (r < 0)
        return r;
    r = bus_unit_load_marks(um, unit);
    if (r >= 0)
        r = map_put(list->seen, name, NULL);
    if (r < 0)
        return r;
    return bus_files_add(&list->files, name, text_has_install(text, size));
}

static int unseen_forget(BusUnits *units, const Map *seen) {
    _cleanup_free_ const char **names = NULL;
    int r = bus_units_names(units, &names);
    if (r < 0)
        return r;
    for (const char **name = names; *name; name++)
        if (!map_has(seen, *name))
            bus_units_remove(units, *name);
    return 0;
}

static void on_states_known(BusFiles *files) {
    BusUnitManager *um = files->op.um;
    if (((ListOp *) files)->is_repair)
        bus_writes_repaired(um);
    bus_op_finish(&files->op);
}

static void list_go(ListOp *list) {
    BusUnitManager *um = list->files.op.um;
    int r = um->is_connected ? 0 : -ENOTCONN;
    if (r >= 0)
        r = unit_directory_walk(um->directory, file_see, list);
    if (r >= 0)
        r = unseen_forget(um->units, list->seen);
    if (r >= 0)
        r = bus_guard_tidy(um);
    if (r < 0)
        return bus_op_fail(&list->files.op, r, NULL);
    list->is_repair = um->writes == 0 && unit_directory_is_unfinished(um->directory);
    list->files.needs_reload = list->is_repair;
    if (list->is_repair)
        bus_files_link(&list->files);
    else
        bus_files_load(&list->files);
}

int bus_list_begin(BusUnitManager *um, UnitManagerListDone done, void *userdata) {
    ListOp *list = calloc(1, sizeof(ListOp));
    if (!list || !(list->seen = map_new(NULL))) {
        free(list);
        return -ENOMEM;
    }
    list->done = done;
    list->userdata = userdata;
    list->files.is_lenient = true;
    list->files.then = on_states_known;
    bus_op_init(&list->files.op, um, list_run, list_free);
    um->is_listed = true;
    list_go(list);
    return 0;
}
