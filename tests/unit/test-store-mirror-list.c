/* How a mirror lists what is there over a way to the store that is slow, or takes little at a time.
 */
#include "fleetd/base/strv.h"
#include "fleetd/store/memory-store.h"
#include "tests/fakes/faulty-store.h"
#include "tests/fakes/gated-store.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/mirror-test.h"

#include <errno.h>

/* A mirror whose ranges pass a gate, which answers what it is told to. */
static GatedStore *owner_start_gated(Owner *owner, size_t page_size, int gate) {
    for (char key[] = "a"; *key <= 'p'; (*key)++)
        owner_put(owner, key, "1");
    GatedStore *gated = gated_store_new(owner->behind, owner->loop);
    faulty_store_set_inner(owner->store, &gated->store);
    gated->gates[GATE_RANGE] = gate;
    owner_start(owner, "", page_size);
    return gated;
}

static void owner_end_gated(Owner *owner, GatedStore *gated) {
    assert_int_equal(map_size(owner->told), 16);
    mirror_free(TAKE_PTR(owner->mirror));
    store_free(TAKE_PTR(owner->store));
    store_free(&gated->store);
}

static void page_that_is_too_much_for_an_answer_is_asked_for_in_parts(void **state) {
    Owner *owner = *state;
    GatedStore *gated = owner_start_gated(owner, 512, -EMSGSIZE);
    owner_assert_told(owner, "!"); /* after 8, 4, 2, and 1: not even one can be had */
    assert_int_equal(gated->counts[GATE_RANGE], 4);
    gated->gates[GATE_RANGE] = GATE_OPEN;
    owner_wait_for_retry(owner);
    free(TAKE_PTR(owner->log));
    assert_int_equal(gated->counts[GATE_RANGE], 4 + 5); /* 1, 2, 4, 8, 1 that is left */
    owner_end_gated(owner, gated);
}

static void page_that_takes_too_long_is_asked_for_in_parts_when_it_is_tried_again(void **state) {
    Owner *owner = *state;
    GatedStore *gated = owner_start_gated(owner, 512, -ETIMEDOUT);
    owner_assert_told(owner, "!");
    assert_int_equal(gated->counts[GATE_RANGE], 1);
    gated->gates[GATE_RANGE] = GATE_OPEN;
    owner_wait_for_retry(owner);
    free(TAKE_PTR(owner->log));
    assert_int_equal(gated->counts[GATE_RANGE], 1 + 3); /* 4, 8, 4 that are left */
    owner_end_gated(owner, gated);
}

/* A way to the store on which no answer of more than two entries arrives in time. */
typedef struct NarrowStore {
    Store store;
    GatedStore *gated;
    size_t n_late;
} NarrowStore;

static int narrow_range(Store *store, const StoreRange *range, StoreRangeDone done, void *userdata,
                        StoreOp **ret) {
    NarrowStore *narrow = (NarrowStore *) store;
    bool is_late = range->limit > 2;
    narrow->n_late += is_late;
    narrow->gated->gates[GATE_RANGE] = is_late ? -ETIMEDOUT : GATE_OPEN;
    return store_range(&narrow->gated->store, range, done, userdata, ret);
}

static int narrow_watch(Store *store, const StoreWatch *watch, const StoreWatchCallbacks *callbacks,
                        void *userdata, StoreOp **ret) {
    return store_watch(&((NarrowStore *) store)->gated->store, watch, callbacks, userdata, ret);
}

static bool is_synced(void *userdata) {
    return mirror_is_synced(((Owner *) userdata)->mirror);
}

