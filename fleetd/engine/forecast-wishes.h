/* A request becomes what the API would write for it, and is told to the feed like that. */
#pragma once

#include "fleetd/engine/feed.h"
#include "fleetd/model/forecast.h"

typedef struct ForecastWishes ForecastWishes;

/* All is told as of that revision. Feed, cluster and request are borrowed. -ENOMEM. */
int forecast_wishes_new(Feed *feed, Cluster *cluster, const ForecastRequest *request,
                        int64_t revision, ForecastWishes **ret);
void forecast_wishes_free(ForecastWishes *wishes);
DEFINE_POINTER_CLEANUP(ForecastWishes, forecast_wishes_free)

/* All but what has to have its turn. ret_has_changes: anything would be written, now or then.
 * -ENOENT: a unit is not known, with a message. -ENOMEM. */
int forecast_wishes_tell(ForecastWishes *wishes, bool *ret_has_changes, Error *reterr);
/* When all has come to rest, what comes next, if something does: 1. 0: nothing. -ENOMEM. */
int forecast_wishes_go_on(ForecastWishes *wishes);
