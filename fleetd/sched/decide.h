/* What one queued look comes to. Inside sched only. */
#pragma once

#include "fleetd/sched/planner.h"

int decide(Planner *planner, const WorkItem *item);
