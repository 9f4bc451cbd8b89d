/* News out of the stream of events. */
#include "fleetctl/wait/event-teller.h"
#include "fleetd/base/strv.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>

#define M1 "113f16a7c4d84c1d8a1a2b3c4d5e6f70"
#define SYNCED "{\"type\":\"synced\",\"revision\":7}"
#define UNIT(machine, rest) \
    "{\"type\":\"unit\",\"unit\":\"a.service\",\"machineID\":\"" machine "\"," rest "}"
#define RUNS UNIT(M1, "\"desiredState\":\"launched\",\"systemdActiveState\":\"active\"")
#define FAILED \
    UNIT(M1, "\"desiredState\":\"launched\",\"systemdActiveState\":\"failed\"," \
             "\"systemdResult\":\"exit-code\"")
#define MACHINE(rest) "{\"type\":\"machine\",\"machineID\":\"" M1 "\"," rest "}"

static int setup(void **state) {
    return event_teller_new((EventTeller **) state);
}

static int teardown(void **state) {
    event_teller_free(*state);
    return 0;
}

/* Feeds a line, and compares "kind text;..." of its news. */
static void assert_news(EventTeller *teller, const char *line, const char *expected) {
    _cleanup_free_ char *told = strdup("");
    const News *news;
    assert_int_equal(event_teller_feed(teller, line, strlen(line), NULL), 0);
    for (size_t i = 0; (news = event_teller_get(teller, i)); i++) {
        char *longer = str_printf("%s%s%s%s;", told, news->kind, news->text ? " " : "",
                                  str_or(news->text, ""));
        free(told);
        told = longer;
    }
    event_teller_clear(teller);
    assert_string_equal(told, expected);
}

static void present_is_no_news(void **state) {
    assert_news(*state, RUNS, "");
    assert_news(*state, MACHINE("\"status\":\"running\""), "");
    assert_news(*state, SYNCED, "");
    assert_news(*state, RUNS, "");
    assert_news(*state, MACHINE("\"status\":\"running\""), "");
}

static void what_changed_while_the_stream_was_broken_is_told(void **state) {
    assert_news(*state, RUNS, "");
    assert_news(*state, SYNCED, "");
    assert_news(*state, FAILED, "failed exit-code;");
    assert_news(*state, SYNCED, "");
    assert_news(*state, RUNS, "active;");
}

static void unit_comes_and_goes(void **state) {
    assert_news(*state, SYNCED, "");
    assert_news(*state, UNIT(M1, "\"desiredState\":\"loaded\",\"reason\":\"fewest units\""),
                "placed fewest units;");
    assert_news(*state,
                UNIT(M1, "\"desiredState\":\"launched\",\"systemdActiveState\":\"activating\""),
                "");
    assert_news(*state, RUNS, "active;");
    assert_news(*state,
                UNIT(M1, "\"desiredState\":\"inactive\",\"systemdActiveState\":\"active\","
                         "\"deleted\":true"),
                "leaves destroyed;");
    assert_news(*state, UNIT(M1, "\"desiredState\":\"inactive\""), "");
    assert_news(*state, UNIT("", "\"desiredState\":\"inactive\",\"deleted\":true"), "destroyed;");
}

/* A stream that is opened anew begins with all that it is about, units that are no more included.
 */
static void what_is_no_more_is_told_once(void **state) {
    assert_news(*state, SYNCED, "");
    assert_news(*state, UNIT("", "\"desiredState\":\"inactive\",\"deleted\":true"), "destroyed;");
    assert_news(*state, UNIT("", "\"desiredState\":\"inactive\",\"deleted\":true"), "");
    assert_news(*state, RUNS, "placed;active;");
    assert_news(*state, UNIT(M1, "\"desiredState\":\"inactive\""), "leaves;");
    assert_news(*state, UNIT("", "\"desiredState\":\"inactive\",\"deleted\":true"), "destroyed;");
}

static void health_is_told_when_it_is_known(void **state) {
    assert_news(*state, RUNS, "");
    assert_news(*state, SYNCED, "");
#define ILL(health, message) \
    UNIT(M1, \
         "\"desiredState\":\"launched\",\"systemdActiveState\":\"active\",\"health\":\"" health \
         "\",\"healthMessage\":" message)
    assert_news(*state, ILL("starting", "null"), "");
    assert_news(*state, ILL("healthy", "null"), "healthy;");
    assert_news(*state, ILL("unhealthy", "\"status 500\""), "unhealthy status 500;");
    assert_news(*state, ILL("unhealthy", "\"status 500; restarted\""), "");
}

static void reason_to_wait_is_told_once(void **state) {
    static const char waits[] =
        UNIT("", "\"desiredState\":\"launched\",\"pending\":{\"summary\":\"no room\"}");
    assert_news(*state, SYNCED, "");
    assert_news(*state, waits, "waits no room;");
    assert_news(*state, waits, "");
    assert_news(*state, UNIT(M1, "\"desiredState\":\"launched\""), "placed;");
    assert_news(*state, waits, "waits no room;");
}

static void machines_tell_what_is_wanted_of_them(void **state) {
    assert_news(*state, SYNCED, "");
    assert_news(*state, MACHINE("\"status\":\"running\""), "running;");
    assert_news(
        *state,
        MACHINE("\"status\":\"running\",\"maintenance\":{\"drain\":true,\"message\":\"disk\"}"),
        "drained disk;");
    assert_news(*state, MACHINE("\"status\":\"running\",\"reboot\":{\"phase\":\"rebooting\"}"),
                "eligible;reboot rebooting;");
    assert_news(*state, MACHINE("\"status\":\"gone\""), "gone;reboot over;");
    assert_news(*state, MACHINE("\"status\":\"strange\""), "changed;");
    assert_news(*state, "{\"type\":\"failover\",\"held\":true}",
                "brake too many machines vanished at once: their units are held;");
    assert_news(*state, "{\"type\":\"something\"}", "");
}

/* The present tells also of one that is away for its reboot: it is not taken for one that is there.
 */
static void machine_that_is_away_for_its_reboot_comes_back(void **state) {
    assert_news(*state, MACHINE("\"status\":\"gone\",\"reboot\":{\"phase\":\"rebooting\"}"), "");
    assert_news(*state, SYNCED, "");
    assert_news(*state, MACHINE("\"status\":\"gone\",\"reboot\":{\"phase\":\"rebooting\"}"), "");
    assert_news(*state, SYNCED, "");
    assert_news(*state, MACHINE("\"status\":\"running\",\"reboot\":{\"phase\":\"returning\"}"),
                "running;reboot returning;");
}

static void garbage_is_refused(void **state) {
    _cleanup_error_ Error error = {};
    assert_int_equal(event_teller_feed(*state, "{", 1, &error), -EBADMSG);
    assert_non_null(strstr(error.message, "Bad event from fleetd"));
}

#define TELLER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TELLER_TEST(present_is_no_news),
        TELLER_TEST(what_changed_while_the_stream_was_broken_is_told),
        TELLER_TEST(unit_comes_and_goes),
        TELLER_TEST(what_is_no_more_is_told_once),
        TELLER_TEST(health_is_told_when_it_is_known),
        TELLER_TEST(reason_to_wait_is_told_once),
        TELLER_TEST(machines_tell_what_is_wanted_of_them),
        TELLER_TEST(machine_that_is_away_for_its_reboot_comes_back),
        TELLER_TEST(garbage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
