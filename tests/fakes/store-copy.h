/* Deep copies of what a store tells, for tests that keep it. Out of memory ends the program. */
#pragma once

#include "fleetd/store/store.h"

StoreRangeResult store_range_result_copy(const StoreRangeResult *result);
void store_range_result_done(StoreRangeResult *result);
#define _cleanup_range_ _cleanup_(store_range_result_done)

StoreEvent *store_events_copy(const StoreEvent *events, size_t n_events);
void store_events_free(StoreEvent *events, size_t n_events);
