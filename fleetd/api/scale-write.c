/* PUT and DELETE of scales: that so many instances of a template be kept, or not any more. Whoever
 * leads creates and removes them. What they are made of must be there, and fit to be made more than
 * one of. */
#include "fleetd/api/machine-request.h"
#include "fleetd/api/write.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/stored-record.h"

#include <errno.h>

typedef struct ScaleWrite {
    ApiWrite base;
    TemplateScale *scale; /* as it is to be; of a DELETE only its name is set */
    bool is_delete;
    char *key, *template_key;
    Unit *template; /* as it was read */
} ScaleWrite;

/* --- what is asked for --- */

static int count_read(const ApiExchange *exchange, uint64_t *ret, Error *reterr) {
    _cleanup_json_ json_object *body = NULL;
    int64_t count = 0;
    int r = request_parse_object(exchange, &body, reterr);
    if (r >= 0)
        r = json_get_int(body, "count", &count, reterr);
    if (r == 0)
        r = error_set(reterr, -EINVAL, "count is missing");
    if (r > 0 && count < 0)
        r = error_set(reterr, -EINVAL, "count is not between 0 and %d", SCALE_COUNT_MAX);
    if (r > 0)
        *ret = (uint64_t) count;
    return MIN(r, 0);
}

/* --- writing --- */

static void commit(ScaleWrite *write, int64_t revision) {
    _cleanup_free_ char *value = NULL;
    write->scale->since_usec = loop_realtime(write->base.api->options.loop);
    if (!write->is_delete && !(value = template_scale_format(write->scale))) {
        api_write_fail(&write->base, -ENOMEM);
        return;
    }
    const StoreCompare compares[] = {
        {.key = write->key, .target = STORE_COMPARE_MOD_REVISION, .number = revision},
        {.key = write->template_key,
         .target = STORE_COMPARE_MOD_REVISION,
         .number = write->template ? write->template->revision : 0},
    };
    const StoreWrite change = {
        .kind = value ? STORE_PUT : STORE_DELETE, .key = write->key, .value = value};
    const StoreTxn txn = {.compares = compares,
                          .n_compares = write->is_delete ? 1 : 2,
                          .writes = &change,
                          .n_writes = 1};
    api_write_commit(&write->base, write->base.api->options.store, &txn, 204);
}

static void range_begin(ScaleWrite *write, const char *key, StoreRangeDone done) {
    const StoreRange range = {.key = key};
    int r = key ? store_range(write->base.api->options.store, &range, done, write, &write->base.op)
                : -ENOMEM;
    if (r < 0)
        api_write_fail(&write->base, r);
}

/* --- reading --- */

static void on_scale_read(int r, const StoreRangeResult *result, void *userdata) {
    ScaleWrite *write = userdata;
    write->base.op = NULL;
    bool is_there = r >= 0 && result->n_entries > 0;
    if (r < 0)
        api_write_fail(&write->base, r);
    else if (write->is_delete && !is_there)
        api_write_refuse(&write->base, 404, "no number of instances is kept of '%s'",
                         write->scale->name);
    else
        commit(write, is_there ? result->entries[0].mod_revision : 0);
}

/* -EINVAL: no instances can be made of it, or it makes no sense to count them. */
static int file_check(const ScaleWrite *write, const UnitFile *file, Error *reterr) {
    _cleanup_(requirements_freep) Requirements *requirements = NULL;
    _cleanup_free_ char *instance = template_instance_name(write->scale->name, 1);
    if (!instance)
        return -ENOMEM;
    int r = requirements_parse(file, instance, &requirements, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "unit '%s'", instance);
    return requirements->is_global
               ? error_set(reterr, -EINVAL,
                           "its units are global, and run on all machines in any case")
               : 0;
}

static int record_read(const StoreRangeResult *result, StoredRecord *ret) {
    if (result->n_entries == 0)
        return 0;
    StoredText text = store_entry_text(&result->entries[0]);
    return stored_record_parse(&text, ret, NULL);
}

