/* Deletes unit files that no unit refers to any more. The API puts a file anew with every unit that
 * it stores, so the deletion, conditional on the file's revision, never takes a file from under a
 * unit that is just being stored. */
#pragma once

#include "fleetd/engine/feed.h"
#include "fleetd/engine/leadership.h"

typedef struct Collector Collector;

int collector_new(Store *store, Loop *loop, const Leadership *leadership, const Feed *feed,
                  Collector **ret);
void collector_free(Collector *collector);
DEFINE_POINTER_CLEANUP(Collector, collector_free)

/* Something changed: look, some time later, what is not used. A file that is in use again soon need
 * not be written anew, and an agent that still fetches it for its last order finds it. */
void collector_look(Collector *collector);
