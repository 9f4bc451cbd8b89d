/* PATCH of machines. */
#include "fleetd/base/strv.h"
#include "fleetd/model/metadata.h"
#include "tests/fakes/faulty-store.h"
#include "tests/sim/tap-store.h"
#include "tests/unit/api-fixture.h"

#include <errno.h>

#define SET(value) "[{\"op\":\"add\",\"path\":\"/" M1 "/metadata/zone\",\"value\":\"" value "\"}]"
#define REMOVE "[{\"op\":\"remove\",\"path\":\"/" M1 "/metadata/zone\"}]"

static char *get_zone(ApiFixture *fixture) {
    return store_sync_get(&fixture->sync, "metadata/" M1 "/zone");
}

static void assert_zone(ApiFixture *fixture, const char *expected) {
    _cleanup_free_ char *value = get_zone(fixture);
    assert_string_equal(str_or(value, "(none)"), str_or(expected, "(none)"));
}

static void metadata_that_cannot_be_read_can_be_removed(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    seed(fixture, "metadata/" M1 "/zone", "\xff");
    assert_answer(fixture, "PATCH", "/machines", REMOVE, 204, "");
    assert_zone(fixture, NULL);
}

static void on_removed(int r, const StoreTxnResult *result, void *userdata) {
}

static void remove_zone(GatedStore *gated, void *userdata) {
    const StoreWrite write = {.kind = STORE_DELETE, .key = "metadata/" M1 "/zone"};
    gated->before_txn = NULL;
    store_txn(gated->inner, &(StoreTxn){.writes = &write, .n_writes = 1}, on_removed, NULL, NULL);
}

/* The revision of the answer is then that of anybody's last change, for which no read may wait. */
static void removal_of_what_is_gone_meanwhile_is_acknowledged_as_of_before(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    int64_t revision = seed(fixture, "metadata/" M1 "/zone", "a");
    settle(fixture);
    fixture->gated->before_txn = remove_zone;
    _cleanup_exchange_ RecordedExchange *answer = api_call(fixture, "PATCH", "/machines", REMOVE);
    assert_null(fixture->gated->before_txn);
    assert_int_equal(answer->status, 204);
    assert_int_equal(exchange_revision(answer), revision);
}

static void patch_that_is_refused_or_empty_writes_nothing(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    int64_t revision = store_sync_revision(&fixture->sync);
    assert_answer(fixture, "PATCH", "/machines",
                  "[{\"op\":\"add\",\"path\":\"/" M1 "/metadata/a\",\"value\":\"1\"},"
                  "{\"op\":\"add\",\"path\":\"/M2/metadata/a\",\"value\":\"1\"}]",
                  400,
                  "the patch: operation 2: 'M2' is not a machine id (32 lower-case hexadecimal "
                  "digits)");
    assert_answer(fixture, "PATCH", "/machines", "{", 400,
                  "the patch: not valid JSON at byte 1: unexpected end of data");
    assert_answer(fixture, "PATCH", "/machines", "[]", 204, "");
    assert_answer(fixture, "PATCH", "/machines",
                  "[{\"op\":\"remove\",\"path\":\"/" M1 "/metadata/unknown\"}]", 204, "");
    assert_int_equal(store_sync_revision(&fixture->sync), revision);
    assert_int_equal(fixture->gated->counts[GATE_TXN], 0);
}

static void machine_may_be_given_metadata_before_it_comes(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "PATCH", "/machines",
                  "[{\"op\":\"add\",\"path\":\"/" M1 "/metadata/a\",\"value\":\"1\"},"
                  "{\"op\":\"remove\",\"path\":\"/" M2 "/metadata/a\"}]",
                  204, "");
    assert_answer(fixture, "GET", "/machines", NULL, 200, "{\"machines\":[]}");
    seed_machine(fixture, M1, "b=2");
    settle(fixture);
    _cleanup_exchange_ RecordedExchange *answer = api_call(fixture, "GET", "/machines", NULL);
    assert_non_null(strstr(answer->text, "\"metadata\":{\"a\":\"1\",\"b\":\"2\"}"));
}

