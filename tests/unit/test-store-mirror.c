#include "fleetd/base/strv.h"
#include "fleetd/store/memory-store.h"
#include "tests/fakes/faulty-store.h"
#include "tests/fakes/rewound-store.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/mirror-test.h"

#include <errno.h>

static void list_is_told_and_then_changes(void **state) {
    Owner *owner = *state;
    owner_put(owner, "unit/a", "1");
    owner_put(owner, "unit/b", "2");
    owner_put(owner, "unix", "not ours");
    owner_start(owner, "unit/", 0);
    owner_assert_told(owner, "+unit/a=1 +unit/b=2 |");
    owner_put(owner, "unit/a", "3");
    owner_assert_told(owner, "+unit/a=3 |");
    owner_put(owner, "other", "x");
    owner_delete(owner, "unit/b");
    owner_delete(owner, "unit/b");
    owner_assert_told(owner, "-unit/b |");
    assert_int_equal(owner->synced_revision, store_sync_revision(&owner->sync));
}

static void empty_prefix_is_synced_and_has_no_keys(void **state) {
    Owner *owner = *state;
    owner_start(owner, "unit/", 0);
    assert_false(mirror_is_synced(owner->mirror));
    assert_int_equal(mirror_revision(owner->mirror), 0);
    owner_assert_told(owner, "|");
}

static void pages_end_anywhere_and_nothing_is_told_twice_or_missed(void **state) {
    Owner *owner = *state;
    owner_put(owner, "u/a", "1");
    owner_put(owner, "u/b", "2");
    owner_put(owner, "u/c", "3");
    owner_put(owner, "u/d", "4");
    for (size_t page_size = 1; page_size <= 6; page_size++) {
        owner_start(owner, "u/", page_size);
        owner_assert_told(owner, "+u/a=1 +u/b=2 +u/c=3 +u/d=4 |");
        mirror_free(TAKE_PTR(owner->mirror));
        map_clear(owner->told);
    }
}

static void change_between_pages_is_told_after_the_list(void **state) {
    Owner *owner = *state;
    owner_put(owner, "a", "1");
    owner_put(owner, "b", "2");
    owner_put(owner, "c", "3");
    owner_start(owner, "", 2);
    while (!owner->log)
        assert_true(virtual_loop_step(owner->loop));
    owner_delete(owner, "c");
    owner_put(owner, "a", "4");
    owner_assert_told(owner, "+a=1 +b=2 +c=3 | -c +a=4 |");
}

static void list_that_takes_longer_than_the_past_begins_anew(void **state) {
    Owner *owner = *state;
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        owner_put(owner, keys[i], "1");
    owner_start(owner, "", 1);
    while (!owner->log)
        assert_true(virtual_loop_step(owner->loop));
    owner_delete(owner, "a");
    owner_put(owner, "f", "2");
    memory_store_compact(owner->behind, INT64_MAX);
    virtual_loop_advance(owner->loop, 3 * USEC_PER_SEC);
    owner_assert_told(owner, "+a=1 +b=1 +c=1 +d=1 +e=1 +f=2 -a |");
}

/* Longer than the longest delay of a retry. */
static void broken_watch_goes_on_where_it_broke(void **state) {
    Owner *owner = *state;
    owner_put(owner, "a", "1");
    owner_put(owner, "b", "1");
    owner_start(owner, "", 0);
    owner_assert_told(owner, "+a=1 +b=1 |");
    faulty_store_break_watches(owner->store, -ECONNRESET);
    owner_assert_told(owner, "!");
    owner_put(owner, "a", "2");
    owner_delete(owner, "b");
    owner_put(owner, "c", "3");
    owner_delete(owner, "c");
    owner_assert_told(owner, "");
    owner_wait_for_retry(owner);
    owner_assert_told(owner, "| +a=2 -b +c=3 -c |"); /* c shows that it did not list */
}

static void resumed_watch_without_events_is_synced(void **state) {
    Owner *owner = *state;
    owner_put(owner, "a", "1");
    owner_start(owner, "", 0);
    owner_assert_told(owner, "+a=1 |");
    faulty_store_break_watches(owner->store, -ECONNRESET);
    owner_assert_told(owner, "!");
    owner_wait_for_retry(owner);
    owner_assert_told(owner, "|");
}

