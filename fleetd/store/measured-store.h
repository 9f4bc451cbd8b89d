/* A store in front of another that measures it: how long requests take, which fail, and how long
 * after a write of this fleetd's own its watches tell of it. */
#pragma once

#include "fleetd/base/metrics.h"
#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

/* Takes over the inner store, which store_free() of this one frees; not on failure: -ENOMEM. Loop
 * and metrics must outlive it. Without metrics it is the inner store itself. */
int measured_store_new(Store *inner, Loop *loop, Metrics *metrics, Store **ret);
