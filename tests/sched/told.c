#include "tests/sched/told.h"

#include "fleetd/base/strv.h"

#include <stdlib.h>

static void *must_have(void *p) {
    if (!p)
        abort();
    return p;
}

static void place_take(Told *told, const Order *order) {
    _cleanup_free_ char *key = must_have(str_printf("%s/%s", order->machine_id, order->name));
    Order *copy = must_have(calloc(1, sizeof(Order)));
    *copy = (Order){.machine_id = must_have(strdup(order->machine_id)),
                    .name = must_have(strdup(order->name)),
                    .hash = must_have(strdup(str_or(order->hash, ""))),
                    .desired = order->desired};
    if (map_put(told->places, key, copy) < 0)
        abort();
}

Told *told_take(const Map *orders, const Map *pendings) {
    Told *told = must_have(calloc(1, sizeof(Told)));
    told->places = must_have(map_new((MapFreeValue) order_free));
    told->waits = must_have(map_new(NULL));
    const char *key;
    const Order *order;
    _unused_ const Pending *pending;
    MAP_FOREACH (key, order, orders)
        if (order->desired != LAUNCH_STATE_INACTIVE)
            place_take(told, order);
    MAP_FOREACH (key, pending, pendings)
        if (map_put(told->waits, key, NULL) < 0)
            abort();
    return told;
}

void told_free(Told *told) {
    if (!told)
        return;
    map_free(told->places);
    map_free(told->waits);
    free(told);
}

static const ForecastChange *find_change(const Forecast *forecast, const char *id, const char *name,
                                         bool is_to) {
    for (size_t i = 0; i < forecast->n_changes; i++) {
        const ForecastChange *change = &forecast->changes[i];
        if (streq(change->name, name) && streq_ptr(is_to ? change->to : change->from, id))
            return change;
    }
    return NULL;
}

#define KIND(kind) (1u << (FORECAST_##kind))

static bool is_told(const ForecastChange *change, unsigned kinds) {
    return change && (kinds & 1u << change->kind) != 0;
}

static const ForecastChange *find_move(const Forecast *forecast, const char *name) {
    for (size_t i = 0; i < forecast->n_changes; i++)
        if (streq(forecast->changes[i].name, name) && is_told(&forecast->changes[i], KIND(MOVE)))
            return &forecast->changes[i];
    return NULL;
}

static bool is_anywhere(const Told *told, const char *name) {
    _unused_ const char *key;
    const Order *order;
    MAP_FOREACH (key, order, told->places)
        if (streq(order->name, name))
            return true;
    return false;
}

/* What comes to a place, and what is another thing there. */
static char *check_after(const Forecast *forecast, const Order *was, const Order *is,
                         bool is_paced) {
    const ForecastChange *change = find_change(forecast, is->machine_id, is->name, true);
    if (is_paced && !was && !change)
        change = find_move(forecast, is->name);
    bool is_launched = is->desired == LAUNCH_STATE_LAUNCHED,
         was_launched = was && was->desired == LAUNCH_STATE_LAUNCHED;
    bool is_good;
    if (!was)
        is_good = is_told(change, (is_launched ? KIND(START) : KIND(LOAD)) | KIND(MOVE));
    else if (is_launched != was_launched)
        is_good = is_told(change, is_launched ? KIND(START) : KIND(STOP));
    else if (!streq(was->hash, is->hash))
        is_good = is_told(change, is_launched ? KIND(RESTART) : KIND(LOAD));
    else
        is_good = !change || is_told(change, KIND(RESTART) | KIND(LOAD) | KIND(WAIT));
    return is_good ? NULL
                   : str_printf("%s is %s on %s, and was told to %s there", is->name,
                                launch_state_to_string(is->desired), is->machine_id,
                                change ? forecast_kind_to_string(change->kind) : "stay as it is");
}

/* What has gone from a place. */
static char *check_before(const Forecast *forecast, const Order *was) {
    const ForecastChange *change = find_change(forecast, was->machine_id, was->name, false);
    bool is_good = is_told(change, KIND(STOP) | KIND(UNLOAD) | KIND(WAIT) | KIND(MOVE)) &&
                   !streq_ptr(change->to, was->machine_id);
    return is_good ? NULL
                   : str_printf("%s has left %s, which was not told", was->name, was->machine_id);
}

/* Nothing that was told did not happen. */
static char *check_change(const Told *after, const ForecastChange *change, bool is_paced) {
    _cleanup_free_ char *from = str_printf("%s/%s", str_or(change->from, ""), change->name),
                        *to = str_printf("%s/%s", str_or(change->to, ""), change->name);
    bool has_left = !change->from || streq_ptr(change->from, change->to) ||
                    !map_has(after->places, must_have(from)),
         is_there = !change->to || map_has(after->places, must_have(to)) ||
                    (is_paced && change->kind == FORECAST_MOVE && is_anywhere(after, change->name)),
         waits = change->kind != FORECAST_WAIT || change->to || map_has(after->waits, change->name);
    return has_left && is_there && waits
               ? NULL
               : str_printf("%s was told to %s from %s to %s, and did not: %s", change->name,
                            forecast_kind_to_string(change->kind), str_or(change->from, "nowhere"),
                            str_or(change->to, "nowhere"), change->reason);
}

static bool wait_is_told(const Forecast *forecast, const char *name) {
    for (size_t i = 0; i < forecast->n_changes; i++)
        if (streq(forecast->changes[i].name, name) && !forecast->changes[i].to &&
            forecast->changes[i].kind == FORECAST_WAIT)
            return true;
    return false;
}

static char *check_waits(const Told *before, const Told *after, const Forecast *forecast) {
    const char *name;
    _unused_ const void *nothing;
    MAP_FOREACH (name, nothing, after->waits)
        if (!map_has(before->waits, name) && !wait_is_told(forecast, name))
            return str_printf("%s waits, which was not told", name);
    return NULL;
}

char *told_compare(const Told *before, const Told *after, const Forecast *forecast, bool is_paced) {
    const char *key;
    const Order *order;
    char *complaint = NULL;
    MAP_FOREACH (key, order, after->places)
        if (!complaint)
            complaint = check_after(forecast, map_get(before->places, key), order, is_paced);
    MAP_FOREACH (key, order, before->places)
        if (!complaint && !map_has(after->places, key))
            complaint = check_before(forecast, order);
    for (size_t i = 0; i < forecast->n_changes && !complaint; i++)
        complaint = check_change(after, &forecast->changes[i], is_paced);
    return complaint ? complaint : check_waits(before, after, forecast);
}
