/* What every GET waits for, and how long. */
#include "fleetd/base/strv.h"
#include "fleetd/store/memory-store.h"
#include "tests/fakes/faulty-store.h"
#include "tests/fakes/rewound-store.h"
#include "tests/unit/api-fixture.h"

#include <errno.h>
#include <malloc.h>

#define TEXT "[Service]\nExecStart=/bin/true\n"
#define PUT "{\"text\":\"[Service]\\nExecStart=/bin/true\\n\",\"desiredState\":\"launched\"}"

static void empty_cluster_has_empty_lists(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
    assert_answer(fixture, "GET", "/state", NULL, 200, "{\"states\":[]}");
    assert_answer(fixture, "GET", "/machines", NULL, 200, "{\"machines\":[]}");
    assert_answer(fixture, "GET", "/units/a.service", NULL, 404, "unit 'a.service' does not exist");
    assert_answer(fixture, "GET", "/state/a.service", NULL, 404,
                  "no machine reports a state of unit 'a.service'");
}

static void store_that_does_not_answer_makes_503_although_the_view_is_there(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
    fixture->gated->gates[GATE_RANGE] = -EHOSTUNREACH;
    assert_answer(fixture, "GET", "/units", NULL, 503,
                  "the store cannot be reached: No route to host; fleetd's log says more "
                  "(journalctl -u fleet)");
    fixture->gated->gates[GATE_RANGE] = GATE_SILENT;
    usec_t start = loop_now(fixture->loop);
    assert_answer(fixture, "GET", "/events", NULL, 503,
                  "the store cannot be reached: it does not answer; fleetd's log says more "
                  "(journalctl -u fleet)");
    assert_int_equal(loop_now(fixture->loop) - start, 2 * USEC_PER_SEC);
}

