/* PUT, POST and DELETE of a unit. The first decision is made on what the view shows, if it leads to
 * a write: it saves the store a question, and the condition finds out a view that is behind. */
#include "fleetd/api/reads.h"
#include "fleetd/api/unit-commit.h"
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/stored-record.h"
#include "fleetd/model/unit-name.h"

#include <errno.h>
#include <strings.h>

static UnitWrite *from_base(ApiWrite *base) {
    return (UnitWrite *) base;
}

/* file_is_lost: the one that the unit has, and that is brought once more, is not in the store, or
 * is not readable there. */
static void put_decide(UnitWrite *write, const Unit *known, bool file_is_lost) {
    _cleanup_error_ Error error = {};
    UnitDecision decision =
        unit_request_decide(&write->request, write->mod_revision != 0, known, &error);
    decision.writes_file |= file_is_lost;
    decision.writes_unit |= file_is_lost;
    if (decision.status == 409)
        api_write_refuse(&write->base, 409, "%s", error_text(&error, -ENOMEM));
    else if (!decision.writes_unit)
        api_write_acknowledge(&write->base, 204, write->mod_revision);
    else
        unit_write_put(write, known, &decision);
}

static void delete_decide(UnitWrite *write) {
    if (write->mod_revision == 0)
        api_write_refuse(&write->base, 404, "unit '%s' does not exist", write->request.name);
    else
        unit_write_delete(write);
}

static void on_file(int r, const StoreRangeResult *result, void *userdata) {
    UnitWrite *write = userdata;
    _cleanup_record_ StoredRecord record = {};
    write->base.op = NULL;
    if (r >= 0 && result->n_entries > 0) {
        StoredText text = store_entry_text(&result->entries[0]);
        r = stored_record_parse(&text, &record, NULL);
    }
    if (r < 0)
        api_write_fail(&write->base, r);
    else
        put_decide(write, write->known, !record.is_readable);
}

/* Who brings a unit's file once more may do so because it was lost. */
static void put_look_at_file(UnitWrite *write) {
    _cleanup_free_ char *key = key_file(write->known->hash);
    const StoreRange range = {.key = key, .limit = 1};
    int r =
        key ? store_range(write->base.api->options.store, &range, on_file, write, &write->base.op)
            : -ENOMEM;
    if (r < 0)
        api_write_fail(&write->base, r);
}

static int write_take_unit(UnitWrite *write, const StoreEntry *entry) {
    _cleanup_record_ StoredRecord record = {};
    _cleanup_error_ Error error = {};
    StoredText text = store_entry_text(entry);
    int r = stored_record_parse(&text, &record, &error);
    if (r >= 0 && !record.is_readable)
        log_notice("Replacing a value in the store that cannot be read, %s", error_text(&error, r));
    write->known = TAKE_PTR(record.unit);
    return r;
}

static void put_go_on(UnitWrite *write) {
    const UnitFile *file = write->request.file;
    if (file && write->known && streq(unit_file_hash(file), write->known->hash) &&
        !write->request.is_creation)
        put_look_at_file(write);
    else
        put_decide(write, write->known, false);
}

static int version_number(const StoreEntry *entry, int64_t *ret) {
    _cleanup_key_ Key key = {};
    int r = key_parse(entry->key, &key, NULL);
    *ret = r < 0 ? 0 : key.number;
    return r == -ENOMEM ? r : 0;
}

static void on_versions(int r, const StoreRangeResult *result, void *userdata) {
    UnitWrite *write = userdata;
    write->base.op = NULL;
    write->last_version = 0;
    for (size_t i = 0; r >= 0 && i < result->n_entries; i++) {
        int64_t number = 0;
        r = version_number(&result->entries[i], &number);
        write->last_version = MAX(write->last_version, number);
    }
    if (r < 0)
        api_write_fail(&write->base, r);
    else
        put_go_on(write);
}

/* Who replaces a unit that cannot be read does not know how far its versions were counted. */
static void put_look_at_versions(UnitWrite *write) {
    _cleanup_free_ char *prefix = key_version_prefix(write->request.name);
    const StoreRange range = {.key = prefix, .is_prefix = true, .is_keys_only = true};
    int r = prefix ? store_range(write->base.api->options.store, &range, on_versions, write,
                                 &write->base.op)
                   : -ENOMEM;
    if (r < 0)
        api_write_fail(&write->base, r);
}

