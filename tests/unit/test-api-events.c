/* Streams of events: what they begin with, what follows, and for whom. A line is written down as
 * "unit@machine:current" (machine 1, 2 or - for none) with "?" when it is an orphan and "!" when
 * the unit is deleted, a machine as "#machine:status", the end of the present as "synced". */
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "tests/unit/api-fixture.h"

#include <errno.h>

#define TEXT "[Service]\nExecStart=/bin/true\n"

static const char *field(json_object *object, const char *name) {
    const char *text = "(none)";
    json_get_string(object, name, &text, NULL);
    return text;
}

static char machine_letter(json_object *object) {
    const char *id = field(object, "machineID");
    return *id ? *id : '-';
}

static char *line_note(json_object *object) {
    const char *type = field(object, "type");
    bool is_deleted = false, is_orphan = false;
    if (streq(type, "synced"))
        return strdup("synced");
    if (streq(type, "machine"))
        return str_printf("#%c:%s", machine_letter(object), field(object, "status"));
    assert_int_equal(json_get_bool(object, "deleted", &is_deleted, NULL), 1);
    assert_int_equal(json_get_bool(object, "orphan", &is_orphan, NULL), 1);
    return str_printf("%s@%c:%s%s%s", field(object, "unit"), machine_letter(object),
                      field(object, "currentState"), is_orphan ? "?" : "", is_deleted ? "!" : "");
}

/* The lines since the last time, as notes. */
static char *stream_notes(RecordedExchange *stream) {
    _cleanup_free_ char *text = recorded_exchange_take(stream);
    _cleanup_(strv_freep) char **lines = NULL, **notes = NULL;
    assert_int_equal(strv_split(text, "\n", &lines), 0);
    STRV_FOREACH (line, lines) {
        _cleanup_json_ json_object *object = NULL;
        assert_int_equal(json_parse(*line, strlen(*line), &object, NULL), 0);
        _cleanup_free_ char *note = line_note(object);
        strv_push(&notes, note);
    }
    return strv_join(notes, " ");
}

static void assert_notes(ApiFixture *fixture, RecordedExchange *stream, const char *expected) {
    settle(fixture);
    _cleanup_free_ char *notes = stream_notes(stream);
    assert_string_equal(notes, expected);
}

