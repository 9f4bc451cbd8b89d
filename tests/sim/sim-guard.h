/* The guard of a simulated machine: the production guard, beside fleetd and not a part of it, so
 * that it lives on while fleetd is dead, stopped or paused. Its systemd starts it again when it
 * crashes, or could not start. */
#pragma once

#include "tests/fakes/fake-guard-host.h"

/* How long its own start can take, and with it that of a unit that it guards. */
#define SIM_GUARD_START_USEC (20 * USEC_PER_SEC)

typedef struct SimGuard SimGuard;

/* It does not run yet. Out of memory ends the program. */
SimGuard *sim_guard_new(FakeSystemd *systemd, Loop *world);
void sim_guard_free(SimGuard *guard);

void sim_guard_boot(SimGuard *guard);
void sim_guard_cut_power(SimGuard *guard);
/* It is back after so long. */
void sim_guard_crash(SimGuard *guard, usec_t usec);
/* NULL while it does not run. */
FakeGuardHost *sim_guard_host(SimGuard *guard);

/* Whether the guard may have the unit stopped now: nobody has vouched for it in its time. */
bool sim_guard_may_stop(FakeSystemd *systemd, const char *name);
