#include "tests/sim/sim-view.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/past-placement.h"

struct SimView {
    Map *kinds[_KEY_KIND_MAX];
    int64_t leader_revision, revision;
    SimViewHooks hooks;
    void *userdata;
    StoreOp *watch;
};

/* Values are what the model parses, or plain text. */
typedef struct ViewKind {
    const char *prefix;
    int (*parse)(const Key *key, const StoreEntry *entry, void **ret);
    MapFreeValue free;
} ViewKind;

static int parse_text(_unused_ const Key *key, const StoreEntry *entry, void **ret) {
    *ret = strndup(entry->value, entry->value_size);
    return *ret ? 0 : -ENOMEM;
}

static int parse_unit(const Key *key, const StoreEntry *entry, void **ret) {
    Unit *unit;
    int r = unit_parse(key->name, entry->value, entry->value_size, &unit, NULL);
    if (r < 0)
        return r;
    unit->revision = entry->mod_revision;
    *ret = unit;
    return 0;
}

static int parse_machine(const Key *key, const StoreEntry *entry, void **ret) {
    return machine_parse(key->machine_id, entry->value, entry->value_size, (Machine **) ret, NULL);
}

static int parse_maintenance(const Key *key, const StoreEntry *entry, void **ret) {
    return maintenance_parse(key->machine_id, entry->value, entry->value_size, (Maintenance **) ret,
                             NULL);
}

static int parse_order(const Key *key, const StoreEntry *entry, void **ret) {
    return order_parse(key->machine_id, key->name, entry->value, entry->value_size, (Order **) ret,
                       NULL);
}

static int parse_state(const Key *key, const StoreEntry *entry, void **ret) {
    return unit_state_parse(key->machine_id, key->name, entry->value, entry->value_size,
                            (UnitState **) ret, NULL);
}

static int parse_pending(const Key *key, const StoreEntry *entry, void **ret) {
    return pending_parse(key->name, entry->value, entry->value_size, (Pending **) ret, NULL);
}

static int parse_orphan(const Key *key, const StoreEntry *entry, void **ret) {
    return orphan_parse(key->machine_id, key->name, entry->value, entry->value_size,
                        (Orphan **) ret, NULL);
}

static int parse_version(const Key *key, const StoreEntry *entry, void **ret) {
    return unit_version_parse(key->number, entry->value, entry->value_size, (UnitVersion **) ret,
                              NULL);
}

static int parse_reboot(const Key *key, const StoreEntry *entry, void **ret) {
    return reboot_parse(key->machine_id, entry->value, entry->value_size, (Reboot **) ret, NULL);
}

static int parse_deployment(const Key *key, const StoreEntry *entry, void **ret) {
    return deployment_parse(key->name, entry->value, entry->value_size, (Deployment **) ret, NULL);
}

static int parse_rollout(const Key *key, const StoreEntry *entry, void **ret) {
    return rollout_parse(key->name, entry->value, entry->value_size, (Rollout **) ret, NULL);
}

static int parse_past(const Key *key, const StoreEntry *entry, void **ret) {
    return past_placement_parse(entry->value, entry->value_size, (PastPlacement **) ret, NULL);
}

static int parse_failures(const Key *key, const StoreEntry *entry, void **ret) {
    return failures_parse(key->name, entry->value, entry->value_size, (Failures **) ret, NULL);
}

static int parse_scale(const Key *key, const StoreEntry *entry, void **ret) {
    return template_scale_parse(key->name, entry->value, entry->value_size, (TemplateScale **) ret,
                                NULL);
}

static int parse_brake(_unused_ const Key *key, const StoreEntry *entry, void **ret) {
    return brake_record_parse(entry->value, entry->value_size, (BrakeRecord **) ret, NULL);
}

static int parse_rebalance(_unused_ const Key *key, const StoreEntry *entry, void **ret) {
    return rebalance_parse(entry->value, entry->value_size, (Rebalance **) ret, NULL);
}

