/* GET /placements/NAME: where a unit was, and where it is. Views do not have the past: each request
 * asks the store. What stands there beyond what the unit has come to is of another life of it, and
 * is not shown. */
#include "fleetd/api/reads.h"
#include "fleetd/api/write.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/stored-record.h"

#include <errno.h>

typedef struct PlacementsRead {
    ApiWrite base;
    char *name, *prefix;
    PastPlacement *pasts[PAST_PLACEMENTS_KEPT];
    size_t n;
} PlacementsRead;

static PlacementsRead *from_base(ApiWrite *base) {
    return (PlacementsRead *) base;
}

/* --- objects --- */

static int64_t seconds(usec_t usec) {
    return (int64_t) (usec / USEC_PER_SEC);
}

static int add_count(json_object *object, const char *name, int64_t n) {
    return n > 0 ? json_add_int(object, name, n) : 0;
}

/* What past and present placements tell alike. */
static json_object *place_to_json(const char *machine_id, const char *hash, int64_t version,
                                  usec_t since_usec, int64_t number) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_int(object, "number", number) < 0 ||
        json_add_string(object, "machineID", machine_id) < 0 ||
        json_add_string(object, "hash", hash) < 0 || add_count(object, "version", version) < 0 ||
        add_count(object, "since", seconds(since_usec)) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *past_to_json(const PastPlacement *past) {
    _cleanup_json_ json_object *object =
        place_to_json(past->machine_id, past->hash, past->version, past->since_usec, past->number);
    if (!object || json_add_int(object, "until", seconds(past->until_usec)) < 0 ||
        json_add_string(object, "ended", past->why) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *present_to_json(const Order *order) {
    _cleanup_json_ json_object *object = place_to_json(
        order->machine_id, order->hash, order->version, order->since_usec, order->n_before + 1);
    if (!object || json_add_string(object, "reason", order->reason) < 0)
        return NULL;
    return TAKE_PTR(object);
}

/* --- which of them --- */

/* How many placements the unit has surely had that ended; INT64_MAX: nobody knows, as it has none
 * and waits for none, or has several at once. */
static int64_t count_ended(const View *view, const UnitView *unit) {
    int64_t n = unit->pending ? unit->pending->n_before : -1;
    _unused_ const char *id;
    const Placement *placement;
    MAP_FOREACH (id, placement, unit->placements)
        if (placement->order)
            n = MAX(n, placement->order->n_before);
    return n < 0 || unit_view_is_global(view, unit) ? INT64_MAX : n;
}

static int past_take(PlacementsRead *read, const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, NULL);
    if (r == -ENOMEM)
        return r;
    if (record.past && read->n < PAST_PLACEMENTS_KEPT)
        read->pasts[read->n++] = TAKE_PTR(record.past);
    return 0;
}

static int by_number(const void *a, const void *b) {
    const PastPlacement *const *one = a, *const *other = b;
    return (*one)->number < (*other)->number ? -1 : (*one)->number > (*other)->number;
}

static int add_pasts(const PlacementsRead *read, int64_t n_ended, json_object *array) {
    for (size_t i = 0; i < read->n; i++)
        if (read->pasts[i]->number <= n_ended &&
            json_array_add_take(array, past_to_json(read->pasts[i])) < 0)
            return -ENOMEM;
    return 0;
}

static int add_presents(const UnitView *unit, json_object *array) {
    _cleanup_free_ const char **ids = NULL;
    int r = map_sorted_keys(unit->placements, &ids);
    for (size_t i = 0; r >= 0 && ids[i]; i++) {
        const Placement *placement = map_get(unit->placements, ids[i]);
        if (placement->order)
            r = json_array_add_take(array, present_to_json(placement->order));
    }
    return r;
}

/* The view may have been dropped, or the unit been destroyed, while the store was asked. */
static json_object *placements_to_json(const PlacementsRead *read) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const View *view = reads_view(read->base.api->reads);
    const UnitView *unit = view ? view_find_unit(view, read->name) : NULL;
    json_object *array = NULL;
    if (!object || json_add_take(object, "placements", array = json_object_new_array()) < 0)
        return NULL;
    if (unit &&
        (add_pasts(read, count_ended(view, unit), array) < 0 || add_presents(unit, array) < 0))
        return NULL;
    return TAKE_PTR(object);
}

/* --- asking --- */

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    PlacementsRead *read = userdata;
    read->base.op = NULL;
    for (size_t i = 0; r >= 0 && i < result->n_entries; i++)
        r = past_take(read, &result->entries[i]);
    if (r < 0) {
        api_write_fail(&read->base, r);
        return;
    }
    qsort(read->pasts, read->n, sizeof(PastPlacement *), by_number);
    api_write_tell_take(&read->base, placements_to_json(read), result->revision);
}

static void read_start(ApiWrite *base) {
    PlacementsRead *read = from_base(base);
    const StoreRange range = {.key = read->prefix, .is_prefix = true};
    int r = store_range(base->api->options.store, &range, on_range, read, &base->op);
    if (r < 0)
        api_write_fail(base, r);
}

static void read_free(ApiWrite *base) {
    PlacementsRead *read = from_base(base);
    for (size_t i = 0; i < read->n; i++)
        past_placement_free(read->pasts[i]);
    free(read->name);
    free(read->prefix);
    free(read);
}

void placements_get(Api *api, ApiExchange *exchange, const char *name, View *view) {
    static const ApiWriteKind kind = {.start = read_start, .free = read_free};
    const UnitView *unit = view_find_unit(view, name);
    if (!unit || !unit->unit) {
        answer_error(exchange, 404, "unit '%s' does not exist", name);
        return;
    }
    PlacementsRead *read = calloc(1, sizeof(PlacementsRead));
    if (!read) {
        answer_no_memory(exchange);
        return;
    }
    *read = (PlacementsRead){
        .base = {.kind = &kind, .subject = str_printf("unit '%s'", name), .deed = "changed"},
        .name = strdup(name),
        .prefix = key_past_prefix(name),
    };
    if (read->name && read->prefix && read->base.subject) {
        api_write_begin_take(api, exchange, &read->base);
        return;
    }
    api_write_free(&read->base);
    answer_no_memory(exchange);
}