static void on_range(int r, const StoreRangeResult *result, void *userdata) {
    UnitWrite *write = userdata;
    write->base.op = NULL;
    const StoreEntry *entry = r >= 0 && result->n_entries > 0 ? &result->entries[0] : NULL;
    write->mod_revision = entry ? entry->mod_revision : 0;
    unit_free(TAKE_PTR(write->known));
    if (entry && !write->is_delete)
        r = write_take_unit(write, entry);
    if (r < 0)
        api_write_fail(&write->base, r);
    else if (write->is_delete)
        delete_decide(write);
    else if (entry && !write->known)
        put_look_at_versions(write);
    else
        put_go_on(write);
}

static void write_read(UnitWrite *write) {
    const StoreRange range = {.key = write->key, .limit = 1};
    int r = store_range(write->base.api->options.store, &range, on_range, write, &write->base.op);
    if (r < 0)
        api_write_fail(&write->base, r);
}

/* Only a decision to write can be made on a guess: that nothing is to be done, or that it cannot
 * be done, is said of what the store has. */
static bool guess_leads_to_write(const UnitWrite *write, const Unit *known) {
    const UnitFile *file = write->request.file;
    if (write->is_delete)
        return known;
    if (file && known && streq(unit_file_hash(file), known->hash))
        return false; /* its file may be lost */
    UnitDecision decision = unit_request_decide(&write->request, known, known, NULL);
    return decision.status != 409 && decision.writes_unit;
}

static bool write_guess(UnitWrite *write) {
    const View *view = reads_view(write->base.api->reads);
    if (write->base.n_attempts > 0 || !view || !view_is_synced(view))
        return false;
    const UnitView *unit = view_find_unit(view, write->request.name);
    const Unit *known = unit ? unit->unit : NULL;
    if (!guess_leads_to_write(write, known))
        return false;
    write->mod_revision = known ? known->revision : 0;
    if (write->is_delete)
        delete_decide(write);
    else
        put_decide(write, known, false);
    return true;
}

static void write_start(ApiWrite *base) {
    UnitWrite *write = from_base(base);
    if (!write_guess(write))
        write_read(write);
}

static void write_free(ApiWrite *base) {
    UnitWrite *write = from_base(base);
    unit_request_done(&write->request);
    unit_free(write->known);
    free(write->key);
    free(write);
}

/* --- beginning --- */

static const ApiWriteKind unit_write_kind = {.start = write_start, .free = write_free};

static int write_new(bool is_delete, UnitRequest *request_take, UnitWrite **ret) {
    UnitWrite *write = calloc(1, sizeof(UnitWrite));
    if (!write) {
        unit_request_done(request_take);
        return -ENOMEM;
    }
    *write = (UnitWrite){
        .base = {.kind = &unit_write_kind, .deed = is_delete ? "destroyed" : "written"},
        .is_delete = is_delete,
        .request = *request_take,
        .key = key_unit(request_take->name),
    };
    write->base.subject = str_printf("unit '%s'", write->request.name);
    if (!write->key || !write->base.subject) {
        api_write_free(&write->base);
        return -ENOMEM;
    }
    *ret = write;
    return 0;
}

static void write_begin(Api *api, ApiExchange *exchange, bool is_delete,
                        UnitRequest *request_take) {
    UnitWrite *write;
    if (write_new(is_delete, request_take, &write) < 0)
        answer_no_memory(exchange);
    else
        api_write_begin_take(api, exchange, &write->base);
}

static void unit_begin(Api *api, ApiExchange *exchange, const char *name, bool is_creation) {
    _cleanup_error_ Error error = {};
    UnitRequest request = {};
    int r = unit_request_parse(name, exchange->body, exchange->body_size, &request, &error);
    request.is_creation = is_creation;
    if (r == -ENOMEM)
        answer_no_memory(exchange);
    else if (r < 0)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    else
        write_begin(api, exchange, false, &request);
}

void units_put(Api *api, ApiExchange *exchange, const char *name) {
    unit_begin(api, exchange, name, false);
}

void units_post(Api *api, ApiExchange *exchange, const char *name) {
    unit_begin(api, exchange, name, true);
}

void units_delete(Api *api, ApiExchange *exchange, const char *name) {
    _cleanup_error_ Error error = {};
    if (unit_name_check(name, &error) < 0) {
        answer_error(exchange, 404, "unit '%s' does not exist", name);
        return;
    }
    UnitRequest request = {.name = strdup(name)};
    if (request.name)
        write_begin(api, exchange, true, &request);
    else
        answer_no_memory(exchange);
}
