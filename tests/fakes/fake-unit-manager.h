/* The UnitManager of tests: one fleetd's contact with a FakeSystemd. Calls are carried out in the
 * order in which they were made, later, from the loop; signals and results of jobs come back
 * through the same queue, so that a change is always heard before the job that made it ends. */
#pragma once

#include "tests/fakes/fake-systemd.h"

/* Several handles may be alive, also at once; all hear every change. Free with
 * unit_manager_free(): waiting calls are dropped, jobs go on. */
int fake_unit_manager_new(FakeSystemd *systemd, UnitManager **ret);