static void loss_is_told_once_and_retried_until_it_is_over(void **state) {
    Owner *owner = *state;
    owner_put(owner, "a", "1");
    faulty_store_cut(owner->store, -ECONNREFUSED);
    owner_start(owner, "", 0);
    owner_assert_told(owner, "!");
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    owner_assert_told(owner, "");
    faulty_store_cut(owner->store, 0);
    owner_wait_for_retry(owner);
    owner_assert_told(owner, "+a=1 |");
    faulty_store_cut(owner->store, -ETIMEDOUT);
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    owner_assert_told(owner, "!");
    owner_put(owner, "a", "2");
    faulty_store_cut(owner->store, 0);
    virtual_loop_advance(owner->loop, STORE_FAULTS_TIMEOUT_USEC);
    owner_wait_for_retry(owner);
    owner_assert_told(owner, "| +a=2 |");
}

static void compaction_while_away_leads_to_a_list_of_differences(void **state) {
    Owner *owner = *state;
    static const char *const keys[] = {"changed", "gone", "remade", "same"};
    for (size_t i = 0; i < ELEMENTSOF(keys); i++)
        owner_put(owner, keys[i], "1");
    owner_start(owner, "", 2);
    owner_assert_told(owner, "+changed=1 +gone=1 +remade=1 +same=1 |");
    faulty_store_break_watches(owner->store, -ECONNRESET);
    owner_assert_told(owner, "!");
    owner_put(owner, "changed", "2");
    owner_delete(owner, "gone");
    owner_delete(owner, "remade");
    owner_put(owner, "remade", "1");
    owner_put(owner, "new", "2");
    memory_store_compact(owner->behind, INT64_MAX);
    owner_wait_for_retry(owner);
    owner_assert_told(owner, "+changed=2 +new=2 +remade=1 -gone |");
    owner_put(owner, "same", "2");
    owner_assert_told(owner, "+same=2 |");
}

static void list_that_breaks_off_tells_nothing_twice(void **state) {
    Owner *owner = *state;
    owner_put(owner, "a", "1");
    owner_put(owner, "b", "1");
    owner_put(owner, "c", "1");
    owner_start(owner, "", 1);
    while (!owner->log)
        assert_true(virtual_loop_step(owner->loop));
    faulty_store_cut(owner->store, -ECONNREFUSED);
    owner_assert_told(owner, "+a=1 !");
    owner_delete(owner, "a");
    owner_put(owner, "b", "2");
    faulty_store_cut(owner->store, 0);
    owner_wait_for_retry(owner);
    owner_assert_told(owner, "+b=2 +c=1 -a |");
}

static void store_that_lost_its_data_is_told_as_it_is(void **state) {
    Owner *owner = *state;
    owner_put(owner, "a", "old"); /* the same key at the same revision as below */
    owner_put(owner, "b", "1");
    owner_put(owner, "c", "1");
    owner_start(owner, "", 0);
    owner_assert_told(owner, "+a=old +b=1 +c=1 |");

    Store *empty = NULL;
    assert_int_equal(memory_store_new(owner->loop, &empty), 0);
    StoreSync sync = {empty, owner->loop, virtual_loop_run_until};
    assert_int_equal(store_sync_put(&sync, "a", "new", 0), 0);
    faulty_store_set_inner(owner->store, empty);
    owner_assert_told(owner, "!");
    owner_wait_for_retry(owner);
    owner_wait_for_retry(owner);
    owner_assert_told(owner, "+a=new -b -c < |");
    assert_int_equal(owner->synced_revision, 2);

    mirror_free(TAKE_PTR(owner->mirror));
    store_free(TAKE_PTR(owner->store));
    store_free(empty);
}

