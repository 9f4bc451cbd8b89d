#include "fleetd/engine/suspension.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "fleetd/engine/deadlines.h"
#include "fleetd/model/requirements.h"

#include <errno.h>

typedef struct SuspendedOrder {
    char *machine_id, *name;
    int64_t revision;
} SuspendedOrder;

struct Suspension {
    void (*on_over)(const char *machine_id, const char *name, void *userdata);
    void *userdata;
    Map *orders;          /* SuspendedOrder by "machine/name" */
    Deadlines *deadlines; /* under the same */
};

static void suspended_order_free(void *value) {
    SuspendedOrder *order = value;
    if (!order)
        return;
    free(order->machine_id);
    free(order->name);
    free(order);
}

static void on_due(const char *key, void *userdata) {
    Suspension *suspension = userdata;
    SuspendedOrder *order = map_take(suspension->orders, key);
    suspension->on_over(order->machine_id, order->name, suspension->userdata);
    suspended_order_free(order);
}

int suspension_new(Loop *loop,
                   void (*on_over)(const char *machine_id, const char *name, void *userdata),
                   void *userdata, Suspension **ret) {
    _cleanup_(suspension_freep) Suspension *suspension = calloc(1, sizeof(Suspension));
    if (!suspension)
        return -ENOMEM;
    *suspension = (Suspension){
        .on_over = on_over,
        .userdata = userdata,
        .orders = map_new(suspended_order_free),
    };
    if (!suspension->orders)
        return -ENOMEM;
    int r = deadlines_new(loop, on_due, suspension, &suspension->deadlines);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(suspension);
    return 0;
}

void suspension_free(Suspension *suspension) {
    if (!suspension)
        return;
    deadlines_free(suspension->deadlines);
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
    };
    if (!suspended->machine_id || !suspended->name ||
        map_put(suspension->orders, key, suspended) < 0) {
        suspended_order_free(suspended);
        return -ENOMEM;
    }
    return deadlines_set(suspension->deadlines, key, order->stop_within_usec + STOP_MARGIN_USEC);
}

static void suspension_remove(Suspension *suspension, const char *key) {
    deadlines_remove(suspension->deadlines, key);
    map_remove(suspension->orders, key);
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
    suspension_remove(suspension, key);
    return is_suspended ? suspension_add(suspension, key, machine_id, name, order, revision) : 0;
}
