#include "fleetd/store/memory-store.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/store-conformance.h"

static void compact(StoreFixture *fixture, int64_t revision) {
    memory_store_compact(fixture->sync.store, revision);
}

static int setup(void **state) {
    StoreFixture *fixture = calloc(1, sizeof(StoreFixture));
    Loop *loop = virtual_loop_new(1);
    if (!fixture || !loop)
        return -1;
    *fixture = (StoreFixture){.sync = {.loop = loop, .run_until = virtual_loop_run_until},
                              .compact = compact};
    *state = fixture;
    return memory_store_new(loop, &fixture->sync.store);
}

static int teardown(void **state) {
    StoreFixture *fixture = *state;
    store_free(fixture->sync.store);
    virtual_loop_free(fixture->sync.loop);
    free(fixture);
    return 0;
}

int main(void) {
    return store_conformance_run(setup, teardown, NULL, NULL, NULL, 0);
}