/* The revision does not show it, as it has come past the one before. */
static void store_that_goes_on_as_another_history_is_told_as_it_is(void **state) {
    Owner *owner = *state;
    Store *rewound = NULL, *restored = NULL;
    assert_int_equal(rewound_store_new(owner->behind, 0, &rewound), 0);
    faulty_store_set_inner(owner->store, rewound);
    owner_put(owner, "a", "old"); /* the same key at the same revision as below */
    owner_put(owner, "late", "1");
    owner_start(owner, "", 0);
    owner_assert_told(owner, "+a=old +late=1 |");

    assert_int_equal(memory_store_new(owner->loop, &restored), 0);
    StoreSync sync = {restored, owner->loop, virtual_loop_run_until};
    assert_int_equal(store_sync_put(&sync, "a", "new", 0), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_sync_put(&sync, "b", "1", 0), 0);
    faulty_store_break_watches(owner->store, -ECONNRESET);
    rewound_store_restore(rewound, restored);
    owner_assert_told(owner, "!");
    owner_wait_for_retry(owner);
    owner_wait_for_retry(owner);
    owner_assert_told(owner, "+a=new +b=1 -late < |");
    assert_int_equal(store_sync_put(&sync, "b", "2", 0), 0);
    owner_assert_told(owner, "+b=2 |");

    mirror_free(TAKE_PTR(owner->mirror));
    store_free(TAKE_PTR(owner->store));
    store_free(rewound);
    store_free(restored);
}

static bool has_told_a_key(void *userdata) {
    return map_size(((Owner *) userdata)->told) > 0;
}

static void list_over_two_histories_begins_anew(void **state) {
    Owner *owner = *state;
    Store *rewound = NULL, *restored = NULL;
    assert_int_equal(rewound_store_new(owner->behind, 0, &rewound), 0);
    assert_int_equal(memory_store_new(owner->loop, &restored), 0);
    faulty_store_set_inner(owner->store, rewound);
    StoreSync sync = {restored, owner->loop, virtual_loop_run_until};
    owner_put(owner, "a", "old");
    owner_put(owner, "late", "1");
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_sync_put(&sync, "a", "new", 0), 0);
    assert_int_equal(store_sync_put(&sync, "b", "new", 0), 0);
    owner_start(owner, "", 1);
    virtual_loop_run_until(owner->loop, has_told_a_key, owner, USEC_PER_SEC);
    rewound_store_restore(rewound, restored);
    owner_wait_for_retry(owner);
    owner_assert_told(owner, "+a=old +a=new +b=new < |");

    mirror_free(TAKE_PTR(owner->mirror));
    store_free(TAKE_PTR(owner->store));
    store_free(rewound);
    store_free(restored);
}

static usec_t next_attempt(Owner *owner) {
    usec_t begin = loop_now(owner->loop);
    assert_true(virtual_loop_step(owner->loop)); /* the retry, refused ... */
    usec_t delay = loop_now(owner->loop) - begin;
    virtual_loop_advance(owner->loop, 0); /* ... and noticed */
    return delay;
}

static void delay_grows_to_its_bound_and_begins_anew_after_success(void **state) {
    Owner *owner = *state;
    usec_t sum = 0;
    owner_start(owner, "", 0);
    owner_assert_told(owner, "|");
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    faulty_store_cut(owner->store, -ECONNREFUSED);
    owner_assert_told(owner, "!");
    usec_t first = next_attempt(owner);
    assert_true(first >= 100 * USEC_PER_MSEC && first <= 200 * USEC_PER_MSEC);
    for (int i = 0; i < 40; i++) {
        usec_t delay = next_attempt(owner);
        assert_true(delay >= 100 * USEC_PER_MSEC && delay <= 2 * USEC_PER_SEC);
        sum += delay;
    }
    assert_true(sum / 40 > 500 * USEC_PER_MSEC);
    faulty_store_cut(owner->store, 0);
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    faulty_store_cut(owner->store, -ECONNREFUSED);
    owner_assert_told(owner, "| !");
    assert_true(next_attempt(owner) <= 200 * USEC_PER_MSEC);
}

/* Brings the mirror through everything that it can tell. */
static void lead_through_all(Owner *owner) {
    owner_start(owner, "", 1);
    virtual_loop_advance(owner->loop, 0);
    owner_delete(owner, "a");
    virtual_loop_advance(owner->loop, 0);
    faulty_store_break_watches(owner->store, -ECONNRESET);
    virtual_loop_advance(owner->loop, 0);
    owner_delete(owner, "b");
    memory_store_compact(owner->behind, INT64_MAX);
    owner_wait_for_retry(owner);
}