static void on_file_read(int r, const StoreRangeResult *result, void *userdata) {
    ScaleWrite *write = userdata;
    const char *name = write->scale->name;
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    write->base.op = NULL;
    if (r >= 0)
        r = record_read(result, &record);
    if (r < 0) {
        api_write_fail(&write->base, r);
        return;
    }
    if (!record.file) {
        api_write_refuse(&write->base, 409, "the file of template '%s' is lost: submit it again",
                         name);
        return;
    }
    r = file_check(write, record.file, &error);
    if (r == -ENOMEM)
        api_write_fail(&write->base, r);
    else if (r < 0)
        api_write_refuse(&write->base, 409, "template '%s' cannot be scaled: %s", name,
                         error_text(&error, r));
    else
        range_begin(write, write->key, on_scale_read);
}

static void on_template_read(int r, const StoreRangeResult *result, void *userdata) {
    ScaleWrite *write = userdata;
    const char *name = write->scale->name;
    _cleanup_record_ StoredRecord record = {};
    write->base.op = NULL;
    if (r >= 0)
        r = record_read(result, &record);
    unit_free(write->template);
    write->template = TAKE_PTR(record.unit);
    if (r < 0) {
        api_write_fail(&write->base, r);
    } else if (!write->template) {
        bool is_there = result->n_entries > 0;
        api_write_refuse(&write->base, is_there ? 409 : 404, "template '%s' %s: submit it first",
                         name, is_there ? "cannot be read" : "does not exist");
    } else {
        _cleanup_free_ char *key = key_file(write->template->hash);
        range_begin(write, key, on_file_read);
    }
}

static void write_start(ApiWrite *base) {
    ScaleWrite *write = (ScaleWrite *) base;
    if (write->is_delete)
        range_begin(write, write->key, on_scale_read);
    else
        range_begin(write, write->template_key, on_template_read);
}

/* --- beginning --- */

static void write_free(ApiWrite *base) {
    ScaleWrite *write = (ScaleWrite *) base;
    template_scale_free(write->scale);
    unit_free(write->template);
    free(write->key);
    free(write->template_key);
    free(write);
}

static const ApiWriteKind scale_write_kind = {.start = write_start, .free = write_free};

static ScaleWrite *write_new(const char *name, uint64_t count) {
    ScaleWrite *write = calloc(1, sizeof(ScaleWrite));
    if (!write)
        return NULL;
    write->base.kind = &scale_write_kind;
    write->base.deed = "changed";
    write->base.subject = str_printf("the number of instances of '%s'", name);
    write->key = key_scale(name);
    write->template_key = key_unit(name);
    write->scale = calloc(1, sizeof(TemplateScale));
    if (write->scale) {
        write->scale->name = strdup(name);
        write->scale->count = count;
    }
    if (write->base.subject && write->key && write->template_key && write->scale &&
        write->scale->name)
        return write;
    api_write_free(&write->base);
    return NULL;
}

static void write_begin(Api *api, ApiExchange *exchange, const char *name, bool is_delete,
                        uint64_t count) {
    ScaleWrite *write = write_new(name, count);
    if (!write) {
        answer_no_memory(exchange);
        return;
    }
    write->is_delete = is_delete;
    api_write_begin_take(api, exchange, &write->base);
}

static void answer_refused(ApiExchange *exchange, int r, Error *error) {
    if (r == -ENOMEM)
        answer_no_memory(exchange);
    else
        answer_error(exchange, 400, "%s", error_text(error, r));
}

void scales_put(Api *api, ApiExchange *exchange, const char *name) {
    _cleanup_error_ Error error = {};
    uint64_t count = 0;
    int r = count_read(exchange, &count, &error);
    if (r >= 0)
        r = template_scale_check(name, count, &error);
    if (r < 0)
        answer_refused(exchange, r, &error);
    else
        write_begin(api, exchange, name, false, count);
}

void scales_delete(Api *api, ApiExchange *exchange, const char *name) {
    _cleanup_error_ Error error = {};
    int r = template_scale_check(name, 0, &error);
    if (r < 0)
        answer_refused(exchange, r, &error);
    else
        write_begin(api, exchange, name, true, 0);
}
