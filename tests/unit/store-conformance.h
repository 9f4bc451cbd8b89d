/* What every store must do, whatever is behind it: one suite, run against each backend. It works
 * on a virtual clock and on a real one, and on a store that others write to as well, if not under
 * its keys: nothing here counts revisions from the beginning. */
#pragma once

#include "tests/fakes/store-sync.h"
#include "tests/unit/cmocka-test.h"

/* What a backend's setup function gives as *state; its teardown frees it. */
typedef struct StoreFixture {
    StoreSync sync; /* the store is NULL at teardown if the test has freed it */
    /* Forgets the past up to the revision; done when it returns. */
    void (*compact)(struct StoreFixture *fixture, int64_t revision);
    void *userdata; /* the backend's */
} StoreFixture;

/* Runs the suite and then the backend's own tests (may be none), as one cmocka group, so that the
 * program speaks one TAP stream. The setup is called for each test of the suite and gives a store
 * without keys. The result is for main() to return. */
int store_conformance_run(CMFixtureFunction setup, CMFixtureFunction teardown,
                          CMFixtureFunction group_setup, CMFixtureFunction group_teardown,
                          const struct CMUnitTest *own_tests, size_t n_own_tests);

/* The rest is for the parts of the suite. */

typedef struct StoreTest {
    const char *name;
    CMUnitTestFunction run;
} StoreTest;

#define STORE_TEST(test) \
    { #test, test }

extern const StoreTest store_txn_tests[]; /* each ends with a name of NULL */
extern const StoreTest store_range_tests[];
extern const StoreTest store_lease_tests[];
extern const StoreTest store_watch_tests[];
extern const StoreTest store_op_tests[];

/* Puts a value that has to succeed. The revision. */
int64_t fixture_put(StoreFixture *fixture, const char *key, const char *value);
int64_t fixture_delete(StoreFixture *fixture, const char *key);
/* The keys of a range, joined with spaces; the caller frees. */
char *fixture_keys(StoreFixture *fixture, const StoreRange *range);
void assert_keys(StoreFixture *fixture, const StoreRange *range, const char *expected);
void assert_value(StoreFixture *fixture, const char *key, const char *expected); /* NULL: absent */
