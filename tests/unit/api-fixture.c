#include "tests/unit/api-fixture.h"

#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/store/memory-store.h"

#define LEASE_USEC (24 * 60 * 60 * USEC_PER_SEC) /* longer than any test */

int api_setup(void **state) {
    ApiFixture *fixture = calloc(1, sizeof(ApiFixture));
    *state = fixture;
    fixture->loop = virtual_loop_new(1);
    fixture->metrics = metrics_new();
    assert_int_equal(memory_store_new(fixture->loop, &fixture->memory), 0);
    fixture->gated = gated_store_new(fixture->memory, fixture->loop);
    fixture->sync = (StoreSync){fixture->memory, fixture->loop, virtual_loop_run_until};
    assert_int_equal(store_sync_grant(&fixture->sync, LEASE_USEC, &fixture->lease, NULL), 0);
    const ApiOptions options = {
        .store = &fixture->gated->store,
        .loop = fixture->loop,
        .store_timeout_usec = 2 * USEC_PER_SEC,
        .page_size = 3,
        .metrics = fixture->metrics,
    };
    return api_new(&options, &fixture->api);
}

int api_teardown(void **state) {
    ApiFixture *fixture = *state;
    api_free(fixture->api);
    metrics_free(fixture->metrics);
    store_free(&fixture->gated->store);
    store_free(fixture->memory);
    virtual_loop_free(fixture->loop);
    free(fixture);
    return 0;
}

RecordedExchange *api_start(ApiFixture *fixture, const char *method, const char *target,
                            const char *body) {
    _cleanup_free_ char *path = str_printf("/fleet/v1%s", target);
    RecordedExchange *recorded =
        recorded_exchange_new(method, path, body ? "application/json" : NULL, body);
    assert_non_null(recorded);
    api_serve(fixture->api, &recorded->exchange);
    return recorded;
}

static bool has_ended(void *userdata) {
    return ((RecordedExchange *) userdata)->is_ended;
}

void api_await(ApiFixture *fixture, RecordedExchange *recorded) {
    if (!virtual_loop_run_until(fixture->loop, has_ended, recorded, PATIENCE_USEC))
        fail_msg("no answer to %s %s", recorded->method, recorded->path);
}

RecordedExchange *api_call(ApiFixture *fixture, const char *method, const char *target,
                           const char *body) {
    RecordedExchange *recorded = api_start(fixture, method, target, body);
    api_await(fixture, recorded);
    return recorded;
}

void assert_json(const char *text, const char *expected) {
    _cleanup_json_ json_object *a = NULL, *b = NULL;
    _cleanup_error_ Error error = {};
    if (json_parse(text, strlen(text), &a, &error) < 0)
        fail_msg("'%s' is no JSON: %s", text, error.message);
    if (json_parse(expected, strlen(expected), &b, &error) < 0)
        fail_msg("'%s' is no JSON: %s", expected, error.message);
    if (!json_object_equal(a, b))
        fail_msg("got      %s\nexpected %s", text, expected);
}

static void assert_error(const RecordedExchange *recorded, unsigned status, const char *message) {
    _cleanup_json_ json_object *object = NULL;
    json_object *error;
    const char *text = "";
    int64_t code = 0;
    assert_int_equal(json_parse(recorded->text, strlen(recorded->text), &object, NULL), 0);
    assert_int_equal(json_get_object(object, "error", &error, NULL), 1);
    assert_int_equal(json_get_int(error, "code", &code, NULL), 1);
    assert_int_equal(json_need_string(error, "message", &text, NULL), 0);
    assert_string_equal(text, message);
    assert_int_equal(code, status);
}

void assert_answer(ApiFixture *fixture, const char *method, const char *target, const char *body,
                   unsigned status, const char *text) {
    _cleanup_exchange_ RecordedExchange *recorded = api_call(fixture, method, target, body);
    if (recorded->status != status)
        fail_msg("%s %s %s: %u instead of %u: %s", method, target, str_or(body, ""),
                 recorded->status, status, recorded->text);
    if (status >= 400)
        assert_error(recorded, status, text);
    else if (*text)
        assert_json(recorded->text, text);
    else
        assert_string_equal(recorded->text, "");
}

