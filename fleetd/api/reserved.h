/* What units reserve on machines, as the view has them: what the scheduler counts for the leader
 * (fleetd/sched/room.h), for whoever asks. Pure. */
#pragma once

#include "fleetd/api/view.h"
#include "fleetd/model/resources.h"

/* Resources by machine id, of machines where there is something. The caller frees the map.
 * -ENOMEM. */
int view_sum_reserved(const View *view, Map **ret);
