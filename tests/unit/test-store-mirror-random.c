/* Random writes through random faults, from a seed: in the end the owner of the mirror knows
 * exactly what the store holds, and on the way he was told nothing twice. */
#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/store/memory-store.h"
#include "fleetd/store/mirror.h"
#include "tests/fakes/faulty-store.h"
#include "tests/fakes/store-sync.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

#include <errno.h>
#include <inttypes.h>

#define N_SEEDS 60
#define N_STEPS 400

typedef struct Run {
    Loop *loop;
    Store *behind, *store;
    StoreSync sync; /* behind */
    Mirror *mirror;
    Map *told; /* key -> "value@revision" */
    bool is_synced;
    size_t n_puts, n_deletes, n_lost, n_synced;
} Run;

static char *describe(const StoreEntry *entry) {
    return str_printf("%s@%" PRId64, entry->value, entry->mod_revision);
}

static void on_put(const StoreEntry *entry, void *userdata) {
    Run *run = userdata;
    char *now = describe(entry);
    assert_string_not_equal(str_or(map_get(run->told, entry->key), ""), now);
    map_put(run->told, entry->key, now);
    run->n_puts++;
}

static void on_delete(const char *key, int64_t revision, void *userdata) {
    Run *run = userdata;
    assert_true(map_remove(run->told, key));
    run->n_deletes++;
}

static void on_synced(int64_t revision, void *userdata) {
    Run *run = userdata;
    run->is_synced = true;
    run->n_synced++;
}

static void on_lost(int r, void *userdata) {
    Run *run = userdata;
    run->is_synced = false;
    run->n_lost++;
}

#define BEFORE "p/15" /* keys from here on are not mirrored */

static const char *const cuts[] = {"p/03", "p/09", "p/091", NULL};

static uint64_t below(Run *run, uint64_t n) {
    return loop_random(run->loop) % n;
}

static void write_something(Run *run) {
    char keys[4][16], values[4][24];
    StoreWrite writes[4];
    size_t n_writes = 1 + below(run, ELEMENTSOF(writes)), n = 0;
    uint64_t first = below(run, 20);
    for (size_t i = 0; i < n_writes; i++) {
        snprintf(keys[i], sizeof(keys[i]), "p/%02" PRIu64, (first + 7 * i) % 20);
        snprintf(values[i], sizeof(values[i]), "%" PRIu64, below(run, 3));
        writes[n++] = below(run, 3) > 0
                          ? (StoreWrite){.kind = STORE_PUT, .key = keys[i], .value = values[i]}
                          : (StoreWrite){.kind = STORE_DELETE, .key = keys[i]};
    }
    assert_int_equal(store_sync_txn(&run->sync, &(StoreTxn){.writes = writes, .n_writes = n}, NULL),
                     0);
}

static void compact_something(Run *run) {
    int64_t revision = store_sync_revision(&run->sync);
    memory_store_compact(run->behind, revision - (int64_t) below(run, 10));
}

static void cut_or_mend(Run *run) {
    static const int ways[] = {0, 0, -ETIMEDOUT, -ECONNREFUSED};
    faulty_store_cut(run->store, ways[below(run, ELEMENTSOF(ways))]);
}

static void break_watches(Run *run) {
    faulty_store_break_watches(run->store, -ECONNRESET);
}

static void wait_a_while(Run *run) {
    virtual_loop_advance(run->loop, below(run, USEC_PER_SEC));
}

static void wait_long(Run *run) {
    virtual_loop_advance(run->loop, below(run, 20 * USEC_PER_SEC));
}

static void restart_mirror(Run *run) {
    static const MirrorCallbacks callbacks = {
        .on_put = on_put, .on_delete = on_delete, .on_synced = on_synced, .on_lost = on_lost};
    mirror_free(TAKE_PTR(run->mirror));
    map_clear(run->told);
    run->is_synced = false;
    assert_int_equal(mirror_new(run->store, run->loop,
                                &(MirrorKeys){.prefix = "p/",
                                              .before = BEFORE,
                                              .cuts = cuts,
                                              .page_size = 1 + below(run, 7)},
                                &callbacks, run, &run->mirror),
                     0);
}

static void do_something(Run *run) {
    static const struct {
        void (*act)(Run *run);
        unsigned weight;
    } acts[] = {{write_something, 60}, {wait_a_while, 25},     {wait_long, 3},     {cut_or_mend, 4},
                {break_watches, 3},    {compact_something, 4}, {restart_mirror, 1}};
    uint64_t chance = below(run, 100);
    size_t i = 0;
    for (; chance >= acts[i].weight; i++)
        chance -= acts[i].weight;
    acts[i].act(run);
}

static void settle(Run *run) {
    faulty_store_set_faults(run->store, &(StoreFaults){.timeout_usec = USEC_PER_SEC});
    faulty_store_cut(run->store, 0);
    virtual_loop_advance(run->loop, USEC_PER_MINUTE);
}

static void assert_told_is_what_is(Run *run, uint64_t seed) {
    _cleanup_range_ StoreRangeResult range = {};
    assert_int_equal(
        store_sync_range(&run->sync,
                         &(StoreRange){.key = "p/", .is_prefix = true, .before = BEFORE}, &range),
        0);
    bool is_same = run->is_synced && map_size(run->told) == range.n_entries;
    for (size_t i = 0; i < range.n_entries; i++) {
        _cleanup_free_ char *now = describe(&range.entries[i]);
        is_same = is_same && streq_ptr(map_get(run->told, range.entries[i].key), now);
    }
    if (!is_same)
        print_error("the mirror differs from the store with seed %" PRIu64 "\n", seed);
    assert_true(is_same);
}

static void run_seed(Run *run, uint64_t seed) {
    static const StoreFaults faults = {
        .latency_max_usec = 100 * USEC_PER_MSEC,
        .timeout_usec = USEC_PER_SEC,
        .lost_request_permille = 50,
        .lost_answer_permille = 50,
        .broken_watch_permille = 50,
    };
    run->loop = virtual_loop_new(seed);
    run->told = map_new(free);
    assert_int_equal(memory_store_new(run->loop, &run->behind), 0);
    assert_int_equal(faulty_store_new(run->loop, run->behind, &run->store), 0);
    run->sync = (StoreSync){run->behind, run->loop, virtual_loop_run_until};
    faulty_store_set_faults(run->store, &faults);
    restart_mirror(run);
    for (int i = 0; i < N_STEPS; i++)
        do_something(run);
    settle(run);
    assert_told_is_what_is(run, seed);
}

static void run_done(Run *run) {
    mirror_free(run->mirror);
    store_free(run->store);
    store_free(run->behind);
    virtual_loop_free(run->loop);
    map_free(run->told);
}

static void mirror_ends_up_with_what_the_store_holds(void **state) {
    size_t n_told = 0, n_lost = 0;
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
        Run run = {};
        run_seed(&run, seed);
        n_told += run.n_puts + run.n_deletes;
        n_lost += run.n_lost;
        run_done(&run);
    }
    assert_true(n_told > 100 * N_SEEDS); /* else the test tests nothing */
    assert_true(n_lost > 5 * N_SEEDS);
}

static void same_seed_gives_the_same_run(void **state) {
    Run first = {}, second = {};
    run_seed(&first, 42);
    run_seed(&second, 42);
    assert_int_equal(first.n_puts, second.n_puts);
    assert_int_equal(first.n_synced, second.n_synced);
    assert_int_equal(loop_now(first.loop), loop_now(second.loop));
    run_done(&first);
    run_done(&second);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mirror_ends_up_with_what_the_store_holds),
        cmocka_unit_test(same_seed_gives_the_same_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
