#include "fleetd/sched/work-queue.h"

#include "fleetd/sched/cluster-internal.h"

#include <errno.h>

#define FANOUT 4 /* of the heap: half as deep as with two, and what is compared stands together */

static bool unit_replaces_any(const ClusterUnit *unit) {
    return unit->requirements && !globs_are_empty(unit->requirements->replaces);
}

#define RANK_NOT_REPLACING (UINT64_C(1) << 63)
#define RANK_PRIORITY_SHIFT 56 /* revisions stay below */

static uint64_t unit_urgency(const ClusterUnit *unit) {
    unsigned priority =
        unit->requirements ? unit->requirements->ranking.priority : PRIORITY_DEFAULT;
    return (uint64_t) (PRIORITY_MAX - priority) << RANK_PRIORITY_SHIFT;
}

/* Of one that users have destroyed a new engine knows no more than its orders. */
static uint64_t unit_rank(const ClusterUnit *unit) {
    if (!unit->is_known)
        return RANK_NOT_REPLACING;
    uint64_t rank = MIN((uint64_t) unit->revision, (UINT64_C(1) << RANK_PRIORITY_SHIFT) - 1);
    return rank | unit_urgency(unit) | (unit_replaces_any(unit) ? 0 : RANK_NOT_REPLACING);
}

static bool item_is_before(const WorkItem *a, const WorkItem *b) {
    if (a->unit != b->unit)
        return strcmp(a->unit->name, b->unit->name) < 0;
    if (!a->placement || !b->placement)
        return !a->placement && b->placement;
    return strcmp(a->placement->machine->id, b->placement->machine->id) < 0;
}

static bool entry_is_before(const WorkEntry *a, const WorkEntry *b) {
    return a->rank != b->rank ? a->rank < b->rank : item_is_before(a->item, b->item);
}

bool unit_is_before(const ClusterUnit *unit, const ClusterUnit *than) {
    uint64_t rank = unit_rank(unit), other = unit_rank(than);
    return rank != other ? rank < other : strcmp(unit->name, than->name) < 0;
}

static void work_queue_set(WorkQueue *queue, size_t i, WorkEntry entry) {
    queue->entries[i] = entry;
    entry.item->position = i + 1;
}

static void work_queue_rise(WorkQueue *queue, size_t i, WorkEntry entry) {
    for (size_t parent; i > 0; i = parent) {
        parent = (i - 1) / FANOUT;
        if (!entry_is_before(&entry, &queue->entries[parent]))
            break;
        work_queue_set(queue, i, queue->entries[parent]);
    }
    work_queue_set(queue, i, entry);
}

/* The child that is before all others; i: there is none. */
static size_t work_queue_first_child(const WorkQueue *queue, size_t i) {
    size_t first = i * FANOUT + 1, end = MIN(first + FANOUT, queue->n);
    if (first >= end)
        return i;
    for (size_t child = first + 1; child < end; child++)
        if (entry_is_before(&queue->entries[child], &queue->entries[first]))
            first = child;
    return first;
}

static void work_queue_sink(WorkQueue *queue, size_t i, WorkEntry entry) {
    for (size_t child; (child = work_queue_first_child(queue, i)) != i; i = child) {
        if (!entry_is_before(&queue->entries[child], &entry))
            break;
        work_queue_set(queue, i, queue->entries[child]);
    }
    work_queue_set(queue, i, entry);
}

static void work_queue_order(WorkQueue *queue) {
    for (size_t i = 0; i < queue->n; i++)
        queue->entries[i].rank = unit_rank(queue->entries[i].item->unit);
    for (size_t i = queue->n / FANOUT + 1; i-- > 0;)
        if (i < queue->n)
            work_queue_sink(queue, i, queue->entries[i]);
    queue->is_ordered = true;
}

static int work_queue_reserve(WorkQueue *queue) {
    if (queue->n < queue->n_allocated)
        return 0;
    size_t n_allocated = MAX((size_t) 64, queue->n_allocated * 2);
    WorkEntry *entries = realloc(queue->entries, n_allocated * sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    queue->entries = entries;
    queue->n_allocated = n_allocated;
    return 0;
}

int work_queue_push(WorkQueue *queue, WorkItem *item) {
    if (item->position > 0)
        return 0;
    int r = work_queue_reserve(queue);
    if (r < 0)
        return r;
    size_t i = queue->n++;
    if (queue->is_ordered)
        work_queue_rise(queue, i, (WorkEntry){unit_rank(item->unit), item});
    else
        work_queue_set(queue, i, (WorkEntry){.item = item});
    return 0;
}

void work_queue_remove(WorkQueue *queue, WorkItem *item) {
    if (item->position == 0)
        return;
    size_t i = item->position - 1;
    item->position = 0;
    WorkEntry last = queue->entries[--queue->n];
    if (last.item == item)
        return;
    if (!queue->is_ordered) {
        work_queue_set(queue, i, last);
        return;
    }
    work_queue_sink(queue, i, last);
    work_queue_rise(queue, last.item->position - 1, last);
}

WorkItem *work_queue_pop(WorkQueue *queue) {
    if (queue->n > 0 && !queue->is_ordered)
        work_queue_order(queue);
    if (queue->n == 0) {
        queue->is_ordered = false;
        return NULL;
    }
    WorkItem *item = queue->entries[0].item;
    work_queue_remove(queue, item);
    return item;
}

void work_queue_done(WorkQueue *queue) {
    free(queue->entries);
    *queue = (WorkQueue){};
}
