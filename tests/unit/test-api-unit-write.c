#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "tests/unit/api-fixture.h"

#include <errno.h>

#define HELLO "{\"text\":\"[Service]\\nExecStart=/bin/true\\n\",\"desiredState\":\"launched\"}"
#define HELLO_TEXT "[Service]\nExecStart=/bin/true\n"

static void new_unit_is_created_with_its_file(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_exchange_ RecordedExchange *put =
        api_call(fixture, "PUT", "/units/hello.service", HELLO);
    assert_int_equal(put->status, 201);
    assert_string_equal(put->text, "");
    assert_null(put->answer_type);
    assert_int_equal(exchange_revision(put), store_sync_revision(&fixture->sync));

    _cleanup_exchange_ RecordedExchange *get =
        api_call(fixture, "GET", "/units/hello.service", NULL);
    _cleanup_free_ char *expected = str_printf(
        "{\"name\":\"hello.service\",\"desiredState\":\"launched\",\"currentState\":\"inactive\","
        "\"options\":[{\"section\":\"Service\",\"name\":\"ExecStart\",\"value\":\"/bin/true\"}],"
        "\"hash\":\"86943ac9f3754cb90f8dd38bf6da7b0cad074592\",\"revision\":%d,\"global\":false,"
        "\"version\":1,\"text\":\"[Service]\\nExecStart=/bin/true\\n\"}",
        (int) exchange_revision(put));
    assert_string_equal(get->answer_type, "application/json");
    assert_json(get->text, expected);
}

static void post_creates_what_is_new_and_changes_nothing_that_is_known(void **state) {
    ApiFixture *fixture = *state;
    static const char *const bodies[] = {
        HELLO, "{\"desiredState\":\"inactive\",\"text\":\"[Service]\\nExecStart=/bin/false\\n\"}",
        "{\"desiredState\":\"loaded\"}"};
    _cleanup_exchange_ RecordedExchange *post =
        api_call(fixture, "POST", "/units/hello.service", HELLO);
    assert_int_equal(post->status, 201);
    assert_int_equal(exchange_revision(post), store_sync_revision(&fixture->sync));
    seed(fixture, "unit/garbage.service", "garbage");
    int64_t before = store_sync_revision(&fixture->sync);
    for (size_t i = 0; i < ELEMENTSOF(bodies); i++)
        assert_answer(fixture, "POST", "/units/hello.service", bodies[i], 409,
                      "unit 'hello.service' exists");
    assert_answer(fixture, "POST", "/units/garbage.service", HELLO, 409,
                  "unit 'garbage.service' exists");
    assert_int_equal(store_sync_revision(&fixture->sync), before);
}

static void options_make_a_file_as_well_and_text_wins_over_them(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "PUT", "/units/a.service",
                  "{\"name\":\"a.service\",\"desiredState\":\"loaded\",\"unknown\":[1],"
                  "\"options\":[{\"section\":\"Service\",\"name\":\"ExecStart\","
                  "\"value\":\"/bin/true\"}]}",
                  201, "");
    assert_answer(fixture, "PUT", "/units/b.service",
                  "{\"text\":\"[Unit]\\n# by hand\\nDescription=b\",\"options\":"
                  "[{\"section\":\"Service\",\"name\":\"ExecStart\",\"value\":\"/bin/true\"}]}",
                  201, "");
    _cleanup_free_ char *dump = store_dump(fixture);
    assert_non_null(strstr(dump, "=[Service]\nExecStart=/bin/true\n"));
    assert_non_null(strstr(dump, "=[Unit]\n# by hand\nDescription=b\n")); /* the dump's newline */
    assert_non_null(strstr(dump, "unit/a.service="));
    assert_non_null(strstr(dump, "unit/b.service="));
}