static const ViewKind kinds[_KEY_KIND_MAX] = {
    [KEY_PAST] = {"was/", parse_past, (MapFreeValue) past_placement_free},
    [KEY_UNIT] = {"unit/", parse_unit, (MapFreeValue) unit_free},
    [KEY_FILE] = {"file/", parse_text, free},
    [KEY_MACHINE] = {"machine/", parse_machine, (MapFreeValue) machine_free},
    [KEY_METADATA] = {"metadata/", parse_text, free},
    [KEY_MAINTENANCE] = {"maintenance/", parse_maintenance, (MapFreeValue) maintenance_free},
    [KEY_SCHEDULE] = {"schedule/", parse_order, (MapFreeValue) order_free},
    [KEY_STATE] = {"state/", parse_state, (MapFreeValue) unit_state_free},
    [KEY_PENDING] = {"pending/", parse_pending, (MapFreeValue) pending_free},
    [KEY_LEADER] = {"", parse_text, free},
    [KEY_BRAKE] = {"", parse_brake, (MapFreeValue) brake_record_free},
    [KEY_ORPHAN] = {"orphan/", parse_orphan, (MapFreeValue) orphan_free},
    [KEY_VERSION] = {"version/", parse_version, (MapFreeValue) unit_version_free},
    [KEY_CLUSTER] = {"", parse_text, free},
    [KEY_REBOOT] = {"reboot/", parse_reboot, (MapFreeValue) reboot_free},
    [KEY_DEPLOYMENT] = {"deployment/", parse_deployment, (MapFreeValue) deployment_free},
    [KEY_ROLLOUT] = {"rollout/", parse_rollout, (MapFreeValue) rollout_free},
    [KEY_SCALE] = {"scale/", parse_scale, (MapFreeValue) template_scale_free},
    [KEY_FAILURES] = {"failures/", parse_failures, (MapFreeValue) failures_free},
    [KEY_REBALANCE] = {"", parse_rebalance, (MapFreeValue) rebalance_free},
};

static void *must(void *pointer) {
    if (!pointer)
        abort();
    return pointer;
}

/* event is a deletion, or what it puts cannot be read: gone either way. */
static void view_apply(SimView *view, const Key *key, const StoreEvent *event) {
    const ViewKind *kind = &kinds[key->kind];
    Map *map = view->kinds[key->kind];
    const char *rest = event->entry.key + strlen(kind->prefix);
    void *old = map_take(map, rest), *new = NULL;
    if (event->kind == STORE_EVENT_PUT && kind->parse(key, &event->entry, &new) < 0)
        new = NULL;
    if (new &&map_put(map, rest, new) < 0)
        abort();
    if (key->kind == KEY_LEADER)
        view->leader_revision = new ? event->entry.mod_revision : 0;
    if (view->hooks.on_change)
        view->hooks.on_change(key, old, new, view->userdata);
    if (old)
        kind->free(old);
}

static void on_events(const StoreEvent *events, size_t n_events, _unused_ int64_t last,
                      void *userdata) {
    SimView *view = userdata;
    for (size_t i = 0; i < n_events; i++) {
        _cleanup_key_ Key key = {};
        view->revision = events[i].entry.mod_revision;
        if (key_parse(events[i].entry.key, &key, NULL) >= 0)
            view_apply(view, &key, &events[i]);
        bool is_last = i + 1 == n_events || events[i + 1].entry.mod_revision != view->revision;
        if (is_last && view->hooks.on_revision)
            view->hooks.on_revision(view->revision, view->userdata);
    }
}

static void on_closed(_unused_ int r, _unused_ void *userdata) {
    abort(); /* nothing breaks this watch */
}

SimView *sim_view_new(Store *store) {
    static const StoreWatchCallbacks callbacks = {.on_events = on_events, .on_closed = on_closed};
    SimView *view = must(calloc(1, sizeof(SimView)));
    for (KeyKind kind = 0; kind < _KEY_KIND_MAX; kind++)
        view->kinds[kind] = must(map_new(kinds[kind].free));
    StoreWatch watch = {.key = "", .is_prefix = true};
    if (store_watch(store, &watch, &callbacks, view, &view->watch) < 0)
        abort();
    return view;
}

