/* A request becomes what the API would write for it, and is told to the feed like that. */
#pragma once

#include "fleetd/engine/feed.h"
#include "fleetd/model/forecast.h"

/* All of it, as of that revision. ret_has_changes: anything would be written. -ENOENT: a unit is
 * not known, with a message. -ENOMEM. */
int forecast_wishes_tell(Feed *feed, const ForecastRequest *request, int64_t revision,
                         bool *ret_has_changes, Error *reterr);