static void put_of_what_is_there_writes_nothing_and_names_the_first_request(void **state) {
    ApiFixture *fixture = *state;
    int64_t revision = seed_unit(fixture, "hello.service", HELLO_TEXT, LAUNCH_STATE_LAUNCHED);
    seed(fixture, "machine/" M1, "{}");
    int64_t before = store_sync_revision(&fixture->sync);
    static const char *const bodies[] = {HELLO, "{\"desiredState\":\"launched\"}"};
    for (size_t i = 0; i < ELEMENTSOF(bodies); i++) {
        _cleanup_exchange_ RecordedExchange *put =
            api_call(fixture, "PUT", "/units/hello.service", bodies[i]);
        assert_int_equal(put->status, 204);
        assert_int_equal(exchange_revision(put), revision);
    }
    assert_int_equal(store_sync_revision(&fixture->sync), before);
    assert_int_equal(fixture->gated->counts[GATE_TXN], 0);
}

static void desired_state_changes_without_touching_the_file(void **state) {
    ApiFixture *fixture = *state;
    int64_t revision = seed_unit(fixture, "hello.service", HELLO_TEXT, LAUNCH_STATE_LAUNCHED);
    _cleanup_exchange_ RecordedExchange *put =
        api_call(fixture, "PUT", "/units/hello.service", "{\"desiredState\":\"loaded\"}");
    assert_int_equal(put->status, 204);
    assert_true(exchange_revision(put) > revision);

    _cleanup_range_ StoreRangeResult files = {};
    store_sync_range(&fixture->sync, &(StoreRange){.key = "file/", .is_prefix = true}, &files);
    assert_int_equal(files.n_entries, 1);
    assert_int_equal(files.entries[0].mod_revision, revision);
}

/* While a cluster is upgraded machine by machine, older fleetds write what newer ones wrote. */
static void what_a_later_version_wrote_of_a_unit_is_kept(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "hello.service", HELLO_TEXT, LAUNCH_STATE_LAUNCHED);
    seed(fixture, "unit/hello.service",
         "{\"hash\":\"86943ac9f3754cb90f8dd38bf6da7b0cad074592\",\"desired\":\"launched\","
         "\"replicas\":3}");
    assert_answer(fixture, "PUT", "/units/hello.service", "{\"desiredState\":\"loaded\"}", 204, "");
    _cleanup_free_ char *dump = store_dump(fixture);
    assert_non_null(strstr(dump, "\"desired\":\"loaded\",\"replicas\":3}"));
    assert_answer(fixture, "PUT", "/units/hello.service",
                  "{\"text\":\"[Service]\\nExecStart=/bin/false\\n\",\"desiredState\":\"loaded\"}",
                  204, "");
    _cleanup_free_ char *after = store_dump(fixture);
    assert_non_null(strstr(after, "\"desired\":\"loaded\",\"version\":2,\"replicas\":3}"));
}

static void new_text_replaces_the_file_in_one_transaction(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "hello.service", HELLO_TEXT, LAUNCH_STATE_LAUNCHED);
    _cleanup_exchange_ RecordedExchange *put = api_call(
        fixture, "PUT", "/units/hello.service",
        "{\"text\":\"[Service]\\nExecStart=/bin/false\\n\",\"desiredState\":\"launched\"}");
    assert_int_equal(put->status, 204);
    _cleanup_range_ StoreRangeResult all = {};
    store_sync_range(&fixture->sync, &(StoreRange){.key = "", .is_prefix = true}, &all);
    assert_int_equal(all.n_entries, 5); /* the old file is kept by the former version */
    size_t n_written = 0;
    for (size_t i = 0; i < all.n_entries; i++)
        n_written += all.entries[i].mod_revision == exchange_revision(put);
    assert_int_equal(n_written, 4); /* the file, the unit, and what it had so far no versions of */
}

/* Whoever looks for unused files compares their revisions: one that is used again must change. */
static void file_that_is_there_already_is_written_again(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "hello.service", HELLO_TEXT, LAUNCH_STATE_LAUNCHED);
    _cleanup_exchange_ RecordedExchange *put =
        api_call(fixture, "PUT", "/units/other.service", HELLO);
    assert_int_equal(put->status, 201);
    _cleanup_range_ StoreRangeResult files = {};
    store_sync_range(&fixture->sync, &(StoreRange){.key = "file/", .is_prefix = true}, &files);
    assert_int_equal(files.n_entries, 1);
    assert_int_equal(files.entries[0].mod_revision, exchange_revision(put));
}