static void stream_begins_with_the_present(void **state) {
    ApiFixture *fixture = *state;
    int64_t n = seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    seed_unit(fixture, "b.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed_machine(fixture, M1, "");
    seed_machine(fixture, M2, "");
    seed_order(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, n);
    seed_order(fixture, M2, "a.service", LAUNCH_STATE_LAUNCHED, n);
    seed_state(fixture, M2, "a.service", LAUNCH_STATE_LAUNCHED, n);
    seed_order(fixture, M1, "gone.service", LAUNCH_STATE_INACTIVE, n);
    _cleanup_exchange_ RecordedExchange *stream = api_start(fixture, "GET", "/events", NULL);
    assert_notes(fixture, stream,
                 "#1:running #2:running a.service@1:inactive a.service@2:launched "
                 "b.service@-:inactive gone.service@1:inactive! synced");
    assert_string_equal(stream->answer_type, "application/json");
    assert_int_equal(stream->status, 200);
}

static void line_has_the_fields_of_the_contract(void **state) {
    ApiFixture *fixture = *state;
    int64_t n = seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    seed_machine(fixture, M1, "");
    seed_order(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, n);
    const UnitState report = {
        .machine_id = (char *) M1,
        .name = (char *) "a.service",
        .hash = (char *) "0123456789012345678901234567890123456789",
        .current = LAUNCH_STATE_LOADED,
        .load = (char *) "loaded",
        .active = (char *) "failed",
        .sub = (char *) "failed",
        .result = (char *) "exit-code",
        .job = JOB_RESULT_FAILED,
        .message = (char *) "the job failed",
        .log = (char *[]){(char *) "one", (char *) "two", NULL},
        .unit_revision = n,
    };
    _cleanup_free_ char *value = unit_state_format(&report);
    seed(fixture, "state/" M1 "/a.service", value);
    _cleanup_exchange_ RecordedExchange *stream =
        api_start(fixture, "GET", "/events?unit=a.service", NULL);
    settle(fixture);
    _cleanup_free_ char *text = recorded_exchange_take(stream);
    _cleanup_(strv_freep) char **lines = NULL;
    strv_split(text, "\n", &lines);
    assert_int_equal(strv_length(lines), 2);
    _cleanup_free_ char *expected = str_printf(
        "{\"type\":\"unit\",\"unit\":\"a.service\",\"machineID\":\"" M1
        "\",\"primaryIP\":\"10.0.0.1\",\"desiredState\":\"launched\",\"currentState\":\"loaded\","
        "\"systemdLoadState\":"
        "\"loaded\",\"systemdActiveState\":\"failed\",\"systemdSubState\":\"failed\","
        "\"systemdResult\":\"exit-code\",\"job\":\"failed\",\"message\":\"the job failed\",\"log\":"
        "[\"one\",\"two\"],\"hash\":\"86943ac9f3754cb90f8dd38bf6da7b0cad074592\",\"revision\":%d,"
        "\"unitRevision\":%d,\"global\":false,\"deleted\":false,\"orphan\":false,\"reason\":"
        "\"fewest units\","
        "\"pending\":null}",
        (int) n, (int) n);
    assert_json(lines[0], expected);
    _cleanup_free_ char *synced = str_printf("{\"type\":\"synced\",\"revision\":%d}",
                                             (int) store_sync_revision(&fixture->sync));
    assert_json(lines[1], synced);
}

static void unknown_name_gives_a_deleted_line(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_exchange_ RecordedExchange *stream =
        api_start(fixture, "GET", "/events?unit=x.service&unit=y*", NULL);
    settle(fixture);
    _cleanup_free_ char *text = recorded_exchange_take(stream);
    _cleanup_(strv_freep) char **lines = NULL;
    strv_split(text, "\n", &lines);
    assert_int_equal(strv_length(lines), 2);
    assert_json(lines[0],
                "{\"type\":\"unit\",\"unit\":\"x.service\",\"machineID\":\"\",\"primaryIP\":null,"
                "\"desiredState\":"
                "\"inactive\",\"currentState\":\"inactive\",\"systemdLoadState\":null,"
                "\"systemdActiveState\":null,\"systemdSubState\":null,\"systemdResult\":null,"
                "\"job\":\"none\",\"message\":null,\"log\":null,\"hash\":null,\"revision\":0,"
                "\"unitRevision\":0,\"global\":false,\"deleted\":true,\"orphan\":false,\"reason\":"
                "null,\"pending\":"
                "null}");
}

static void life_of_a_unit_is_told_line_by_line(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_exchange_ RecordedExchange *stream =
        api_start(fixture, "GET", "/events?unit=a.service", NULL);
    assert_notes(fixture, stream, "a.service@-:inactive! synced");
    int64_t n = seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    assert_notes(fixture, stream, "a.service@-:inactive");
    seed_order(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, n);
    assert_notes(fixture, stream, "a.service@1:inactive");
    seed_state(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, n);
    assert_notes(fixture, stream, "a.service@1:launched");
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LOADED); /* asked for something else */
    assert_notes(fixture, stream, "a.service@1:launched");

    seed_order(fixture, M1, "a.service", LAUNCH_STATE_INACTIVE, n); /* it moves */
    seed_state(fixture, M1, "a.service", LAUNCH_STATE_INACTIVE, n);
    assert_notes(fixture, stream, "a.service@1:launched a.service@1:inactive");
    seed_delete(fixture, "schedule/" M1 "/a.service");
    assert_notes(fixture, stream, "a.service@1:inactive");
    seed_delete(fixture, "state/" M1 "/a.service");
    assert_notes(fixture, stream, "a.service@1:inactive a.service@-:inactive");
    seed_order(fixture, M2, "a.service", LAUNCH_STATE_LAUNCHED, n);
    seed_state(fixture, M2, "a.service", LAUNCH_STATE_LAUNCHED, n);
    assert_notes(fixture, stream, "a.service@2:inactive a.service@2:launched");

    seed_delete(fixture, "unit/a.service"); /* it is destroyed */
    assert_notes(fixture, stream, "a.service@2:launched!");
    seed_delete(fixture, "state/" M2 "/a.service");
    assert_notes(fixture, stream, "a.service@2:inactive!");
    seed_delete(fixture, "schedule/" M2 "/a.service");
    assert_notes(fixture, stream, "a.service@2:inactive! a.service@-:inactive!");
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_INACTIVE);
    assert_notes(fixture, stream, "a.service@-:inactive");
}

