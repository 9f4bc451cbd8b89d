#include "fleetd/sched/work-queue.h"

#include "fleetd/sched/cluster-internal.h"

#include <errno.h>

static bool unit_replaces_any(const ClusterUnit *unit) {
    return unit->requirements && !globs_are_empty(unit->requirements->replaces);
}

static bool work_item_is_before(const WorkItem *a, const WorkItem *b) {
    if (a->unit != b->unit) {
        bool a_replaces = unit_replaces_any(a->unit), b_replaces = unit_replaces_any(b->unit);
        return a_replaces != b_replaces ? a_replaces : strcmp(a->unit->name, b->unit->name) < 0;
    }
    if (!a->placement || !b->placement)
        return !a->placement && b->placement;
    return strcmp(a->placement->machine->id, b->placement->machine->id) < 0;
}

static void work_queue_set(WorkQueue *queue, size_t position, WorkItem *item) {
    queue->items[position - 1] = item;
    item->position = position;
}

static void work_queue_rise(WorkQueue *queue, size_t position, WorkItem *item) {
    for (; position > 1; position /= 2) {
        WorkItem *parent = queue->items[position / 2 - 1];
        if (!work_item_is_before(item, parent))
            break;
        work_queue_set(queue, position, parent);
    }
    work_queue_set(queue, position, item);
}

static void work_queue_sink(WorkQueue *queue, size_t position, WorkItem *item) {
    for (size_t child = 2 * position; child <= queue->n; child = 2 * position) {
        if (child < queue->n && work_item_is_before(queue->items[child], queue->items[child - 1]))
            child++;
        if (!work_item_is_before(queue->items[child - 1], item))
            break;
        work_queue_set(queue, position, queue->items[child - 1]);
        position = child;
    }
    work_queue_set(queue, position, item);
}

int work_queue_push(WorkQueue *queue, WorkItem *item) {
    if (item->position > 0)
        return 0;
    if (queue->n == queue->n_allocated) {
        size_t n_allocated = MAX((size_t) 64, queue->n_allocated * 2);
        WorkItem **items = realloc(queue->items, n_allocated * sizeof(*items));
        if (!items)
            return -ENOMEM;
        queue->items = items;
        queue->n_allocated = n_allocated;
    }
    work_queue_rise(queue, ++queue->n, item);
    return 0;
}

void work_queue_remove(WorkQueue *queue, WorkItem *item) {
    size_t position = item->position;
    if (position == 0)
        return;
    item->position = 0;
    WorkItem *last = queue->items[--queue->n];
    if (last == item)
        return;
    work_queue_sink(queue, position, last);
    work_queue_rise(queue, last->position, last);
}

WorkItem *work_queue_pop(WorkQueue *queue) {
    if (queue->n == 0)
        return NULL;
    WorkItem *item = queue->items[0];
    work_queue_remove(queue, item);
    return item;
}

void work_queue_done(WorkQueue *queue) {
    free(queue->items);
    *queue = (WorkQueue){};
}
