/* One agent on a virtual clock, a store in memory and a systemd in memory, and the hands of the
 * engine and of systemd. */
#pragma once

#include "fleetd/agent/agent.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/store/memory-store.h"
#include "tests/fakes/fake-prober.h"
#include "tests/fakes/fake-systemd.h"
#include "tests/fakes/fake-unit-manager.h"
#include "tests/fakes/store-sync.h"
#include "tests/fakes/virtual-loop.h"
#include "tests/unit/cmocka-test.h"

#define TEST_MACHINE "00000000000000000000000000000001"
#define TEST_TTL (10 * USEC_PER_SEC)

#define SLEEPER "[Service]\nExecStart=/bin/sleep infinity\n"
#define OTHER "[Service]\nExecStart=/bin/sleep 1d\n"

typedef struct AgentTest {
    Loop *loop;
    Store *store;
    StoreSync sync;
    FakeSystemd *systemd;
    UnitManager *unit_manager;
    Agent *agent;
    FakeProber *prober; /* NULL: nobody asks for health */
    Metrics *metrics;   /* NULL: it counts nothing */
    const char *boot_id, *address;
    unsigned n_replaced; /* times that the store was found to be another cluster's */
} AgentTest;

int agent_test_setup(void **state);
int agent_test_teardown(void **state);

void agent_test_start(AgentTest *test); /* fleetd starts */
void agent_test_crash(AgentTest *test); /* and is gone; units and store are as they were */
void agent_test_leave(AgentTest *test, PresenceFarewell farewell);
void agent_test_run(AgentTest *test, usec_t usec);

/* What the engine would write. text is put under file/<hash> as well. */
void agent_test_order(AgentTest *test, const char *name, const char *text, LaunchState desired,
                      int64_t revision);
/* The same, of a unit that is to be launched, with the number of its last restart. */
void agent_test_order_restart(AgentTest *test, const char *name, const char *text, int64_t restart,
                              int64_t revision);
void agent_test_withdraw(AgentTest *test, const char *name);

/* The state that the agent published; NULL: none. The caller frees. */
UnitState *agent_test_state(AgentTest *test, const char *name);
void agent_test_expect(AgentTest *test, const char *name, LaunchState current, const char *active,
                       JobResult job, int64_t revision);

size_t agent_test_count(AgentTest *test, FakeAction action);
/* Nothing was started, stopped, removed or written since the beginning. */
void agent_test_expect_untouched(AgentTest *test);