static void assert_desired(ApiFixture *fixture, RecordedExchange *stream, const char *expected) {
    settle(fixture);
    _cleanup_free_ char *line = recorded_exchange_take(stream);
    _cleanup_json_ json_object *object = NULL;
    assert_int_equal(json_parse(line, strlen(line), &object, NULL), 0);
    assert_string_equal(field(object, "desiredState"), expected);
}

static void machine_that_a_unit_is_to_leave_is_told_to_stop_it(void **state) {
    ApiFixture *fixture = *state;
    int64_t n = seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    seed_state(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, n);
    _cleanup_exchange_ RecordedExchange *stream =
        api_start(fixture, "GET", "/events?unit=a.service", NULL);
    assert_notes(fixture, stream, "a.service@1:launched synced");
    seed_order(fixture, M1, "a.service", LAUNCH_STATE_LOADED, n); /* not yet carried on */
    assert_desired(fixture, stream, "launched");
    seed_order(fixture, M1, "a.service", LAUNCH_STATE_INACTIVE, n);
    assert_desired(fixture, stream, "inactive");
    seed_delete(fixture, "schedule/" M1 "/a.service");
    assert_desired(fixture, stream, "inactive");
}

static void change_of_the_request_is_told_for_every_placement(void **state) {
    ApiFixture *fixture = *state;
    int64_t n = seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    seed_order(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, n);
    seed_order(fixture, M2, "a.service", LAUNCH_STATE_LAUNCHED, n);
    _cleanup_exchange_ RecordedExchange *stream =
        api_start(fixture, "GET", "/events?unit=a.service", NULL);
    assert_notes(fixture, stream, "a.service@1:inactive a.service@2:inactive synced");
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LOADED);
    assert_notes(fixture, stream, "a.service@1:inactive a.service@2:inactive");
    seed_state(fixture, M2, "a.service", LAUNCH_STATE_LOADED, n);
    assert_notes(fixture, stream, "a.service@2:loaded"); /* that pair and no other */
}

static void changes_of_one_transaction_are_one_line(void **state) {
    ApiFixture *fixture = *state;
    int64_t n = seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LAUNCHED);
    seed_order(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, n);
    seed_state(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, n);
    _cleanup_exchange_ RecordedExchange *stream =
        api_start(fixture, "GET", "/events?unit=a.service", NULL);
    assert_notes(fixture, stream, "a.service@1:launched synced");
    const StoreWrite writes[] = {
        {.kind = STORE_DELETE, .key = "unit/a.service"},
        {.kind = STORE_DELETE, .key = "schedule/" M1 "/a.service"},
        {.kind = STORE_DELETE, .key = "state/" M1 "/a.service"},
    };
    StoreTxnResult result;
    store_sync_txn(&fixture->sync, &(StoreTxn){.writes = writes, .n_writes = 3}, &result);
    assert_notes(fixture, stream, "a.service@1:inactive! a.service@-:inactive!");
}

