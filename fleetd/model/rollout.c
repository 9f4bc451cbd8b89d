#include "fleetd/model/rollout.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/record.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit-name.h"

static const char *const phase_words[_ROLLOUT_PHASE_MAX] = {
    [ROLLOUT_UPDATING] = "updating", [ROLLOUT_WAITING] = "waiting",
    [ROLLOUT_PAUSED] = "paused",     [ROLLOUT_ROLLING_BACK] = "rolling-back",
    [ROLLOUT_DONE] = "done",         [ROLLOUT_ROLLED_BACK] = "rolled-back",
    [ROLLOUT_FAILED] = "failed",     [ROLLOUT_SUPERSEDED] = "superseded",
};

static const char *const unit_phase_words[_ROLLOUT_UNIT_PHASE_MAX] = {
    [ROLLOUT_UNIT_WAITING] = "waiting",     [ROLLOUT_UNIT_UPDATING] = "updating",
    [ROLLOUT_UNIT_DONE] = "done",           [ROLLOUT_UNIT_FAILED] = "failed",
    [ROLLOUT_UNIT_RESTORING] = "restoring", [ROLLOUT_UNIT_RESTORED] = "restored",
    [ROLLOUT_UNIT_LEFT] = "left",
};

static const EnumNames phase_names = ENUM_NAMES(phase_words);
static const EnumNames unit_phase_names = ENUM_NAMES(unit_phase_words);

const char *rollout_phase_to_string(RolloutPhase phase) {
    return enum_to_string(&phase_names, (int) phase);
}

RolloutPhase rollout_phase_from_string(const char *text) {
    return (RolloutPhase) enum_from_string(&phase_names, text);
}

const char *rollout_unit_phase_to_string(RolloutUnitPhase phase) {
    return enum_to_string(&unit_phase_names, (int) phase);
}

RolloutUnitPhase rollout_unit_phase_from_string(const char *text) {
    return (RolloutUnitPhase) enum_from_string(&unit_phase_names, text);
}

bool rollout_phase_is_over(RolloutPhase phase) {
    return phase >= ROLLOUT_DONE;
}

bool rollout_keeps_files(const Rollout *rollout) {
    return rollout->is_global && (rollout->is_kept || !rollout_phase_is_over(rollout->phase));
}

/* --- as JSON --- */

static const RecordField unit_fields[] = {
    {"name", &field_string, offsetof(RolloutUnit, name), true},
    {"before", &field_string, offsetof(RolloutUnit, before)},
    {"found", &field_string, offsetof(RolloutUnit, found)},
    {"keeps", &field_string, offsetof(RolloutUnit, keeps)},
    {"restart", &field_count, offsetof(RolloutUnit, restart)},
    {"phase", &field_enum, offsetof(RolloutUnit, phase), true, &unit_phase_names},
    {"beside", &field_flag, offsetof(RolloutUnit, is_beside)},
    {"hadNoPlace", &field_flag, offsetof(RolloutUnit, had_no_place)},
    {"sinceUsec", &field_count, offsetof(RolloutUnit, since_usec)},
    {"upSinceUsec", &field_count, offsetof(RolloutUnit, up_since_usec)},
    {"failedSinceUsec", &field_count, offsetof(RolloutUnit, failed_since_usec)},
    {"why", &field_string, offsetof(RolloutUnit, why)},
};

static int units_read(const RecordField *field, json_object *object, void *slot, Error *reterr) {
    Rollout *rollout = slot;
    json_object *array;
    int r = json_get_array(object, field->name, &array, reterr);
    if (r <= 0)
        return r;
    size_t n = json_object_array_length(array);
    rollout->units = calloc(n + 1, sizeof(RolloutUnit));
    if (!rollout->units)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        rollout->n_units = i + 1; /* counted first, so that a half-read one is freed */
        r = record_from_json(unit_fields, ELEMENTSOF(unit_fields),
                             json_object_array_get_idx(array, i), &rollout->units[i], reterr);
        if (r < 0)
            return error_prefix(reterr, r, "field '%s'", field->name);
    }
    return 1;
}