static void machine_cannot_be_given_metadata_without_end(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M1, "");
    for (int i = 0; i < METADATA_PAIRS_MAX; i++) {
        _cleanup_free_ char *key = str_printf("metadata/" M1 "/k%d", i);
        seed(fixture, key, "v");
    }
    assert_answer(fixture, "PATCH", "/machines",
                  "[{\"op\":\"add\",\"path\":\"/" M1 "/metadata/k1\",\"value\":\"new\"}]", 204, "");
    assert_answer(fixture, "PATCH", "/machines",
                  "[{\"op\":\"add\",\"path\":\"/" M1 "/metadata/one-more\",\"value\":\"1\"}]", 400,
                  "machine '" M1 "' has too much metadata");
}

static void patch_without_an_answer_of_the_store_is_not_acknowledged(void **state) {
    ApiFixture *fixture = *state;
    static const char patch[] =
        "[{\"op\":\"add\",\"path\":\"/" M1 "/metadata/a\",\"value\":\"1\"}]";
    seed_machine(fixture, M1, "");
    fixture->gated->gates[GATE_TXN] = -ECONNRESET;
    assert_answer(fixture, "PATCH", "/machines", patch, 503,
                  "the store cannot be reached: Connection reset by peer; it is unknown whether "
                  "the metadata was changed");
    fixture->gated->gates[GATE_TXN] = GATE_SILENT;
    assert_answer(fixture, "PATCH", "/machines", patch, 503,
                  "the store cannot be reached: it does not answer; it is unknown whether the "
                  "metadata was changed");
    _cleanup_exchange_ RecordedExchange *gone = api_start(fixture, "PATCH", "/machines", patch);
    settle(fixture);
    recorded_exchange_abort(gone);
    _cleanup_exchange_ RecordedExchange *last = api_start(fixture, "PATCH", "/machines", patch);
    settle(fixture);
    api_free(TAKE_PTR(fixture->api));
    assert_int_equal(last->status, 503);
}

/* Has the API behind another store, in front of the fixture's. */
static Api *api_behind(ApiFixture *fixture, Store *store) {
    Api *before = fixture->api;
    const ApiOptions options = {
        .store = store,
        .loop = fixture->loop,
        .store_timeout_usec = 2 * USEC_PER_SEC,
        .metrics = fixture->metrics,
    };
    assert_int_equal(api_new(&options, &fixture->api), 0);
    return before;
}

static void api_restore_take(ApiFixture *fixture, Api *before, Store *store) {
    api_free(fixture->api);
    fixture->api = before;
    store_free(store);
}

/* The view of this fleetd is late: it does not know yet of what another one has acknowledged. */
static void removal_does_not_depend_on_what_the_view_has_heard(void **state) {
    ApiFixture *fixture = *state;
    Store *slow;
    assert_int_equal(faulty_store_new(fixture->loop, fixture->memory, &slow), 0);
    Api *before = api_behind(fixture, slow);
    seed_machine(fixture, M1, "");
    assert_answer(fixture, "GET", "/metadata", NULL, 200, "{\"metadata\":[]}");
    faulty_store_set_faults(slow, &(StoreFaults){.timeout_usec = STORE_FAULTS_TIMEOUT_USEC,
                                                 .watch_lag_usec = 20 * USEC_PER_SEC});
    seed(fixture, "metadata/" M1 "/zone", "a");
    assert_answer(fixture, "PATCH", "/machines", REMOVE, 204, "");
    _cleanup_free_ char *zone = get_zone(fixture);
    api_restore_take(fixture, before, slow);
    assert_null(zone);
}

/* A PATCH that its sender has given up arrives after the next one. */
static void late_patch_does_not_undo_a_later_one(void **state) {
    ApiFixture *fixture = *state;
    Store *late;
    assert_int_equal(tap_store_new(fixture->loop, fixture->memory, NULL, NULL, &late), 0);
    Api *before = api_behind(fixture, late);
    seed(fixture, "metadata/" M1 "/zone", "old");
    tap_store_set_late(late, 1000, USEC_PER_SEC);
    _cleanup_exchange_ RecordedExchange *given_up =
        api_call(fixture, "PATCH", "/machines", SET("late"));
    assert_int_equal(given_up->status, 503);
    tap_store_set_late(late, 0, 0);
    assert_zone(fixture, "old");
    assert_answer(fixture, "PATCH", "/machines", SET("new"), 204, "");
    virtual_loop_advance(fixture->loop, 5 * USEC_PER_SEC);
    api_restore_take(fixture, before, late);
    assert_zone(fixture, "new");
}

static void on_set(_unused_ int r, _unused_ const StoreTxnResult *result, _unused_ void *userdata) {
}