static void each_stream_hears_of_its_own_units(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_exchange_ RecordedExchange *all = api_start(fixture, "GET", "/events", NULL);
    _cleanup_exchange_ RecordedExchange *glob =
        api_start(fixture, "GET", "/events?unit=web@*&unit=web@1.service", NULL);
    _cleanup_exchange_ RecordedExchange *name =
        api_start(fixture, "GET", "/events?unit=a.service&unit=b.service", NULL);
    assert_notes(fixture, all, "synced");
    assert_notes(fixture, glob, "web@1.service@-:inactive! synced");
    assert_notes(fixture, name, "a.service@-:inactive! b.service@-:inactive! synced");
    seed_unit(fixture, "web@1.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed_unit(fixture, "b.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed_machine(fixture, M1, "");
    assert_notes(fixture, all, "web@1.service@-:inactive b.service@-:inactive #1:running");
    assert_notes(fixture, glob, "web@1.service@-:inactive");
    assert_notes(fixture, name, "b.service@-:inactive");

    _cleanup_exchange_ RecordedExchange *again =
        api_start(fixture, "GET", "/events?unit=web@*&unit=web@1.service&unit=a.service", NULL);
    assert_notes(fixture, again, "web@1.service@-:inactive a.service@-:inactive! synced");
}

static void machines_are_told_to_streams_of_everything(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_exchange_ RecordedExchange *stream = api_start(fixture, "GET", "/events", NULL);
    assert_notes(fixture, stream, "synced");
    seed_machine(fixture, M1, "a=b");
    settle(fixture);
    _cleanup_free_ char *line = recorded_exchange_take(stream);
    assert_json(line, "{\"type\":\"machine\",\"machineID\":\"" M1 "\",\"primaryIP\":\"10.0.0.1\","
                      "\"metadata\":{\"a\":\"b\"},\"status\":\"running\",\"bootID\":\"b00t\"}");
    seed(fixture, "metadata/" M1 "/a", "c");
    settle(fixture);
    _cleanup_free_ char *changed = recorded_exchange_take(stream);
    assert_non_null(strstr(changed, "{\"a\":\"c\"}"));
    seed_delete(fixture, "machine/" M1);
    assert_notes(fixture, stream, "#1:gone");
}

/* What goes down for its reboot is away, and comes back: it is not one that nobody knows. */
static void machine_that_is_away_for_its_reboot_stands_in_the_present(void **state) {
    ApiFixture *fixture = *state;
    seed_machine(fixture, M2, "");
    seed(fixture, "reboot/" M1,
         "{\"bootID\":\"b0\",\"phase\":\"rebooting\",\"sinceUsec\":5000000}");
    seed(fixture, "metadata/33333333333333333333333333333333/a", "b"); /* nothing is wanted of it */
    _cleanup_exchange_ RecordedExchange *units = api_start(fixture, "GET", "/events?unit=*", NULL);
    assert_notes(fixture, units, "synced");
    _cleanup_exchange_ RecordedExchange *stream = api_start(fixture, "GET", "/events", NULL);
    settle(fixture);
    _cleanup_free_ char *text = recorded_exchange_take(stream);
    _cleanup_(strv_freep) char **lines = NULL;
    strv_split(text, "\n", &lines);
    assert_int_equal(strv_length(lines), 3);
    assert_json(lines[0], "{\"type\":\"machine\",\"machineID\":\"" M1 "\",\"primaryIP\":null,"
                          "\"metadata\":{},\"status\":\"gone\",\"bootID\":null,\"reboot\":{"
                          "\"machineID\":\"" M1 "\",\"phase\":\"rebooting\",\"bootID\":\"b0\","
                          "\"since\":5,\"phaseSince\":0,\"maxParallel\":1,\"message\":null,"
                          "\"why\":null}}");
    seed_delete(fixture, "reboot/" M1); /* cancelled, before it was back */
    assert_notes(fixture, stream, "#1:gone");
    _cleanup_exchange_ RecordedExchange *later = api_start(fixture, "GET", "/events", NULL);
    assert_notes(fixture, later, "#2:running synced");
}

static void stream_waits_for_the_revision_that_is_asked_for(void **state) {
    ApiFixture *fixture = *state;
    int64_t n = store_sync_revision(&fixture->sync);
    _cleanup_free_ char *target = str_printf("/events?unit=a.service&revision=%d", (int) n + 1);
    _cleanup_exchange_ RecordedExchange *stream = api_start(fixture, "GET", target, NULL);
    assert_notes(fixture, stream, "");
    assert_false(stream->is_streaming);
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_INACTIVE);
    assert_notes(fixture, stream, "a.service@-:inactive synced");
}

