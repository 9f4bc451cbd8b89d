#include "fleetd/model/rebalance.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/record.h"
#include "fleetd/model/unit-name.h"

static const char *const phase_words[_REBALANCE_PHASE_MAX] = {
    [REBALANCE_WANTED] = "wanted",
    [REBALANCE_PROPOSED] = "proposed",
    [REBALANCE_MOVING] = "moving",
    [REBALANCE_DONE] = "done",
};

static const char *const move_words[_MOVE_PHASE_MAX] = {
    [MOVE_WAITING] = "waiting",
    [MOVE_MADE] = "moved",
    [MOVE_DROPPED] = "dropped",
};

static const EnumNames phase_names = ENUM_NAMES(phase_words);
static const EnumNames move_names = ENUM_NAMES(move_words);

const char *rebalance_phase_to_string(RebalancePhase phase) {
    return enum_to_string(&phase_names, (int) phase);
}

RebalancePhase rebalance_phase_from_string(const char *text) {
    return (RebalancePhase) enum_from_string(&phase_names, text);
}

const char *move_phase_to_string(MovePhase phase) {
    return enum_to_string(&move_names, (int) phase);
}

MovePhase move_phase_from_string(const char *text) {
    return (MovePhase) enum_from_string(&move_names, text);
}

bool rebalance_is_under_way(const Rebalance *rebalance) {
    return rebalance->phase == REBALANCE_WANTED || rebalance->phase == REBALANCE_MOVING;
}

size_t rebalance_count(const Rebalance *rebalance, MovePhase phase) {
    size_t n = 0;
    for (size_t i = 0; i < rebalance->n_moves; i++)
        n += rebalance->moves[i].phase == phase;
    return n;
}

/* --- as a whole --- */

int rebalance_begin(const Rebalance *wanted, size_t n_moves, Rebalance **ret) {
    _cleanup_(rebalance_freep) Rebalance *rebalance = calloc(1, sizeof(Rebalance));
    if (!rebalance || !(rebalance->moves = calloc(n_moves + 1, sizeof(RebalanceMove))))
        return -ENOMEM;
    rebalance->since_usec = wanted->since_usec;
    rebalance->max_moves = wanted->max_moves;
    rebalance->is_dry_run = wanted->is_dry_run;
    rebalance->phase = wanted->phase;
    *ret = TAKE_PTR(rebalance);
    return 0;
}

int rebalance_add_move(Rebalance *rebalance, const char *unit, const char *from, const char *to,
                       MovePhase phase, const char *why) {
    RebalanceMove *move = &rebalance->moves[rebalance->n_moves++];
    move->phase = phase;
    move->unit = strdup(unit);
    move->from = strdup(from);
    move->to = strdup(to);
    move->why = why ? strdup(why) : NULL;
    return move->unit && move->from && move->to && (move->why || !why) ? 0 : -ENOMEM;
}

int rebalance_copy(const Rebalance *rebalance, Rebalance **ret) {
    _cleanup_(rebalance_freep) Rebalance *copy = NULL;
    int r = rebalance_begin(rebalance, rebalance->n_moves, &copy);
    for (size_t i = 0; r >= 0 && i < rebalance->n_moves; i++) {
        const RebalanceMove *move = &rebalance->moves[i];
        r = rebalance_add_move(copy, move->unit, move->from, move->to, move->phase, move->why);
    }
    if (r >= 0 && rebalance->why && !(copy->why = strdup(rebalance->why)))
        r = -ENOMEM;
    if (r < 0)
        return r;
    *ret = TAKE_PTR(copy);
    return 0;
}

static bool move_equal(const RebalanceMove *a, const RebalanceMove *b) {
    return a->phase == b->phase && streq(a->unit, b->unit) && streq(a->from, b->from) &&
           streq(a->to, b->to) && streq_ptr(a->why, b->why);
}

bool rebalance_equal(const Rebalance *a, const Rebalance *b) {
    if (!a || !b)
        return a == b;
    if (a->since_usec != b->since_usec || a->max_moves != b->max_moves ||
        a->is_dry_run != b->is_dry_run || a->phase != b->phase || !streq_ptr(a->why, b->why) ||
        a->n_moves != b->n_moves)
        return false;
    for (size_t i = 0; i < a->n_moves; i++)
        if (!move_equal(&a->moves[i], &b->moves[i]))
            return false;
    return true;
}

