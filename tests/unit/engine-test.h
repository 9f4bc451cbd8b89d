/* Engines under test: a simulated cluster (tests/sim) of three machines that have booted and come
 * to rest. */
#pragma once

#include "tests/sim/sim-cluster.h"
#include "tests/unit/cmocka-test.h"

#define SLEEPER "[Service]\nExecStart=/bin/sleep infinity\n"

int engine_test_setup(void **state); /* *state is the SimCluster */
int engine_test_teardown(void **state);

#define ENGINE_TEST(f) cmocka_unit_test_setup_teardown(f, engine_test_setup, engine_test_teardown)

/* Asks for a unit, and waits until it runs. Where. */
SimNode *engine_test_start(SimCluster *cluster, const char *name, const char *text);
/* n of them, u1.service and on. */
void engine_test_start_many(SimCluster *cluster, size_t n);
/* A machine that runs the unit, or any if NULL, and does not lead. */
SimNode *engine_test_follower(SimCluster *cluster, const char *unit);

/* Nothing of the unit is left: neither in the store nor on a machine. */
void engine_test_expect_gone(SimCluster *cluster, const char *name);
/* Runs, and fails as soon as a unit runs on two machines at once. */
void engine_test_run_single(SimCluster *cluster, const char *name, usec_t usec);