static void what_the_owner_refuses_is_told_again(void **state) {
    Owner *owner = *state;
    owner_put(owner, "a", "1");
    owner_put(owner, "b", "1");
    owner->refused = "b";
    owner_start(owner, "", 0);
    owner_assert_told(owner, "+a=1 ?b !");
    owner_wait_for_retry(owner);
    owner_assert_told(owner, "+b=1 |");

    owner->refused = "a";
    owner_put(owner, "a", "2");
    owner_assert_told(owner, "?a !");
    owner_delete(owner, "a");
    owner_wait_for_retry(owner);
    owner_assert_told(owner, "-a |");

    owner->refused = "b";
    owner_delete(owner, "b");
    owner_assert_told(owner, "?b !");
    owner->refused = "b"; /* of the list, too */
    owner_wait_for_retry(owner);
    owner_assert_told(owner, "?b -b |");
}

static void any_callback_may_free_the_mirror(void **state) {
    Owner *owner = *state;
    static const struct {
        char kind;
        size_t n_before; /* of that kind */
        const char *told;
    } cases[] = {
        {'+', 0, "+a=1"},
        {'+', 1, "+a=1 +b=1"},
        {'|', 0, "+a=1 +b=1 +c=1 |"},
        {'-', 0, "+a=1 +b=1 +c=1 | -a"},
        {'!', 0, "+a=1 +b=1 +c=1 | -a | !"},
        {'-', 1, "+a=1 +b=1 +c=1 | -a | ! -b"},
        {'|', 2, "+a=1 +b=1 +c=1 | -a | ! -b |"},
    };
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        owner_put(owner, "a", "1");
        owner_put(owner, "b", "1");
        owner_put(owner, "c", "1");
        owner->free_at = cases[i].kind;
        owner->n_before_free = cases[i].n_before;
        lead_through_all(owner);
        assert_null(owner->mirror);
        owner_assert_told(owner, cases[i].told);
        map_clear(owner->told);
    }
}

static void mirror_may_be_freed_at_any_time(void **state) {
    Owner *owner = *state;
    owner_put(owner, "a", "1");
    owner_put(owner, "b", "1");
    for (size_t n_steps = 0; n_steps < 12; n_steps++) {
        owner_start(owner, "", 1);
        for (size_t i = 0; i < n_steps; i++)
            virtual_loop_step(owner->loop);
        mirror_free(TAKE_PTR(owner->mirror));
        free(TAKE_PTR(owner->log));
        owner_put(owner, "a", "2");
        owner_wait_for_retry(owner);
        owner_assert_told(owner, "");
        map_clear(owner->told);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        MIRROR_TEST(list_is_told_and_then_changes),
        MIRROR_TEST(empty_prefix_is_synced_and_has_no_keys),
        MIRROR_TEST(pages_end_anywhere_and_nothing_is_told_twice_or_missed),
        MIRROR_TEST(change_between_pages_is_told_after_the_list),
        MIRROR_TEST(list_that_takes_longer_than_the_past_begins_anew),
        MIRROR_TEST(broken_watch_goes_on_where_it_broke),
        MIRROR_TEST(resumed_watch_without_events_is_synced),
        MIRROR_TEST(loss_is_told_once_and_retried_until_it_is_over),
        MIRROR_TEST(compaction_while_away_leads_to_a_list_of_differences),
        MIRROR_TEST(list_that_breaks_off_tells_nothing_twice),
        MIRROR_TEST(store_that_lost_its_data_is_told_as_it_is),
        MIRROR_TEST(store_that_goes_on_as_another_history_is_told_as_it_is),
        MIRROR_TEST(list_over_two_histories_begins_anew),
        MIRROR_TEST(delay_grows_to_its_bound_and_begins_anew_after_success),
        MIRROR_TEST(what_the_owner_refuses_is_told_again),
        MIRROR_TEST(any_callback_may_free_the_mirror),
        MIRROR_TEST(mirror_may_be_freed_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