void rebalance_free(Rebalance *rebalance) {
    if (!rebalance)
        return;
    for (size_t i = 0; i < rebalance->n_moves; i++) {
        free(rebalance->moves[i].unit);
        free(rebalance->moves[i].from);
        free(rebalance->moves[i].to);
        free(rebalance->moves[i].why);
    }
    free(rebalance->moves);
    free(rebalance->why);
    free(rebalance);
}

/* --- its value --- */

static const RecordField move_fields[] = {
    {"unit", &field_string, offsetof(RebalanceMove, unit), true},
    {"from", &field_string, offsetof(RebalanceMove, from), true},
    {"to", &field_string, offsetof(RebalanceMove, to), true},
    {"phase", &field_enum, offsetof(RebalanceMove, phase), true, &move_names},
    {"why", &field_string, offsetof(RebalanceMove, why)},
};

static bool is_named_before(const Rebalance *rebalance, const RebalanceMove *move) {
    for (size_t i = 0; &rebalance->moves[i] < move; i++)
        if (streq(rebalance->moves[i].unit, move->unit))
            return true;
    return false;
}

static int move_read(Rebalance *rebalance, json_object *object, Error *reterr) {
    RebalanceMove *move = &rebalance->moves[rebalance->n_moves++];
    int r = record_from_json(move_fields, ELEMENTSOF(move_fields), object, move, reterr);
    if (r >= 0)
        r = unit_name_check(move->unit, reterr);
    if (r >= 0)
        r = machine_id_check(move->from, reterr);
    if (r >= 0)
        r = machine_id_check(move->to, reterr);
    if (r >= 0 && (streq(move->from, move->to) || is_named_before(rebalance, move)))
        r = error_set(reterr, -EBADMSG, "a unit that moves twice, or nowhere");
    return r;
}

static int moves_read(const RecordField *field, json_object *object, void *slot, Error *reterr) {
    Rebalance *rebalance = slot;
    json_object *array;
    int r = json_get_array(object, field->name, &array, reterr);
    if (r <= 0)
        return r;
    size_t n = json_object_array_length(array);
    if (n > REBALANCE_MOVES_MAX)
        return error_set(reterr, -EBADMSG, "field '%s' has more than %d items", field->name,
                         REBALANCE_MOVES_MAX);
    rebalance->moves = calloc(n + 1, sizeof(RebalanceMove));
    if (!rebalance->moves)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        r = move_read(rebalance, json_object_array_get_idx(array, i), reterr);
        if (r < 0)
            return error_prefix(reterr, r, "field '%s'", field->name);
    }
    return 1;
}

static int moves_write(const RecordField *field, json_object *object, const void *slot) {
    const Rebalance *rebalance = slot;
    _cleanup_json_ json_object *array = json_object_new_array();
    for (size_t i = 0; i < rebalance->n_moves; i++)
        if (json_array_add_take(array, record_to_json(move_fields, ELEMENTSOF(move_fields),
                                                      &rebalance->moves[i])) < 0)
            return -ENOMEM;
    return json_add_take(object, field->name, TAKE_PTR(array));
}

static const FieldType field_moves = {moves_read, moves_write};

/* The moves are two members, pointer and count: their slot is the whole struct. */
static const RecordField fields[] = {
    {"sinceUsec", &field_number, offsetof(Rebalance, since_usec), true},
    {"maxMoves", &field_count, offsetof(Rebalance, max_moves)},
    {"dryRun", &field_flag, offsetof(Rebalance, is_dry_run)},
    {"phase", &field_enum, offsetof(Rebalance, phase), true, &phase_names},
    {"why", &field_string, offsetof(Rebalance, why)},
    {"moves", &field_moves, 0},
};

char *rebalance_format(const Rebalance *rebalance) {
    return record_format(fields, ELEMENTSOF(fields), rebalance);
}

int rebalance_parse(const char *text, size_t size, Rebalance **ret, Error *reterr) {
    _cleanup_(rebalance_freep) Rebalance *rebalance = calloc(1, sizeof(Rebalance));
    if (!rebalance)
        return -ENOMEM;
    int r = record_parse(fields, ELEMENTSOF(fields), text, size, rebalance, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(rebalance);
    return 0;
}