static int units_write(const RecordField *field, json_object *object, const void *slot) {
    const Rollout *rollout = slot;
    _cleanup_json_ json_object *array = json_object_new_array();
    for (size_t i = 0; i < rollout->n_units; i++)
        if (json_array_add_take(array, record_to_json(unit_fields, ELEMENTSOF(unit_fields),
                                                      &rollout->units[i])) < 0)
            return -ENOMEM;
    return json_add_take(object, field->name, TAKE_PTR(array));
}

static const FieldType field_units = {units_read, units_write};

/* The units are two members, pointer and count: their slot is the whole struct. */
static const RecordField fields[] = {
    {"deploymentUsec", &field_number, offsetof(Rollout, deployment_usec), true},
    {"resumed", &field_count, offsetof(Rollout, n_resumed)},
    {"tolerated", &field_count, offsetof(Rollout, n_tolerated)},
    {"undone", &field_flag, offsetof(Rollout, is_undone)},
    {"phase", &field_enum, offsetof(Rollout, phase), true, &phase_names},
    {"phaseSinceUsec", &field_count, offsetof(Rollout, phase_since_usec)},
    {"why", &field_string, offsetof(Rollout, why)},
    {"global", &field_flag, offsetof(Rollout, is_global)},
    {"unitHash", &field_string, offsetof(Rollout, unit_hash)},
    {"before", &field_string, offsetof(Rollout, before)},
    {"kept", &field_flag, offsetof(Rollout, is_kept)},
    {"unitRevision", &field_count, offsetof(Rollout, unit_revision)},
    {"units", &field_units, 0},
};

char *rollout_format(const Rollout *rollout) {
    return record_format(fields, ELEMENTSOF(fields), rollout);
}

static int hash_check(const char *hash, Error *reterr) {
    return hash ? unit_file_hash_check(hash, reterr) : 0;
}

static int unit_check(const Rollout *rollout, const RolloutUnit *unit, Error *reterr) {
    int r = rollout->is_global ? machine_id_check(unit->name, reterr)
                               : unit_name_check(unit->name, reterr);
    if (r >= 0)
        r = hash_check(unit->before, reterr);
    return r < 0 ? r : hash_check(unit->keeps, reterr);
}

/* Names of units or machines, each once and in order; hashes of files. */
static int units_check(const Rollout *rollout, Error *reterr) {
    int r = hash_check(rollout->unit_hash, reterr);
    if (r >= 0)
        r = hash_check(rollout->before, reterr);
    if (r >= 0 && rollout->is_global && !rollout->unit_hash)
        return error_set(reterr, -EBADMSG, "field 'unitHash' is missing");
    for (size_t i = 0; r >= 0 && i < rollout->n_units; i++) {
        const RolloutUnit *unit = &rollout->units[i];
        r = unit_check(rollout, unit, reterr);
        if (r < 0)
            break;
        if (i > 0 && rollout_compare_names(rollout->units[i - 1].name, unit->name) >= 0)
            return error_set(reterr, -EBADMSG, "unit '%s' is out of order", unit->name);
    }
    return r >= 0 || r == -ENOMEM ? r : -EBADMSG;
}

int rollout_parse(const char *name, const char *text, size_t size, Rollout **ret, Error *reterr) {
    _cleanup_(rollout_freep) Rollout *rollout = calloc(1, sizeof(Rollout));
    if (!rollout || !(rollout->name = strdup(name)))
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, rollout, reterr);
    if (r >= 0)
        r = units_check(rollout, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(rollout);
    return 0;
}

static void unit_done(RolloutUnit *unit) {
    free(unit->name);
    free(unit->before);
    free(unit->found);
    free(unit->keeps);
    free(unit->why);
}

void rollout_free(Rollout *rollout) {
    if (!rollout)
        return;
    for (size_t i = 0; i < rollout->n_units; i++)
        unit_done(&rollout->units[i]);
    free(rollout->units);
    free(rollout->name);
    free(rollout->why);
    free(rollout->unit_hash);
    free(rollout->before);
    free(rollout);
}

/* --- its units --- */

int rollout_compare_names(const char *a, const char *b) {
    int template = unit_name_is_template(a) - unit_name_is_template(b);
    return template != 0 ? template : strverscmp(a, b);
}

