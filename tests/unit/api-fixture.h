/* An API over a store in memory, on a clock of its own, with a gate in between that can fail. */
#pragma once

#include "fleetd/api/api.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/unit.h"
#include "tests/fakes/gated-store.h"
#include "tests/fakes/recorded-exchange.h"
#include "tests/fakes/store-sync.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

#define M1 "11111111111111111111111111111111"
#define M2 "22222222222222222222222222222222"
#define PATIENCE_USEC (30 * USEC_PER_SEC)

typedef struct ApiFixture {
    Loop *loop;
    Metrics *metrics;
    Store *memory;
    GatedStore *gated;
    StoreSync sync; /* behind the gate */
    Api *api;
} ApiFixture;

int api_setup(void **state);
int api_teardown(void **state);
#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_setup, api_teardown)

/* Begins a request; with a body it is application/json. */
RecordedExchange *api_start(ApiFixture *fixture, const char *method, const char *target,
                            const char *body);
/* Waits for the end of its answer. */
void api_await(ApiFixture *fixture, RecordedExchange *recorded);
RecordedExchange *api_call(ApiFixture *fixture, const char *method, const char *target,
                           const char *body);
#define _cleanup_exchange_ _cleanup_(recorded_exchange_freep)

/* One whole request: its status, and the message of an error or the body. */
void assert_answer(ApiFixture *fixture, const char *method, const char *target, const char *body,
                   unsigned status, const char *text);
void assert_json(const char *text, const char *expected);
int64_t exchange_revision(const RecordedExchange *recorded); /* X-Fleet-Revision */

/* What the other rooms would write. Each answers the revision. */
int64_t seed(ApiFixture *fixture, const char *key, const char *value);
int64_t seed_delete(ApiFixture *fixture, const char *key);
int64_t seed_unit(ApiFixture *fixture, const char *name, const char *text, LaunchState desired);
int64_t seed_machine(ApiFixture *fixture, const char *id, const char *metadata);
int64_t seed_order(ApiFixture *fixture, const char *id, const char *name, LaunchState desired,
                   int64_t unit_revision);
int64_t seed_state(ApiFixture *fixture, const char *id, const char *name, LaunchState current,
                   int64_t unit_revision);

/* Runs what is due now. */
void settle(ApiFixture *fixture);
/* All keys and values of the store, one a line; the caller frees. */
char *store_dump(ApiFixture *fixture);
