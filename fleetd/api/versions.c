/* GET /versions/NAME. Views do not have the versions: each request asks the store. What a destroyed
 * unit of the same name has left, or was given by hand, stands there beyond the number that the
 * present unit has come to: it is not shown. */
#include "fleetd/api/reads.h"
#include "fleetd/api/write.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/stored-record.h"

#include <errno.h>

typedef struct VersionsRead {
    ApiWrite base;
    char *prefix;
    int64_t last; /* the present version */
    bool has_text;
    UnitVersion **versions;
    size_t n;
} VersionsRead;

static VersionsRead *from_base(ApiWrite *base) {
    return (VersionsRead *) base;
}

static json_object *version_to_json(const VersionsRead *read, const UnitVersion *version) {
    _cleanup_json_ json_object *object = json_object_new_object();
    const View *view = reads_view(read->base.api->reads);
    const UnitFile *file = read->has_text && view ? view_find_file(view, version->hash) : NULL;
    int64_t time = (int64_t) (version->time_usec / USEC_PER_SEC);
    if (!object || json_add_int(object, "version", version->number) < 0 ||
        json_add_string(object, "hash", version->hash) < 0 ||
        (time > 0 && json_add_int(object, "time", time) < 0) ||
        (file && json_add_string(object, "text", unit_file_text(file, NULL)) < 0))
        return NULL;
    return TAKE_PTR(object);
}

static json_object *versions_to_json(const VersionsRead *read) {
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *array = NULL;
    if (!object || json_add_take(object, "versions", array = json_object_new_array()) < 0)
        return NULL;
    for (size_t i = 0; i < read->n; i++)
        if (json_array_add_take(array, version_to_json(read, read->versions[i])) < 0)
            return NULL;
    return TAKE_PTR(object);
}

static int version_take(VersionsRead *read, const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, NULL);
    if (!record.version || record.version->number > read->last)
        return r == -ENOMEM ? r : 0;
    read->versions[read->n++] = TAKE_PTR(record.version);
    return 0;
}

static int by_number(const void *a, const void *b) {
    const UnitVersion *const *one = a, *const *other = b;
    return (*one)->number < (*other)->number ? -1 : (*one)->number > (*other)->number;
}

static int versions_take(VersionsRead *read, const StoreRangeResult *result) {
    read->versions = calloc(result->n_entries + 1, sizeof(UnitVersion *));
    int r = read->versions ? 0 : -ENOMEM;
    for (size_t i = 0; r >= 0 && i < result->n_entries; i++)
        r = version_take(read, &result->entries[i]);
    if (r >= 0)
        qsort(read->versions, read->n, sizeof(UnitVersion *), by_number);
    return r;
}

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    VersionsRead *read = userdata;
    read->base.op = NULL;
    if (r >= 0)
        r = versions_take(read, result);
    if (r < 0)
        api_write_fail(&read->base, r);
    else
        api_write_tell_take(&read->base, versions_to_json(read), result->revision);
}

static void read_start(ApiWrite *base) {
    VersionsRead *read = from_base(base);
    const StoreRange range = {.key = read->prefix, .is_prefix = true};
    int r = store_range(base->api->options.store, &range, on_range, read, &base->op);
    if (r < 0)
        api_write_fail(base, r);
}

static void read_free(ApiWrite *base) {
    VersionsRead *read = from_base(base);
    for (size_t i = 0; i < read->n; i++)
        unit_version_free(read->versions[i]);
    free(read->versions);
    free(read->prefix);
    free(read);
}

static void read_begin(Api *api, ApiExchange *exchange, const Unit *unit, bool has_text) {
    static const ApiWriteKind kind = {.start = read_start, .free = read_free};
    VersionsRead *read = calloc(1, sizeof(VersionsRead));
    if (!read) {
        answer_no_memory(exchange);
        return;
    }
    *read = (VersionsRead){
        .base = {.kind = &kind, .subject = str_printf("unit '%s'", unit->name), .deed = "changed"},
        .prefix = key_version_prefix(unit->name),
        .last = unit->version,
        .has_text = has_text,
    };
    if (read->prefix && read->base.subject) {
        api_write_begin_take(api, exchange, &read->base);
        return;
    }
    api_write_free(&read->base);
    answer_no_memory(exchange);
}

void versions_get(Api *api, ApiExchange *exchange, const char *name, View *view) {
    const UnitView *unit = view_find_unit(view, name);
    bool has_text = false;
    if (!unit || !unit->unit)
        answer_error(exchange, 404, "unit '%s' does not exist", name);
    else if (query_is_true(exchange, "text", &has_text) < 0)
        answer_no_memory(exchange);
    else
        read_begin(api, exchange, unit->unit, has_text);
}