static void set_zone(GatedStore *gated, void *userdata) {
    unsigned *n_left = userdata;
    const StoreWrite write = {.kind = STORE_PUT, .key = "metadata/" M1 "/zone", .value = "other"};
    if (*n_left > 0 && (*n_left)-- > 0)
        store_txn(gated->inner, &(StoreTxn){.writes = &write, .n_writes = 1}, on_set, NULL, NULL);
}

static void patch_that_others_overtake_starts_over(void **state) {
    ApiFixture *fixture = *state;
    unsigned n_left = 3;
    fixture->gated->before_txn = set_zone;
    fixture->gated->userdata = &n_left;
    assert_answer(fixture, "PATCH", "/machines", SET("mine"), 204, "");
    assert_int_equal(n_left, 0);
    assert_zone(fixture, "mine");
    n_left = 1000;
    assert_answer(fixture, "PATCH", "/machines", SET("again"), 503,
                  "the metadata is being changed by others all the time; nothing was changed");
    assert_zone(fixture, "other");
}

static void patch_that_cannot_read_changes_nothing(void **state) {
    ApiFixture *fixture = *state;
    fixture->gated->gates[GATE_RANGE] = -ECONNRESET;
    assert_answer(fixture, "PATCH", "/machines", SET("a"), 503,
                  "the store cannot be reached: Connection reset by peer; nothing was changed");
    fixture->gated->gates[GATE_RANGE] = GATE_SILENT;
    assert_answer(fixture, "PATCH", "/machines", SET("a"), 503,
                  "the store cannot be reached: it does not answer; nothing was changed");
    assert_int_equal(fixture->gated->counts[GATE_TXN], 0);
}

/* As fleetctl restore sends it: 128 changes at a time, of one machine and the next, mixed. */
static char *patch_of_two(int n_first) {
    char *patch = strdup("[");
    for (int i = 0; i < 128; i++) {
        char *longer =
            str_printf("%s%s{\"op\":\"add\",\"path\":\"/%s/metadata/n%d\",\"value\":\"v\"}", patch,
                       i > 0 ? "," : "", i * n_first / 128 < (i + 1) * n_first / 128 ? M1 : M2, i);
        free(patch);
        patch = longer;
    }
    char *body = str_printf("%s]", patch);
    free(patch);
    return body;
}

static void change_of_other_machines_is_no_metadata_of_this_one(void **state) {
    ApiFixture *fixture = *state;
    for (int i = 0; i < METADATA_PAIRS_MAX - 100; i++) {
        _cleanup_free_ char *key = str_printf("metadata/" M1 "/k%d", i);
        seed(fixture, key, "v");
    }
    _cleanup_free_ char *fits = patch_of_two(100), *too_many = patch_of_two(101);
    assert_answer(fixture, "PATCH", "/machines", too_many, 400,
                  "machine '" M1 "' has too much metadata");
    assert_int_equal(fixture->gated->counts[GATE_TXN], 0);
    assert_answer(fixture, "PATCH", "/machines", fits, 204, ""); /* 256 then, which it may */
}

static void what_is_removed_makes_room(void **state) {
    ApiFixture *fixture = *state;
    for (int i = 0; i < METADATA_PAIRS_MAX; i++) {
        _cleanup_free_ char *key = str_printf("metadata/" M1 "/k%d", i);
        seed(fixture, key, "v");
    }
    assert_answer(fixture, "PATCH", "/machines",
                  "[{\"op\":\"add\",\"path\":\"/" M1 "/metadata/zone\",\"value\":\"a\"},"
                  "{\"op\":\"remove\",\"path\":\"/" M1 "/metadata/k7\"}]",
                  204, "");
    assert_zone(fixture, "a");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(metadata_that_cannot_be_read_can_be_removed),
        API_TEST(removal_of_what_is_gone_meanwhile_is_acknowledged_as_of_before),
        API_TEST(patch_that_is_refused_or_empty_writes_nothing),
        API_TEST(machine_may_be_given_metadata_before_it_comes),
        API_TEST(machine_cannot_be_given_metadata_without_end),
        API_TEST(patch_without_an_answer_of_the_store_is_not_acknowledged),
        API_TEST(removal_does_not_depend_on_what_the_view_has_heard),
        API_TEST(late_patch_does_not_undo_a_later_one),
        API_TEST(patch_that_others_overtake_starts_over),
        API_TEST(patch_that_cannot_read_changes_nothing),
        API_TEST(change_of_other_machines_is_no_metadata_of_this_one),
        API_TEST(what_is_removed_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
