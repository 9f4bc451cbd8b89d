#include "tests/bench/scale-watch.h"

#include "tests/bench/benchmark.h"
#include "tests/bench/scale-node.h"

#include <stdio.h>

void scale_unit_name(size_t unit, char *ret, size_t size) {
    snprintf(ret, size, "web@%zu.service", unit);
}

static ScaleUnit *find_unit(ScaleWatch *watch, const char *name) {
    size_t i;
    bool is_ours = sscanf(name, "web@%zu.service", &i) == 1 && i < watch->n_units_max;
    bench_must(is_ours, "there is a unit '%s', which nobody asked for", name);
    return &watch->units[i];
}

static size_t find_machine(const ScaleWatch *watch, const char *id) {
    size_t i = scale_node_number(id);
    bench_must(i < watch->n_machines_max, "there is a machine '%s', which is none of ours", id);
    return i;
}

static bool unit_is_right(const ScaleUnit *unit) {
    return unit->is_wanted && unit->machine != SCALE_NOWHERE &&
           unit->version == unit->wanted_version;
}

/* The unit runs there now, with that version. */
static void unit_move(ScaleWatch *watch, ScaleUnit *unit, size_t machine, uint8_t version) {
    bool was_right = unit_is_right(unit);
    if (unit->machine != SCALE_NOWHERE)
        watch->machines[unit->machine].n_units--;
    if (machine != SCALE_NOWHERE)
        watch->machines[machine].n_units++;
    unit->machine = machine;
    unit->version = version;
    watch->n_right += unit_is_right(unit);
    watch->n_right -= was_right;
    if (unit_is_right(unit))
        unit->running_usec = loop_now(watch->loop);
}

void scale_watch_want(ScaleWatch *watch, size_t i, uint8_t version) {
    bench_must(i < watch->n_units_max, "there is no room for unit %zu", i);
    ScaleUnit *unit = &watch->units[i];
    watch->n_right -= unit_is_right(unit);
    watch->n_wanted += !unit->is_wanted;
    unit->is_wanted = true;
    unit->wanted_version = version;
    unit->asked_usec = loop_now(watch->loop);
    watch->n_right += unit_is_right(unit);
}

/* --- what the store says --- */

static uint8_t find_version(const ScaleWatch *watch, const char *hash) {
    uint8_t version = 0;
    while (watch->hashes[version] && !streq_ptr(watch->hashes[version], hash))
        version++;
    return version;
}

static void on_state(ScaleWatch *watch, const UnitState *state) {
    ScaleUnit *unit = find_unit(watch, state->name);
    size_t machine = find_machine(watch, state->machine_id);
    bool runs = state->current == LAUNCH_STATE_LAUNCHED && streq_ptr(state->active, "active");
    bench_must(state->job != JOB_RESULT_FAILED && state->job != JOB_RESULT_ERROR, "'%s' failed: %s",
               state->name, state->message);
    if (runs)
        unit_move(watch, unit, machine, find_version(watch, state->hash));
    else if (unit->machine == machine)
        unit_move(watch, unit, SCALE_NOWHERE, 0);
}

static void machine_set_here(ScaleWatch *watch, const char *id, bool is_here) {
    ScaleMachine *machine = &watch->machines[find_machine(watch, id)];
    if (machine->is_here == is_here)
        return;
    machine->is_here = is_here;
    machine->changed_usec = loop_now(watch->loop);
    watch->n_machines += is_here;
    watch->n_machines -= !is_here;
}

static void on_put(const StoreEntry *entry, void *userdata) {
    ScaleWatch *watch = userdata;
    _cleanup_record_ StoredRecord record = {};
    const StoredText text = store_entry_text(entry);
    bench_ok(stored_record_parse(&text, &record, NULL));
    bench_must(record.is_readable, "'%s' cannot be read", entry->key);
    if (record.state)
        on_state(watch, record.state);
    else if (record.machine)
        machine_set_here(watch, record.machine->id, true);
    else if (record.leader)
        watch->leader = find_machine(watch, record.leader);
}

static void on_state_deleted(ScaleWatch *watch, const Key *key) {
    ScaleUnit *unit = find_unit(watch, key->name);
    if (unit->machine == find_machine(watch, key->machine_id))
        unit_move(watch, unit, SCALE_NOWHERE, 0);
}

static void on_delete(const char *text, int64_t revision, void *userdata) {
    ScaleWatch *watch = userdata;
    _cleanup_key_ Key key = {};
    bench_ok(key_parse(text, &key, NULL));
    if (key.kind == KEY_STATE) {
        on_state_deleted(watch, &key);
    } else if (key.kind == KEY_MACHINE) {
        machine_set_here(watch, key.machine_id, false);
    } else {
        watch->leader = SCALE_NOWHERE;
        watch->leader_lost_usec = loop_now(watch->loop);
    }
}

static void on_synced(int64_t revision, void *userdata) {
}

void scale_watch_start(ScaleWatch *watch, Store *store, Loop *loop, const char *const *hashes,
                       size_t n_units_max, size_t n_machines_max) {
    static const char *const prefixes[] = {"state/", KEY_MACHINE_PREFIX, KEY_LEADER_TEXT};
    static const MirrorCallbacks callbacks = {
        .on_put = on_put, .on_delete = on_delete, .on_synced = on_synced};
    *watch = (ScaleWatch){
        .loop = loop,
        .hashes = hashes,
        .units = calloc(n_units_max, sizeof(ScaleUnit)),
        .machines = calloc(n_machines_max, sizeof(ScaleMachine)),
        .n_units_max = n_units_max,
        .n_machines_max = n_machines_max,
        .leader = SCALE_NOWHERE,
    };
    bench_must(watch->units && watch->machines, "out of memory");
    for (size_t i = 0; i < n_units_max; i++)
        watch->units[i].machine = SCALE_NOWHERE;
    for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
        bench_ok(mirror_new(store, loop, &(MirrorKeys){.prefix = prefixes[i]}, &callbacks, watch,
                            &watch->mirrors[i]));
}

void scale_watch_done(ScaleWatch *watch) {
    for (size_t i = 0; i < ELEMENTSOF(watch->mirrors); i++)
        mirror_free(watch->mirrors[i]);
    free(watch->units);
    free(watch->machines);
}