typedef struct Refusal {
    const char *target, *body;
    unsigned status;
    const char *message;
} Refusal;

static void what_is_refused_is_refused_with_its_reason_and_changes_nothing(void **state) {
    ApiFixture *fixture = *state;
    static const Refusal refusals[] = {
        {"/units/hello.service", "{\"desiredState\":\"launched\"}", 409,
         "unit 'hello.service' does not exist, and neither text nor options are given"},
        {"/units/hello.service", "{\"desiredState\":\"launched\",\"options\":[]}", 409,
         "unit 'hello.service' does not exist, and neither text nor options are given"},
        {"/units/known.service", "{}", 409,
         "unit 'known.service' exists: to change it, desiredState must be given"},
        {"/units/known.service", "{\"text\":\"[Service]\\nExecStart=/bin/true\\n\"}", 409,
         "unit 'known.service' exists: to change it, desiredState must be given"},
        {"/units/web@.service",
         "{\"text\":\"[Service]\\nExecStart=/bin/true\\n\",\"desiredState\":\"launched\"}", 400,
         "unit 'web@.service': a template can only be inactive, not launched: it is its instances "
         "that run"},
        {"/units/hello.service", "{\"name\":\"other.service\"}", 400,
         "unit 'hello.service': the body names another unit: 'other.service'"},
        {"/units/hello.service", "{\"desiredState\":\"running\"}", 400,
         "unit 'hello.service': desiredState 'running' is none of inactive, loaded and launched"},
        {"/units/hello.service", "{\"desiredState\":1}", 400,
         "unit 'hello.service': field 'desiredState' is int, not string"},
        {"/units/hello.service", "[]", 400,
         "unit 'hello.service': the body of the request is not a JSON object"},
        {"/units/hello.service", "{\"text\":\"\"}", 400,
         "unit 'hello.service': the unit file is empty"},
        {"/units/hello.service", "{\"text\":\"[Service]\\nnonsense\\n\"}", 400, NULL},
        {"/units/hello.service", "{\"text\":\"[Service]\\u0000\\n\"}", 400,
         "unit 'hello.service': field 'text' has a NUL character"},
        {"/units/hello.service", "{\"text\":\"[X-Fleet]\\nMachineOff=a.service\\n\"}", 400, NULL},
        {"/units/hello.service", "{\"text\":\"[X-Fleet]\\nGlobal=true\\nMachineOf=a.service\\n\"}",
         400, NULL},
        {"/units/hello.service", "{\"options\":[{\"section\":\"Service\",\"name\":\"A\"}]}", 400,
         "unit 'hello.service': option 1: field 'value' is missing"},
        {"/units/hello.service", "{\"options\":[7]}", 400,
         "unit 'hello.service': option 1: not a JSON object"},
        {"/units/hello.service",
         "{\"options\":[{\"section\":\"A\",\"name\":\"B\",\"value\":\"a\\nb\"}]}", 400, NULL},
        {"/units/hello", "{}", 400, NULL},
        {"/units/.service", "{}", 400, NULL},
    };
    seed_unit(fixture, "known.service", HELLO_TEXT, LAUNCH_STATE_LAUNCHED);
    _cleanup_free_ char *before = store_dump(fixture);
    int64_t revision = store_sync_revision(&fixture->sync);
    for (size_t i = 0; i < ELEMENTSOF(refusals); i++) {
        const Refusal *refusal = &refusals[i];
        _cleanup_exchange_ RecordedExchange *put =
            api_call(fixture, "PUT", refusal->target, refusal->body);
        if (put->status != refusal->status)
            fail_msg("%s: %u: %s", refusal->body, put->status, put->text);
        assert_non_null(strstr(put->text, "\"message\":\"unit "));
        if (refusal->message) {
            _cleanup_free_ char *expected = str_printf(
                "{\"error\":{\"code\":%u,\"message\":\"%s\"}}", refusal->status, refusal->message);
            assert_json(put->text, expected);
        }
    }
    _cleanup_free_ char *after = store_dump(fixture);
    assert_string_equal(after, before);
    assert_int_equal(store_sync_revision(&fixture->sync), revision);
    assert_int_equal(fixture->gated->counts[GATE_TXN], 0);
}