int64_t exchange_revision(const RecordedExchange *recorded) {
    const char *text = map_get(recorded->headers, "X-Fleet-Revision");
    assert_non_null(text);
    return strtoll(text, NULL, 10);
}

static bool lives_by_lease(const char *key) {
    return strncmp(key, "machine/", 8) == 0 || strncmp(key, "state/", 6) == 0 ||
           strncmp(key, "orphan/", 7) == 0 || streq(key, "leader");
}

int64_t seed(ApiFixture *fixture, const char *key, const char *value) {
    int64_t lease = lives_by_lease(key) ? fixture->lease : 0;
    assert_int_equal(store_sync_put(&fixture->sync, key, value, lease), 0);
    return store_sync_revision(&fixture->sync);
}

int64_t seed_delete(ApiFixture *fixture, const char *key) {
    assert_int_equal(store_sync_delete(&fixture->sync, key), 0);
    return store_sync_revision(&fixture->sync);
}

int64_t seed_unit(ApiFixture *fixture, const char *name, const char *text, LaunchState desired) {
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text(text, strlen(text), hash), 0);
    _cleanup_free_ char *file = key_file(hash), *key = key_unit(name);
    _cleanup_free_ char *value =
        unit_format(&(Unit){.name = (char *) name, .hash = hash, .desired = desired});
    const StoreWrite writes[] = {
        {.kind = STORE_PUT, .key = file, .value = text},
        {.kind = STORE_PUT, .key = key, .value = value},
    };
    StoreTxnResult result;
    assert_int_equal(
        store_sync_txn(&fixture->sync, &(StoreTxn){.writes = writes, .n_writes = 2}, &result), 0);
    return result.revision;
}

int64_t seed_machine(ApiFixture *fixture, const char *id, const char *metadata) {
    Machine machine = {
        .id = (char *) id,
        .boot_id = (char *) "b00t",
        .address = (char *) "10.0.0.1",
        .version = (char *) "0.1.0",
        .cores = 2,
        .memory_bytes = 8589934592,
    };
    assert_int_equal(metadata_parse(metadata, &machine.metadata, NULL), 0);
    _cleanup_free_ char *key = key_machine(id), *value = machine_format(&machine);
    metadata_done(&machine.metadata);
    return seed(fixture, key, value);
}

int64_t seed_order(ApiFixture *fixture, const char *id, const char *name, LaunchState desired,
                   int64_t unit_revision) {
    const Order order = {
        .machine_id = (char *) id,
        .name = (char *) name,
        .hash = (char *) "0123456789012345678901234567890123456789",
        .desired = desired,
        .unit_revision = unit_revision,
        .reason = (char *) "fewest units",
    };
    _cleanup_free_ char *key = key_schedule(id, name), *value = order_format(&order);
    return seed(fixture, key, value);
}

int64_t seed_state(ApiFixture *fixture, const char *id, const char *name, LaunchState current,
                   int64_t unit_revision) {
    const UnitState unit_state = {
        .machine_id = (char *) id,
        .name = (char *) name,
        .hash = (char *) "0123456789012345678901234567890123456789",
        .current = current,
        .load = (char *) "loaded",
        .active = (char *) "active",
        .sub = (char *) "running",
        .result = (char *) "success",
        .job = JOB_RESULT_DONE,
        .unit_revision = unit_revision,
    };
    _cleanup_free_ char *key = key_state(id, name), *value = unit_state_format(&unit_state);
    return seed(fixture, key, value);
}

void settle(ApiFixture *fixture) {
    virtual_loop_advance(fixture->loop, 100 * USEC_PER_MSEC);
}

char *store_dump(ApiFixture *fixture) {
    _cleanup_range_ StoreRangeResult result = {};
    char *dump = strdup("");
    assert_int_equal(
        store_sync_range(&fixture->sync, &(StoreRange){.key = "", .is_prefix = true}, &result), 0);
    for (size_t i = 0; i < result.n_entries; i++) {
        char *longer =
            str_printf("%s%s=%s\n", dump, result.entries[i].key, result.entries[i].value);
        free(dump);
        dump = longer;
    }
    return dump;
}