static void stream_shows_every_15_s_that_it_is_alive(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_exchange_ RecordedExchange *stream = api_start(fixture, "GET", "/events", NULL);
    assert_notes(fixture, stream, "synced");
    virtual_loop_advance(fixture->loop, 46 * USEC_PER_SEC);
    _cleanup_free_ char *text = recorded_exchange_take(stream);
    assert_string_equal(text, "\n\n\n");
}

static void loss_of_contact_is_bridged(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed_unit(fixture, "b.service", TEXT, LAUNCH_STATE_INACTIVE);
    _cleanup_exchange_ RecordedExchange *stream = api_start(fixture, "GET", "/events", NULL);
    assert_notes(fixture, stream, "a.service@-:inactive b.service@-:inactive synced");
    fixture->gated->gates[GATE_WATCH] = -ECONNRESET;
    gated_store_break(fixture->gated, -ECONNRESET);
    seed_delete(fixture, "unit/a.service");
    seed_order(fixture, M1, "b.service", LAUNCH_STATE_LOADED, 1);
    virtual_loop_advance(fixture->loop, 10 * USEC_PER_SEC);
    assert_notes(fixture, stream, "");
    assert_false(stream->is_ended);
    fixture->gated->gates[GATE_WATCH] = GATE_OPEN;
    virtual_loop_advance(fixture->loop, 5 * USEC_PER_SEC);
    _cleanup_free_ char *text = recorded_exchange_take(stream);
    assert_non_null(strstr(text, "\"unit\":\"a.service\""));
    assert_non_null(strstr(text, "\"machineID\":\"" M1 "\""));
}

static void client_that_does_not_read_is_dropped(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_exchange_ RecordedExchange *slow = api_start(fixture, "GET", "/events", NULL);
    _cleanup_exchange_ RecordedExchange *quick = api_start(fixture, "GET", "/events", NULL);
    assert_notes(fixture, slow, "synced");
    assert_notes(fixture, quick, "synced");
    slow->room = 10;
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_INACTIVE);
    settle(fixture);
    assert_true(slow->is_ended);
    assert_notes(fixture, quick, "a.service@-:inactive");
}

/* The present of many units comes in pieces, each when the last was taken; what changes meanwhile
 * is told at once. */
static void large_present_is_told_as_the_client_takes_it(void **state) {
    ApiFixture *fixture = *state;
    for (int i = 0; i < 500; i++) {
        _cleanup_free_ char *name = str_printf("u%03d.service", i);
        seed_unit(fixture, name, TEXT, LAUNCH_STATE_INACTIVE);
    }
    _cleanup_exchange_ RecordedExchange *stream = api_start(fixture, "GET", "/events", NULL);
    settle(fixture);
    _cleanup_free_ char *first = recorded_exchange_take(stream);
    assert_in_range(strlen(first), 64 * 1024, 66 * 1024);
    settle(fixture);
    assert_null(stream->text); /* nothing more by itself */

    seed_delete(fixture, "unit/u499.service"); /* not told yet */
    assert_notes(fixture, stream, "u499.service@-:inactive!");
    _cleanup_free_ char *rest = strdup("");
    for (int i = 0; i < 10; i++) {
        recorded_exchange_drain(stream);
        _cleanup_free_ char *notes = stream_notes(stream);
        char *longer = str_printf("%s%s ", rest, notes);
        free(rest);
        rest = longer;
    }
    assert_non_null(strstr(rest, "u498.service@-:inactive synced"));
    assert_null(strstr(rest, "u499"));
}

static void empty_name_is_refused(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "GET", "/events?unit=", NULL, 400, "unit= names no unit");
}

static void end_of_the_api_ends_the_streams(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_exchange_ RecordedExchange *stream = api_start(fixture, "GET", "/events", NULL);
    assert_notes(fixture, stream, "synced");
    api_free(TAKE_PTR(fixture->api));
    assert_true(stream->is_ended);
}

static void seed_orphan(ApiFixture *fixture, const char *id, const char *name) {
    char hash[UNIT_FILE_HASH_LENGTH + 1] = "";
    assert_int_equal(unit_file_hash_text(TEXT, strlen(TEXT), hash), 0);
    const Orphan orphan = {.hash = hash, .desired = LAUNCH_STATE_LAUNCHED, .cluster = NULL};
    _cleanup_free_ char *key = key_orphan(id, name), *value = orphan_format(&orphan);
    seed(fixture, key, value);
}