/* Where it is, or would be. */
static size_t find_place(const Rollout *rollout, const char *name) {
    size_t low = 0, high = rollout->n_units;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rollout_compare_names(rollout->units[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

RolloutUnit *rollout_find_unit(const Rollout *rollout, const char *name) {
    size_t i = find_place(rollout, name);
    bool is_there = i < rollout->n_units && streq(rollout->units[i].name, name);
    return is_there ? &rollout->units[i] : NULL;
}

static int unit_copy(const RolloutUnit *unit, RolloutUnit *ret) {
    RolloutUnit copy = *unit;
    copy.name = copy.before = copy.found = copy.keeps = copy.why = NULL;
    if (str_replace(&copy.name, unit->name) < 0 || str_replace(&copy.before, unit->before) < 0 ||
        str_replace(&copy.found, unit->found) < 0 || str_replace(&copy.keeps, unit->keeps) < 0 ||
        str_replace(&copy.why, unit->why) < 0) {
        unit_done(&copy);
        return -ENOMEM;
    }
    *ret = copy;
    return 0;
}

int rollout_add_unit(Rollout *rollout, const RolloutUnit *unit) {
    RolloutUnit copy;
    RolloutUnit *units =
        reallocarray(rollout->units, rollout->n_units + 1, sizeof(*rollout->units));
    if (!units)
        return -ENOMEM;
    rollout->units = units;
    if (unit_copy(unit, &copy) < 0)
        return -ENOMEM;
    size_t i = find_place(rollout, unit->name);
    memmove(&units[i + 1], &units[i], (rollout->n_units++ - i) * sizeof(*units));
    units[i] = copy;
    return 0;
}

void rollout_remove_unit(Rollout *rollout, size_t i) {
    unit_done(&rollout->units[i]);
    memmove(&rollout->units[i], &rollout->units[i + 1],
            (--rollout->n_units - i) * sizeof(*rollout->units));
}

int rollout_copy(const Rollout *rollout, Rollout **ret) {
    _cleanup_(rollout_freep) Rollout *copy = calloc(1, sizeof(Rollout));
    if (!copy)
        return -ENOMEM;
    *copy = *rollout;
    copy->name = copy->why = copy->unit_hash = copy->before = NULL;
    copy->n_units = 0;
    copy->units = calloc(rollout->n_units + 1, sizeof(RolloutUnit));
    if (!copy->units || str_replace(&copy->name, rollout->name) < 0 ||
        str_replace(&copy->why, rollout->why) < 0 ||
        str_replace(&copy->unit_hash, rollout->unit_hash) < 0 ||
        str_replace(&copy->before, rollout->before) < 0)
        return -ENOMEM;
    for (; copy->n_units < rollout->n_units; copy->n_units++)
        if (unit_copy(&rollout->units[copy->n_units], &copy->units[copy->n_units]) < 0)
            return -ENOMEM;
    *ret = TAKE_PTR(copy);
    return 0;
}

size_t rollout_count(const Rollout *rollout, RolloutUnitPhase phase) {
    size_t n = 0;
    for (size_t i = 0; i < rollout->n_units; i++)
        n += rollout->units[i].phase == phase;
    return n;
}

static bool unit_can_be_undone(const RolloutUnit *unit, const char *hash) {
    bool has_file = unit->phase == ROLLOUT_UNIT_UPDATING || unit->phase == ROLLOUT_UNIT_DONE ||
                    unit->phase == ROLLOUT_UNIT_FAILED;
    return has_file ? unit->before && !streq(unit->before, hash) : unit->phase != ROLLOUT_UNIT_LEFT;
}

/* Of one without units nothing is known yet. */
bool rollout_can_be_undone(const Rollout *rollout, const char *hash) {
    if (!rollout->is_global && rollout->n_units == 0)
        return true;
    if (rollout->is_global && rollout->before && !streq(rollout->before, hash))
        return true;
    for (size_t i = 0; i < rollout->n_units; i++)
        if (unit_can_be_undone(&rollout->units[i], hash))
            return true;
    return false;
}
