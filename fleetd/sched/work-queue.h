/* What is to be decided, in the order in which it is: units that replace others before the rest,
 * so that these need not move again at once; then by priority, the highest first; then by request,
 * the earliest first; of one request by name; of a unit, by machine. So a unit that is queued must
 * be taken out before its revision or its requirements change. A heap, from the first item that is
 * taken until none is left: what a new leader is told is queued and taken out again for each of its
 * keys, and only then has an order. An item knows its position, so that it is queued once and can
 * be taken out. Inside sched only. */
#pragma once

#include "fleetd/base/macros.h"

typedef struct ClusterUnit ClusterUnit;
typedef struct Placement Placement;

typedef struct WorkItem {
    ClusterUnit *unit;
    Placement *placement; /* NULL: the unit as a whole */
    size_t position;      /* from 1; 0: not queued */
} WorkItem;

/* What decides between any two but those of one request stands beside them: a look at the units
 * themselves would have to wait for memory. */
typedef struct WorkEntry {
    uint64_t rank;
    WorkItem *item;
} WorkEntry;

typedef struct WorkQueue {
    WorkEntry *entries;
    size_t n;
    size_t n_allocated;
    bool is_ordered; /* a heap; else in no order, and without ranks */
} WorkQueue;

/* Whether a unit has its turn before another. */
bool unit_is_before(const ClusterUnit *unit, const ClusterUnit *than);

/* Nothing happens if item is queued already. -ENOMEM. */
int work_queue_push(WorkQueue *queue, WorkItem *item);
/* NULL: empty. */
WorkItem *work_queue_pop(WorkQueue *queue);
/* Nothing happens if item is not queued. */
void work_queue_remove(WorkQueue *queue, WorkItem *item);
void work_queue_done(WorkQueue *queue);