/* Of n entries, "000" to the last. What is compacted on the way is found, too. */
static size_t list_over_a_narrow_way(Owner *owner, size_t n, bool is_compacted) {
    static const StoreVTable vtable = {.range = narrow_range, .watch = narrow_watch};
    char key[8];
    for (size_t i = 0; i < n; i++) {
        snprintf(key, sizeof(key), "%03zu", i);
        owner_put(owner, key, "1");
    }
    NarrowStore narrow = {.store = {&vtable}, .gated = gated_store_new(owner->behind, owner->loop)};
    faulty_store_set_inner(owner->store, &narrow.store);
    owner_start(owner, "", 512);
    while (is_compacted && map_size(owner->told) == 0)
        assert_true(virtual_loop_step(owner->loop));
    if (is_compacted) {
        owner_delete(owner, "000");
        memory_store_compact(owner->behind, INT64_MAX);
    }
    bool has_ended = virtual_loop_run_until(owner->loop, is_synced, owner, 2 * USEC_PER_MINUTE);
    mirror_free(TAKE_PTR(owner->mirror));
    store_free(TAKE_PTR(owner->store));
    store_free(&narrow.gated->store);
    assert_true(has_ended);
    assert_int_equal(map_size(owner->told), is_compacted ? n - 1 : n);
    return narrow.n_late;
}

static void list_over_a_narrow_way_ends(void **state) {
    size_t n_late = list_over_a_narrow_way(*state, 200, false);
    assert_in_range(n_late, 3, 8);
}

static void list_over_a_narrow_way_ends_although_its_revision_is_forgotten(void **state) {
    list_over_a_narrow_way(*state, 50, true);
}

static void page_that_is_late_is_asked_for_again_and_not_the_list(void **state) {
    Owner *owner = *state;
    for (char key[] = "a"; *key <= 'd'; (*key)++)
        owner_put(owner, key, "1");
    GatedStore *gated = gated_store_new(owner->behind, owner->loop);
    faulty_store_set_inner(owner->store, &gated->store);
    owner_start(owner, "", 1);
    while (map_size(owner->told) < 3)
        assert_true(virtual_loop_step(owner->loop));
    gated->gates[GATE_RANGE] = -ETIMEDOUT;
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    owner_put(owner, "a", "2"); /* told by the watch, as it is behind the list's revision */
    unsigned n_asked = gated->counts[GATE_RANGE];
    gated->gates[GATE_RANGE] = GATE_OPEN;
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    owner_assert_told(owner, "+a=1 +b=1 +c=1 ! +d=1 | +a=2 |");
    assert_in_range(gated->counts[GATE_RANGE] - n_asked, 1, 2);
    mirror_free(TAKE_PTR(owner->mirror));
    store_free(TAKE_PTR(owner->store));
    store_free(&gated->store);
}

static void list_that_is_late_is_asked_for_less_and_less_often(void **state) {
    Owner *owner = *state;
    GatedStore *gated = owner_start_gated(owner, 512, -ETIMEDOUT);
    virtual_loop_advance(owner->loop, USEC_PER_MINUTE);
    unsigned n_first = gated->counts[GATE_RANGE];
    virtual_loop_advance(owner->loop, 10 * USEC_PER_MINUTE);
    unsigned n_later = gated->counts[GATE_RANGE] - n_first;
    assert_in_range(n_later, 10 * 60 / 10, 10 * 60 / 3); /* 5 s on average, at most 10 */
    assert_true(n_first > n_later / 10);
    gated->gates[GATE_RANGE] = GATE_OPEN;
    virtual_loop_advance(owner->loop, 15 * USEC_PER_SEC);
    free(TAKE_PTR(owner->log));
    owner_end_gated(owner, gated);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        MIRROR_TEST(page_that_is_too_much_for_an_answer_is_asked_for_in_parts),
        MIRROR_TEST(page_that_takes_too_long_is_asked_for_in_parts_when_it_is_tried_again),
        MIRROR_TEST(list_over_a_narrow_way_ends),
        MIRROR_TEST(list_over_a_narrow_way_ends_although_its_revision_is_forgotten),
        MIRROR_TEST(page_that_is_late_is_asked_for_again_and_not_the_list),
        MIRROR_TEST(list_that_is_late_is_asked_for_less_and_less_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
