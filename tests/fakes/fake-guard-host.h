/* The guard's machine in tests: a FakeSystemd, which keeps what fleetd vouches for as well. Calls
 * take the time that the test says, and can fail. */
#pragma once

#include "fleetd/guard/guard.h"
#include "tests/fakes/fake-systemd.h"

typedef struct FakeGuardHost FakeGuardHost;

/* loop: the guard's own, so that its answers stop with it. */
int fake_guard_host_new(FakeSystemd *systemd, Loop *loop, FakeGuardHost **ret);
/* What is under way is dropped. */
void fake_guard_host_free(FakeGuardHost *host);
DEFINE_POINTER_CLEANUP(FakeGuardHost, fake_guard_host_free)
GuardHost *fake_guard_host_base(FakeGuardHost *host);

typedef enum FakeGuardCall {
    FAKE_GUARD_WALK,
    FAKE_GUARD_FORBID,
    FAKE_GUARD_TAKE_DOWN,
    _FAKE_GUARD_CALL_MAX,
} FakeGuardCall;

/* The next n calls fail. */
void fake_guard_host_fail_next(FakeGuardHost *host, FakeGuardCall call, unsigned n);
/* The last walk failed: what was vouched for meanwhile is not known. */
bool fake_guard_host_is_blind(const FakeGuardHost *host);
void fake_guard_host_set_latency(FakeGuardHost *host, usec_t usec); /* of take_down */