static void message_leads_from_the_unit_to_the_line(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "PUT", "/units/web@1.service",
                  "{\"text\":\"[Service]\\nExecStart=/bin/true\\n[X-Fleet]\\nMachineOff=a\\n\"}",
                  400,
                  "unit 'web@1.service': line 4: [X-Fleet] unknown option 'MachineOff' (did you "
                  "mean 'MachineOf'?)");
}

static void body_that_is_not_declared_as_json_is_refused(void **state) {
    ApiFixture *fixture = *state;
    static const char *const types[] = {"text/plain", "application/jsonp", NULL};
    for (size_t i = 0; i < ELEMENTSOF(types); i++) {
        _cleanup_exchange_ RecordedExchange *put =
            recorded_exchange_new("PUT", "/fleet/v1/units/a.service", types[i], HELLO);
        api_serve(fixture->api, &put->exchange);
        api_await(fixture, put);
        assert_int_equal(put->status, 415);
    }
    _cleanup_exchange_ RecordedExchange *put = recorded_exchange_new(
        "PUT", "/fleet/v1/units/a.service", "Application/JSON; charset=utf-8", HELLO);
    api_serve(fixture->api, &put->exchange);
    api_await(fixture, put);
    assert_int_equal(put->status, 201);
}

static void body_over_the_limit_is_refused(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_free_ char *body = malloc(1024 * 1024 + 2);
    memset(body, ' ', 1024 * 1024 + 1);
    body[1024 * 1024 + 1] = 0;
    assert_answer(fixture, "PUT", "/units/a.service", body, 413,
                  "the body of the request is over 1048576 bytes");
}

static void template_can_be_submitted(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "PUT", "/units/web@.service",
                  "{\"text\":\"[Service]\\nExecStart=/bin/true\\n\",\"desiredState\":\"inactive\"}",
                  201, "");
    assert_answer(fixture, "PUT", "/units/web@.service", "{\"desiredState\":\"loaded\"}", 400,
                  "unit 'web@.service': a template can only be inactive, not loaded: it is its "
                  "instances that run");
}

static void destroy_removes_the_unit_and_leaves_its_file(void **state) {
    ApiFixture *fixture = *state;
    int64_t revision = seed_unit(fixture, "hello.service", HELLO_TEXT, LAUNCH_STATE_LAUNCHED);
    _cleanup_exchange_ RecordedExchange *answer =
        api_call(fixture, "DELETE", "/units/hello.service", NULL);
    assert_int_equal(answer->status, 204);
    assert_true(exchange_revision(answer) > revision);
    _cleanup_free_ char *dump = store_dump(fixture);
    assert_null(strstr(dump, "unit/"));
    assert_non_null(strstr(dump, "file/"));
    assert_answer(fixture, "DELETE", "/units/hello.service", NULL, 404,
                  "unit 'hello.service' does not exist");
    assert_answer(fixture, "DELETE", "/units/no-unit", NULL, 404, "unit 'no-unit' does not exist");
}

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
}

/* Another client is quicker, userdata times. */
static void interfere(GatedStore *gated, void *userdata) {
    int *n = userdata;
    if ((*n)-- <= 0)
        return;
    _cleanup_free_ char *value = str_printf("{\"hash\":\"%040d\",\"desired\":\"inactive\"}", *n);
    const StoreWrite write = {.kind = STORE_PUT, .key = "unit/hello.service", .value = value};
    store_txn(gated->inner, &(StoreTxn){.writes = &write, .n_writes = 1}, on_written, NULL, NULL);
}

