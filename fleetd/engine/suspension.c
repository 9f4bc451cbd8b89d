#include "fleetd/engine/suspension.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/requirements.h"

#include <errno.h>

typedef struct SuspendedOrder {
    char *machine_id, *name;
    int64_t revision;
    usec_t due_usec;
} SuspendedOrder;

struct Suspension {
    Loop *loop;
    void (*on_over)(const char *machine_id, const char *name, void *userdata);
    void *userdata;
    Map *orders; /* SuspendedOrder by "machine/name" */
    Timer *timer;
};

static void suspended_order_free(void *value) {
    SuspendedOrder *order = value;
    if (!order)
        return;
    free(order->machine_id);
    free(order->name);
    free(order);
}

/* One that is due, taken out; NULL: none, and when the next one is. */
static SuspendedOrder *suspension_take_due(Suspension *suspension, usec_t *ret_next) {
    usec_t now = loop_now(suspension->loop);
    const char *key;
    const SuspendedOrder *order;
    *ret_next = USEC_INFINITY;
    MAP_FOREACH (key, order, suspension->orders) {
        if (order->due_usec <= now)
            return map_take(suspension->orders, key);
        *ret_next = MIN(*ret_next, order->due_usec);
    }
    return NULL;
}

static void on_timer(void *userdata) {
    Suspension *suspension = userdata;
    usec_t next;
    for (SuspendedOrder *order; (order = suspension_take_due(suspension, &next));) {
        suspension->on_over(order->machine_id, order->name, suspension->userdata);
        suspended_order_free(order);
    }
    if (next != USEC_INFINITY)
        timer_start(suspension->timer, next - loop_now(suspension->loop));
}

int suspension_new(Loop *loop,
                   void (*on_over)(const char *machine_id, const char *name, void *userdata),
                   void *userdata, Suspension **ret) {
    _cleanup_(suspension_freep) Suspension *suspension = calloc(1, sizeof(Suspension));
    if (!suspension)
        return -ENOMEM;
    *suspension = (Suspension){
        .loop = loop,
        .on_over = on_over,
        .userdata = userdata,
        .orders = map_new(suspended_order_free),
    };
    if (!suspension->orders)
        return -ENOMEM;
    int r = timer_new(loop, on_timer, suspension, &suspension->timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(suspension);
    return 0;
}

void suspension_free(Suspension *suspension) {
    if (!suspension)
        return;
    timer_free(suspension->timer);
    map_free(suspension->orders);
    free(suspension);
}

static int suspension_add(Suspension *suspension, const char *key, const char *machine_id,
                          const char *name, const Order *order, int64_t revision) {
    SuspendedOrder *suspended = calloc(1, sizeof(SuspendedOrder));
    if (!suspended)
        return -ENOMEM;
    *suspended = (SuspendedOrder){
        .machine_id = strdup(machine_id),
        .name = strdup(name),
        .revision = revision,
        .due_usec = loop_now(suspension->loop) + order->stop_within_usec + STOP_MARGIN_USEC,
    };
    if (!suspended->machine_id || !suspended->name ||
        map_put(suspension->orders, key, suspended) < 0) {
        suspended_order_free(suspended);
        return -ENOMEM;
    }
    timer_start(suspension->timer, 0); /* finds out when the next is due */
    return 0;
}

int suspension_set(Suspension *suspension, const char *machine_id, const char *name,
                   const Order *order, int64_t revision) {
    bool is_suspended = order && order->is_suspended;
    if (!is_suspended && map_size(suspension->orders) == 0)
        return 0; /* as almost always */
    _cleanup_free_ char *key = str_printf("%s/%s", machine_id, name);
    if (!key)
        return -ENOMEM;
    const SuspendedOrder *known = map_get(suspension->orders, key);
    if (is_suspended && known && known->revision == revision)
        return 0;
    map_remove(suspension->orders, key);
    return is_suspended ? suspension_add(suspension, key, machine_id, name, order, revision) : 0;
}