void sim_view_free(SimView *view) {
    if (!view)
        return;
    store_op_cancel(view->watch);
    for (KeyKind kind = 0; kind < _KEY_KIND_MAX; kind++)
        map_free(view->kinds[kind]);
    free(view);
}

void sim_view_set_hooks(SimView *view, const SimViewHooks *hooks, void *userdata) {
    view->hooks = *hooks;
    view->userdata = userdata;
}

const Map *sim_view_all(const SimView *view, KeyKind kind) {
    return view->kinds[kind];
}

static const void *view_pair(const SimView *view, KeyKind kind, const char *machine_id,
                             const char *name) {
    _cleanup_free_ char *key = must(str_printf("%s/%s", machine_id, name));
    return map_get(view->kinds[kind], key);
}

const Unit *sim_view_unit(const SimView *view, const char *name) {
    return map_get(view->kinds[KEY_UNIT], name);
}

const char *sim_view_file(const SimView *view, const char *hash) {
    return map_get(view->kinds[KEY_FILE], hash);
}

const Machine *sim_view_machine(const SimView *view, const char *id) {
    return map_get(view->kinds[KEY_MACHINE], id);
}

const Order *sim_view_order(const SimView *view, const char *machine_id, const char *name) {
    return view_pair(view, KEY_SCHEDULE, machine_id, name);
}

const UnitState *sim_view_state(const SimView *view, const char *machine_id, const char *name) {
    return view_pair(view, KEY_STATE, machine_id, name);
}

const Pending *sim_view_pending(const SimView *view, const char *name) {
    return map_get(view->kinds[KEY_PENDING], name);
}

const char *sim_view_metadata(const SimView *view, const char *machine_id, const char *key) {
    return view_pair(view, KEY_METADATA, machine_id, key);
}

const Maintenance *sim_view_maintenance(const SimView *view, const char *machine_id) {
    return map_get(view->kinds[KEY_MAINTENANCE], machine_id);
}

const Reboot *sim_view_reboot(const SimView *view, const char *machine_id) {
    return map_get(view->kinds[KEY_REBOOT], machine_id);
}

static bool is_drained_for(const Reboot *reboot) {
    return reboot && reboot->phase != REBOOT_WAITING && reboot->phase != REBOOT_RETURNING &&
           !(reboot->phase == REBOOT_FAILED && reboot->has_returned);
}

static usec_t first_deadline(usec_t a, usec_t b) {
    return a == 0 || b == 0 ? MAX(a, b) : MIN(a, b);
}

bool sim_view_wants(const SimView *view, const char *machine_id, Maintenance *ret) {
    const Maintenance *people = sim_view_maintenance(view, machine_id);
    const Reboot *reboot = sim_view_reboot(view, machine_id);
    bool is_to_go_down = is_drained_for(reboot);
    *ret = people ? *people : (Maintenance){.machine_id = (char *) machine_id};
    if (is_to_go_down) {
        bool has_deadline = reboot->phase == REBOOT_DRAINING && reboot->drain_usec > 0;
        usec_t deadline_usec = has_deadline ? reboot->phase_since_usec + reboot->drain_usec : 0;
        ret->ignore_global = !ret->is_draining || ret->ignore_global;
        ret->deadline_usec =
            ret->is_draining ? first_deadline(ret->deadline_usec, deadline_usec) : deadline_usec;
        ret->is_draining = true;
    }
    return people || is_to_go_down;
}

const BrakeRecord *sim_view_brake(const SimView *view) {
    return map_get(view->kinds[KEY_BRAKE], KEY_BRAKE_TEXT);
}

const char *sim_view_leader(const SimView *view) {
    return map_get(view->kinds[KEY_LEADER], KEY_LEADER_TEXT);
}

int64_t sim_view_leader_revision(const SimView *view) {
    return view->leader_revision;
}

int64_t sim_view_revision(const SimView *view) {
    return view->revision;
}

size_t sim_view_count_orders(const SimView *view, const char *name) {
    size_t n = 0;
    const char *key;
    const Order *order;
    MAP_FOREACH (key, order, view->kinds[KEY_SCHEDULE])
        n += streq(order->name, name);
    return n;
}