static void view_that_cannot_be_loaded_makes_503(void **state) {
    ApiFixture *fixture = *state;
    fixture->gated->gates[GATE_WATCH] = -ECONNRESET;
    assert_answer(fixture, "GET", "/units", NULL, 503,
                  "the store cannot be reached: it does not tell what changes; fleetd's log says "
                  "more (journalctl -u fleet)");
    fixture->gated->gates[GATE_WATCH] = GATE_OPEN;
    assert_answer(fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
}

static void read_waits_for_the_view_to_recover(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
    gated_store_break(fixture->gated, -ECONNRESET);
    _cleanup_exchange_ RecordedExchange *get = api_start(fixture, "GET", "/machines", NULL);
    virtual_loop_advance(fixture->loop, 99 * USEC_PER_MSEC);
    assert_false(get->is_ended);
    api_await(fixture, get);
    assert_int_equal(get->status, 200);
}

/* Those that come while the first is being answered share the next answer. */
static void requests_at_the_same_time_ask_the_store_twice(void **state) {
    ApiFixture *fixture = *state;
    RecordedExchange *gets[20];
    assert_answer(fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
    unsigned before = fixture->gated->counts[GATE_RANGE];
    for (size_t i = 0; i < ELEMENTSOF(gets); i++)
        gets[i] = api_start(fixture, "GET", "/units", NULL);
    for (size_t i = 0; i < ELEMENTSOF(gets); i++) {
        api_await(fixture, gets[i]);
        assert_int_equal(gets[i]->status, 200);
        recorded_exchange_free(gets[i]);
    }
    assert_int_equal(fixture->gated->counts[GATE_RANGE], before + 2);
}

/* Answers of the store overtake the news of a watch, if by chance only: hence the seeds. */
static void read_shows_what_was_acknowledged_elsewhere_before_it(_unused_ void **state) {
    for (uint64_t i = 1; i <= 50; i++) {
        ApiFixture fixture = {.loop = virtual_loop_new(i)};
        Store *slow;
        assert_int_equal(memory_store_new(fixture.loop, &fixture.memory), 0);
        assert_int_equal(faulty_store_new(fixture.loop, fixture.memory, &slow), 0);
        StoreFaults faults = {.latency_max_usec = 20 * USEC_PER_MSEC, .timeout_usec = USEC_PER_SEC};
        faulty_store_set_faults(slow, &faults);
        fixture.sync = (StoreSync){fixture.memory, fixture.loop, virtual_loop_run_until};
        const ApiOptions options = {.store = slow, .loop = fixture.loop};
        assert_int_equal(api_new(&options, &fixture.api), 0);
        assert_answer(&fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
        seed_unit(&fixture, "a.service", "[Service]\nExecStart=/bin/true\n", LAUNCH_STATE_LOADED);
        _cleanup_exchange_ RecordedExchange *get =
            api_call(&fixture, "GET", "/units/a.service", NULL);
        assert_int_equal(get->status, 200);
        api_free(fixture.api);
        store_free(slow);
        store_free(fixture.memory);
        virtual_loop_free(fixture.loop);
    }
}

/* A cluster so large, over a way so slow, that it takes longer to load than a store may take for an
 * answer. */
static void read_waits_for_a_view_that_is_being_loaded(_unused_ void **state) {
    ApiFixture fixture = {.loop = virtual_loop_new(1)};
    Store *slow;
    assert_int_equal(memory_store_new(fixture.loop, &fixture.memory), 0);
    assert_int_equal(faulty_store_new(fixture.loop, fixture.memory, &slow), 0);
    StoreFaults faults = {.latency_min_usec = 800 * USEC_PER_MSEC,
                          .latency_max_usec = 800 * USEC_PER_MSEC,
                          .timeout_usec = USEC_PER_SEC};
    faulty_store_set_faults(slow, &faults);
    fixture.sync = (StoreSync){fixture.memory, fixture.loop, virtual_loop_run_until};
    for (unsigned i = 0; i < 1500; i++) {
        _cleanup_free_ char *name = str_printf("u%u.service", i);
        seed_unit(&fixture, name, TEXT, LAUNCH_STATE_LOADED);
    }
    const ApiOptions options = {
        .store = slow, .loop = fixture.loop, .store_timeout_usec = 2 * USEC_PER_SEC};
    assert_int_equal(api_new(&options, &fixture.api), 0);
    usec_t start = loop_now(fixture.loop);
    _cleanup_exchange_ RecordedExchange *get = api_call(&fixture, "GET", "/units", NULL);
    assert_int_equal(get->status, 200);
    assert_true(loop_now(fixture.loop) - start > options.store_timeout_usec);
    api_free(fixture.api);
    store_free(slow);
    store_free(fixture.memory);
    virtual_loop_free(fixture.loop);
}

static void read_shows_what_was_acknowledged_before_it(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
    gated_store_break(fixture->gated, -ECONNRESET); /* the view is behind for a while */
    _cleanup_exchange_ RecordedExchange *put = api_call(fixture, "PUT", "/units/a.service", PUT);
    assert_int_equal(put->status, 201);
    _cleanup_exchange_ RecordedExchange *get = api_call(fixture, "GET", "/units/a.service", NULL);
    assert_int_equal(get->status, 200);
    assert_true(exchange_revision(get) >= exchange_revision(put));
}

/* It will not come, and nobody can wait for it. */
static void after_replacement(void (*replace)(Store *front, Store *other)) {
    ApiFixture fixture = {.loop = virtual_loop_new(1)};
    Store *front, *other;
    assert_int_equal(memory_store_new(fixture.loop, &fixture.memory), 0);
    assert_int_equal(memory_store_new(fixture.loop, &other), 0);
    assert_int_equal(rewound_store_new(fixture.memory, 0, &front), 0);
    fixture.sync = (StoreSync){front, fixture.loop, virtual_loop_run_until};
    const ApiOptions options = {.store = front, .loop = fixture.loop};
    assert_int_equal(api_new(&options, &fixture.api), 0);
    for (int i = 0; i < 10; i++)
        seed(&fixture, "file/x", "x");
    _cleanup_exchange_ RecordedExchange *put = api_call(&fixture, "PUT", "/units/a.service", PUT);
    assert_int_equal(put->status, 201);
    replace(front, other);
    assert_answer(&fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
    _cleanup_exchange_ RecordedExchange *again = api_call(&fixture, "PUT", "/units/b.service", PUT);
    assert_int_equal(again->status, 201);
    _cleanup_exchange_ RecordedExchange *get = api_call(&fixture, "GET", "/units/b.service", NULL);
    assert_int_equal(get->status, 200);
    api_free(fixture.api);
    store_free(front);
    store_free(other);
    store_free(fixture.memory);
    virtual_loop_free(fixture.loop);
}

static void what_a_lost_store_acknowledged_is_not_waited_for(_unused_ void **state) {
    after_replacement(rewound_store_restore);
    after_replacement(rewound_store_swap);
}

/* Nothing in its revisions shows that the store is another one; somebody else has found out. */
static void view_is_loaded_once_more_when_the_store_was_replaced_unseen(_unused_ void **state) {
    ApiFixture fixture = {.loop = virtual_loop_new(1)};
    Store *front, *other;
    assert_int_equal(memory_store_new(fixture.loop, &fixture.memory), 0);
    assert_int_equal(memory_store_new(fixture.loop, &other), 0);
    assert_int_equal(rewound_store_new(fixture.memory, 0, &front), 0);
    const ApiOptions options = {.store = front, .loop = fixture.loop};
    assert_int_equal(api_new(&options, &fixture.api), 0);
    fixture.sync = (StoreSync){fixture.memory, fixture.loop, virtual_loop_run_until};
    seed_unit(&fixture, "a.service", TEXT, LAUNCH_STATE_LOADED);
    _cleanup_exchange_ RecordedExchange *before = api_call(&fixture, "GET", "/units", NULL);
    assert_non_null(strstr(before->text, "a.service"));
    fixture.sync.store = other;
    for (int i = 0; i < 20; i++)
        seed(&fixture, "elsewhere", "x");
    rewound_store_swap(front, other);
    api_start_over(fixture.api);
    assert_answer(&fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
    api_free(fixture.api);
    store_free(front);
    store_free(other);
    store_free(fixture.memory);
    virtual_loop_free(fixture.loop);
}

static void read_waits_for_the_revision_that_is_asked_for(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
    int64_t next = store_sync_revision(&fixture->sync) + 1;
    _cleanup_free_ char *target = str_printf("/units/a.service?revision=%d", (int) next);
    _cleanup_exchange_ RecordedExchange *get = api_start(fixture, "GET", target, NULL);
    settle(fixture);
    assert_false(get->is_ended);
    assert_int_equal(seed_unit(fixture, "a.service", TEXT, LAUNCH_STATE_LOADED), next);
    api_await(fixture, get);
    assert_int_equal(get->status, 200);
}

static void revision_that_never_comes_is_said_so(void **state) {
    ApiFixture *fixture = *state;
    assert_answer(fixture, "GET", "/units?revision=1000", NULL, 503,
                  "revision 1000 of the store has not been seen here yet");
    static const char *const targets[] = {
        "/units?revision=x", "/units?revision=", "/events?revision=-1", "/machines?revision=1e3"};
    for (size_t i = 0; i < ELEMENTSOF(targets); i++)
        assert_answer(fixture, "GET", targets[i], NULL, 400,
                      "the revision asked for is not a number");
}

static void view_is_loaded_once_and_dropped_after_a_minute_of_rest(void **state) {
    ApiFixture *fixture = *state;
    settle(fixture);
    assert_int_equal(fixture->gated->counts[GATE_WATCH], 0);
    for (int i = 0; i < 3; i++) {
        assert_answer(fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
        virtual_loop_advance(fixture->loop, 59 * USEC_PER_SEC);
        assert_non_null(fixture->gated->watches);
    }
    assert_int_equal(fixture->gated->counts[GATE_WATCH], 1);
    virtual_loop_advance(fixture->loop, 2 * USEC_PER_SEC);
    assert_null(fixture->gated->watches);
    assert_answer(fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
    assert_int_equal(fixture->gated->counts[GATE_WATCH], 2);
}

static long anonymous_kib(void) {
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        (void) sscanf(line, "RssAnon: %ld kB", &kib);
    fclose(file);
    assert_true(kib > 0);
    return kib;
}

/* Not where valgrind or a sanitizer looks after it. */
static bool memory_can_be_given_back(void) {
    char *piece = malloc(100 * 1024), *above = malloc(1);
    assert_non_null(piece);
    memset(piece, 1, 100 * 1024);
    free(piece);
    bool can = malloc_trim(0) == 1;
    free(above);
    return can;
}

static void view_that_is_dropped_leaves_no_memory_behind(void **state) {
    ApiFixture *fixture = *state;
    char name[32];
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof(name), "%d.service", i);
        seed_unit(fixture, name, TEXT, LAUNCH_STATE_LOADED);
    }
    bool can_be_given_back = memory_can_be_given_back(); /* not by a sanitizer's malloc */
    long before = anonymous_kib();
    recorded_exchange_free(api_call(fixture, "GET", "/units", NULL));
    long with_view = anonymous_kib();
    assert_true(with_view > before + 1000);
    virtual_loop_advance(fixture->loop, 61 * USEC_PER_SEC);
    assert_null(fixture->gated->watches);
    assert_true(!can_be_given_back || anonymous_kib() - before < (with_view - before) / 2);
}

static void stream_holds_the_view(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_exchange_ RecordedExchange *stream = api_start(fixture, "GET", "/events", NULL);
    virtual_loop_advance(fixture->loop, 10 * USEC_PER_MINUTE);
    assert_non_null(fixture->gated->watches);
    recorded_exchange_abort(stream);
    virtual_loop_advance(fixture->loop, 59 * USEC_PER_SEC);
    assert_non_null(fixture->gated->watches);
    virtual_loop_advance(fixture->loop, 2 * USEC_PER_SEC);
    assert_null(fixture->gated->watches);
}

static void client_that_goes_away_is_forgotten(void **state) {
    ApiFixture *fixture = *state;
    _cleanup_exchange_ RecordedExchange *get = api_start(fixture, "GET", "/units", NULL);
    recorded_exchange_abort(get);
    virtual_loop_advance(fixture->loop, 10 * USEC_PER_SEC);
    assert_int_equal(get->status, 0);
}

static void garbage_in_the_store_hides_nothing_else(void **state) {
    ApiFixture *fixture = *state;
    static const char *const keys[] = {"unit/bad.service",
                                       ("schedule/" M1 "/bad.service"),
                                       ("state/" M1 "/bad.service"),
                                       "pending/bad.service",
                                       ("machine/" M2),
                                       "file/0000000000000000000000000000000000000000",
                                       "unknown/kind",
                                       "unit/no-name",
                                       "leader"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        seed(fixture, keys[i], "\x01 garbage");
    seed_unit(fixture, "good.service", TEXT, LAUNCH_STATE_LOADED);
    seed_machine(fixture, M1, "");
    _cleanup_exchange_ RecordedExchange *units = api_call(fixture, "GET", "/units", NULL);
    assert_non_null(strstr(units->text, "good.service"));
    assert_null(strstr(units->text, "bad.service"));
    assert_answer(fixture, "GET", "/state", NULL, 200, "{\"states\":[]}");
    _cleanup_exchange_ RecordedExchange *machines = api_call(fixture, "GET", "/machines", NULL);
    assert_non_null(strstr(machines->text, M1));
    assert_null(strstr(machines->text, M2));

    seed(fixture, "unit/good.service", "garbage now"); /* what was good counts no more */
    settle(fixture);
    assert_answer(fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
    seed_delete(fixture, "unit/bad.service");
    settle(fixture);
    assert_answer(fixture, "GET", "/units", NULL, 200, "{\"units\":[]}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_TEST(empty_cluster_has_empty_lists),
        API_TEST(store_that_does_not_answer_makes_503_although_the_view_is_there),
        API_TEST(view_that_cannot_be_loaded_makes_503),
        API_TEST(read_waits_for_the_view_to_recover),
        API_TEST(read_waits_for_a_view_that_is_being_loaded),
        API_TEST(requests_at_the_same_time_ask_the_store_twice),
        cmocka_unit_test(read_shows_what_was_acknowledged_elsewhere_before_it),
        API_TEST(read_shows_what_was_acknowledged_before_it),
        cmocka_unit_test(what_a_lost_store_acknowledged_is_not_waited_for),
        cmocka_unit_test(view_is_loaded_once_more_when_the_store_was_replaced_unseen),
        API_TEST(read_waits_for_the_revision_that_is_asked_for),
        API_TEST(revision_that_never_comes_is_said_so),
        API_TEST(view_is_loaded_once_and_dropped_after_a_minute_of_rest),
        API_TEST(view_that_is_dropped_leaves_no_memory_behind),
        API_TEST(stream_holds_the_view),
        API_TEST(client_that_goes_away_is_forgotten),
        API_TEST(garbage_in_the_store_hides_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