static void put_that_is_overtaken_starts_over(void **state) {
    ApiFixture *fixture = *state;
    int n = 2;
    fixture->gated->before_txn = interfere;
    fixture->gated->userdata = &n;
    _cleanup_exchange_ RecordedExchange *put =
        api_call(fixture, "PUT", "/units/hello.service", HELLO);
    assert_int_equal(put->status, 204); /* by now it was there */
    assert_int_equal(fixture->gated->counts[GATE_TXN], 3);
    _cleanup_free_ char *dump = store_dump(fixture);
    assert_non_null(strstr(dump, "launched"));
}

static void post_that_is_overtaken_changes_nothing(void **state) {
    ApiFixture *fixture = *state;
    int n = 1;
    fixture->gated->before_txn = interfere;
    fixture->gated->userdata = &n;
    assert_answer(fixture, "POST", "/units/hello.service", HELLO, 409,
                  "unit 'hello.service' exists");
    _cleanup_free_ char *dump = store_dump(fixture);
    assert_null(strstr(dump, "launched"));
}

static void put_that_is_overtaken_for_ever_gives_up(void **state) {
    ApiFixture *fixture = *state;
    int n = 1000;
    fixture->gated->before_txn = interfere;
    fixture->gated->userdata = &n;
    assert_answer(fixture, "PUT", "/units/hello.service", HELLO, 503,
                  "unit 'hello.service' is being changed by others all the time; nothing was "
                  "changed");
    assert_int_equal(fixture->gated->counts[GATE_TXN], 5);
}

static void destroy_that_is_overtaken_starts_over(void **state) {
    ApiFixture *fixture = *state;
    int n = 1;
    seed_unit(fixture, "hello.service", HELLO_TEXT, LAUNCH_STATE_LAUNCHED);
    fixture->gated->before_txn = interfere;
    fixture->gated->userdata = &n;
    assert_answer(fixture, "DELETE", "/units/hello.service", NULL, 204, "");
    assert_int_equal(fixture->gated->counts[GATE_TXN], 2);
}

static void store_that_cannot_be_read_is_said_so(void **state) {
    ApiFixture *fixture = *state;
    fixture->gated->gates[GATE_RANGE] = -ECONNREFUSED;
    assert_answer(fixture, "PUT", "/units/hello.service", HELLO, 503,
                  "the store cannot be reached: Connection refused; nothing was changed");
    fixture->gated->gates[GATE_RANGE] = GATE_SILENT;
    usec_t start = loop_now(fixture->loop);
    assert_answer(fixture, "DELETE", "/units/hello.service", NULL, 503,
                  "the store cannot be reached: it does not answer; nothing was changed");
    assert_int_equal(loop_now(fixture->loop) - start, 2 * USEC_PER_SEC);
}

static void open_outcome_is_never_acknowledged(void **state) {
    ApiFixture *fixture = *state;
    fixture->gated->gates[GATE_TXN] = GATE_SWALLOWED;
    assert_answer(fixture, "PUT", "/units/hello.service", HELLO, 503,
                  "the store cannot be reached: it does not answer; it is unknown whether unit "
                  "'hello.service' was written");
    fixture->gated->gates[GATE_TXN] = -ECONNRESET;
    assert_answer(fixture, "DELETE", "/units/hello.service", NULL, 503,
                  "the store cannot be reached: Connection reset by peer; it is unknown whether "
                  "unit 'hello.service' was destroyed");
}

static void client_that_goes_away_leaves_nothing_behind(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_exchange_ RecordedExchange *put =
        api_start(fixture, "PUT", "/units/hello.service", HELLO);
    recorded_exchange_abort(put);
    settle(fixture);
    fixture->gated->gates[GATE_TXN] = GATE_SILENT;
    _cleanup_exchange_ RecordedExchange *later =
        api_start(fixture, "PUT", "/units/hello.service", HELLO);
    settle(fixture);
    assert_int_equal(fixture->gated->counts[GATE_TXN], 1);
    recorded_exchange_abort(later);
}