/* Nobody stops an orphan of a unit that is destroyed or inactive: whoever waits for its end must
 * hear that the cluster has it nowhere. */
static void end_of_a_unit_is_told_although_an_orphan_of_it_stays(void **state) {
    ApiFixture *fixture = *state;
    seed_orphan(fixture, M1, "a.service");
    seed_state(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, 0);
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_INACTIVE);
    _cleanup_exchange_ RecordedExchange *stream =
        api_start(fixture, "GET", "/events?unit=a.service", NULL);
    assert_notes(fixture, stream, "a.service@1:launched? a.service@-:inactive synced");
    assert_answer(fixture, "DELETE", "/units/a.service", NULL, 204, "");
    assert_notes(fixture, stream, "a.service@1:launched?! a.service@-:inactive!");
    _cleanup_exchange_ RecordedExchange *later =
        api_start(fixture, "GET", "/events?unit=a.service", NULL);
    assert_notes(fixture, later, "a.service@1:launched?! a.service@-:inactive! synced");
    _cleanup_exchange_ RecordedExchange *wide = api_start(fixture, "GET", "/events?unit=a*", NULL);
    assert_notes(fixture, wide, "a.service@1:launched?! a.service@-:inactive! synced");
}

/* It is as good as there: the engine gives the machine its order at once. */
static void wanted_unit_with_an_orphan_is_not_nowhere(void **state) {
    ApiFixture *fixture = *state;
    seed_orphan(fixture, M1, "a.service");
    int64_t n = seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LOADED);
    _cleanup_exchange_ RecordedExchange *stream =
        api_start(fixture, "GET", "/events?unit=a.service", NULL);
    assert_notes(fixture, stream, "a.service@1:inactive? synced");
    seed_order(fixture, M1, "a.service", LAUNCH_STATE_LOADED, n);
    assert_notes(fixture, stream, "a.service@1:inactive");
}

/* The machine may tell its states before its orphans. */
static void placement_that_turns_out_to_be_an_orphan_ends(void **state) {
    ApiFixture *fixture = *state;
    seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_INACTIVE);
    seed_state(fixture, M1, "a.service", LAUNCH_STATE_LAUNCHED, 0);
    _cleanup_exchange_ RecordedExchange *stream =
        api_start(fixture, "GET", "/events?unit=a.service", NULL);
    assert_notes(fixture, stream, "a.service@1:launched synced");
    seed_orphan(fixture, M1, "a.service");
    assert_notes(fixture, stream, "a.service@1:launched? a.service@-:inactive");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(end_of_a_unit_is_told_although_an_orphan_of_it_stays),
        API_TEST(wanted_unit_with_an_orphan_is_not_nowhere),
        API_TEST(placement_that_turns_out_to_be_an_orphan_ends),
        API_TEST(stream_begins_with_the_present),
        API_TEST(line_has_the_fields_of_the_contract),
        API_TEST(unknown_name_gives_a_deleted_line),
        API_TEST(life_of_a_unit_is_told_line_by_line),
        API_TEST(machine_that_a_unit_is_to_leave_is_told_to_stop_it),
        API_TEST(change_of_the_request_is_told_for_every_placement),
        API_TEST(changes_of_one_transaction_are_one_line),
        API_TEST(each_stream_hears_of_its_own_units),
        API_TEST(machines_are_told_to_streams_of_everything),
        API_TEST(machine_that_is_away_for_its_reboot_stands_in_the_present),
        API_TEST(stream_waits_for_the_revision_that_is_asked_for),
        API_TEST(stream_shows_every_15_s_that_it_is_alive),
        API_TEST(loss_of_contact_is_bridged),
        API_TEST(client_that_does_not_read_is_dropped),
        API_TEST(large_present_is_told_as_the_client_takes_it),
        API_TEST(empty_name_is_refused),
        API_TEST(end_of_the_api_ends_the_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
