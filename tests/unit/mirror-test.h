/* A mirror and its owner, on a virtual clock. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/store/mirror.h"
#include "tests/fakes/store-sync.h"
#include "tests/unit/cmocka-test.h"

/* A mirror and its owner, who writes down what he is told: "+key=value", "-key", "|" for synced,
 * "!" for lost, "<" for a store that has gone back. */
typedef struct Owner {
    Loop *loop;
    Store *behind;  /* what others write to */
    Store *store;   /* the mirror's way to it, which may fail */
    StoreSync sync; /* behind */
    Mirror *mirror;
    Map *told; /* key -> value */
    char *log;
    int64_t synced_revision;
    size_t n_synced, n_lost;
    char free_at;         /* frees the mirror when it is told this kind of thing ... */
    size_t n_before_free; /* ... after so many of the kind */
    const char *refused;  /* the key that he cannot take in the next time; NULL: none */
} Owner;

/* *state is the Owner. */
int mirror_test_setup(void **state);
int mirror_test_teardown(void **state);
#define MIRROR_TEST(test) \
    cmocka_unit_test_setup_teardown(test, mirror_test_setup, mirror_test_teardown)

void owner_start(Owner *owner, const char *prefix, size_t page_size);
/* Until the mirror's next attempt is over. */
void owner_wait_for_retry(Owner *owner);
/* What was told since it was asked last. */
void owner_assert_told(Owner *owner, const char *expected);

/* What others do in the store. */
void owner_put(Owner *owner, const char *key, const char *value);
void owner_delete(Owner *owner, const char *key);