static void end_of_the_api_answers_what_is_open(void **state) {
    ApiFixture *fixture = *state;
    fixture->gated->gates[GATE_RANGE] = GATE_SILENT;
    _cleanup_exchange_ RecordedExchange *put =
        api_start(fixture, "PUT", "/units/hello.service", HELLO);
    _cleanup_exchange_ RecordedExchange *get = api_start(fixture, "GET", "/units", NULL);
    api_free(TAKE_PTR(fixture->api));
    assert_int_equal(put->status, 503);
    assert_int_equal(get->status, 503);
}

static void unreadable_value_is_replaced_or_destroyed(void **state) {
    ApiFixture *fixture = *state;
    seed(fixture, "unit/hello.service", "garbage");
    assert_answer(fixture, "PUT", "/units/hello.service", "{\"desiredState\":\"loaded\"}", 409,
                  "unit 'hello.service' does not exist, and neither text nor options are given");
    assert_answer(fixture, "PUT", "/units/hello.service", HELLO, 204, "");
    seed(fixture, "unit/hello.service", "garbage");
    assert_answer(fixture, "DELETE", "/units/hello.service", NULL, 204, "");
}

static void file_that_was_lost_comes_back_with_its_unit(void **state) {
    ApiFixture *fixture = *state;
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    assert_int_equal(unit_file_hash_text(HELLO_TEXT, strlen(HELLO_TEXT), hash), 0);
    _cleanup_free_ char *key = key_file(hash);
    seed_unit(fixture, "hello.service", HELLO_TEXT, LAUNCH_STATE_LAUNCHED);
    seed(fixture, key, "garbage");
    assert_answer(fixture, "PUT", "/units/hello.service", HELLO, 204, "");
    _cleanup_free_ char *text = store_sync_get(&fixture->sync, key);
    assert_string_equal(text, HELLO_TEXT);
    seed_delete(fixture, key);
    assert_answer(fixture, "PUT", "/units/hello.service", HELLO, 204, "");
    _cleanup_free_ char *again = store_sync_get(&fixture->sync, key);
    assert_string_equal(again, HELLO_TEXT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(new_unit_is_created_with_its_file),
        API_TEST(post_creates_what_is_new_and_changes_nothing_that_is_known),
        API_TEST(post_that_is_overtaken_changes_nothing),
        API_TEST(options_make_a_file_as_well_and_text_wins_over_them),
        API_TEST(put_of_what_is_there_writes_nothing_and_names_the_first_request),
        API_TEST(desired_state_changes_without_touching_the_file),
        API_TEST(what_a_later_version_wrote_of_a_unit_is_kept),
        API_TEST(new_text_replaces_the_file_in_one_transaction),
        API_TEST(file_that_is_there_already_is_written_again),
        API_TEST(what_is_refused_is_refused_with_its_reason_and_changes_nothing),
        API_TEST(message_leads_from_the_unit_to_the_line),
        API_TEST(body_that_is_not_declared_as_json_is_refused),
        API_TEST(body_over_the_limit_is_refused),
        API_TEST(template_can_be_submitted),
        API_TEST(destroy_removes_the_unit_and_leaves_its_file),
        API_TEST(put_that_is_overtaken_starts_over),
        API_TEST(put_that_is_overtaken_for_ever_gives_up),
        API_TEST(destroy_that_is_overtaken_starts_over),
        API_TEST(store_that_cannot_be_read_is_said_so),
        API_TEST(open_outcome_is_never_acknowledged),
        API_TEST(client_that_goes_away_leaves_nothing_behind),
        API_TEST(end_of_the_api_answers_what_is_open),
        API_TEST(unreadable_value_is_replaced_or_destroyed),
        API_TEST(file_that_was_lost_comes_back_with_its_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
