#include "fleetd/agent/reconcile.h"

static Task task(TaskKind kind, const char *reason) {
    return (Task){.kind = kind, .reason = reason};
}

static bool status_has_file(const UnitStatus *status, const char *hash) {
    return status->hash && streq_ptr(status->hash, hash);
}

/* A changed file replaces the old one only when the old unit has stopped, by the old file's own
 * ExecStop=. */
static Task reconcile_file(const UnitStatus *status) {
    if (status && unit_status_is_running(status))
        return (Task){
            .kind = TASK_STOP, .reason = "its unit file is to be replaced", .needs_file = true};
    return task(TASK_WRITE, status ? "its unit file has changed" : "it has been ordered here");
}

/* Loaded means: not started by fleet. What runs all the same was started by its timer, its socket
 * or another unit and is left alone, except by an order that came while it ran, as that is somebody
 * saying stop. */
static Task reconcile_loaded(const Order *order, const UnitStatus *status,
                             int64_t answered_revision) {
    if (status->was_launched)
        return task(TASK_STOP, "it is to be loaded only");
    bool is_new_order = answered_revision != 0 && order->unit_revision > answered_revision;
    if (is_new_order && unit_status_is_running(status))
        return task(TASK_STOP, "it is to be loaded only");
    return task(TASK_NONE, NULL);
}

/* A higher number than that for which it was started: one that is lower comes of a fleetd that
 * knows of none, or of a store that has gone back. */
static bool is_to_be_restarted(const Order *order, const UnitStatus *status) {
    return order->desired == LAUNCH_STATE_LAUNCHED && status->was_launched &&
           status->restart >= 0 && order->restart > status->restart;
}

Task reconcile_unit(const Order *order, const UnitStatus *status, int64_t answered_revision) {
    if (!order || order->desired == LAUNCH_STATE_INACTIVE) {
        if (!status)
            return task(TASK_NONE, NULL);
        if (unit_status_is_running(status))
            return task(TASK_STOP, order ? "its order was withdrawn" : "it has no order here");
        return task(TASK_REMOVE, order ? "its order was withdrawn" : "it has no order here");
    }
    if (!status || !status_has_file(status, order->hash))
        return reconcile_file(status);
    if (order->desired == LAUNCH_STATE_LOADED)
        return reconcile_loaded(order, status, answered_revision);
    /* Started once for this order is enough, and for each restart: whether it restarts by itself,
     * fails or ends is between its file and systemd. */
    if (!status->was_launched)
        return task(TASK_START, "it is to be launched");
    if (is_to_be_restarted(order, status))
        return task(TASK_STOP, "it is to be restarted");
    return task(TASK_NONE, NULL);
}

bool reconcile_start_is_stale(const Order *order, const UnitStatus *status) {
    return !order || order->desired != LAUNCH_STATE_LAUNCHED || !status ||
           !status_has_file(status, order->hash) || is_to_be_restarted(order, status);
}

LaunchState reconcile_current(const UnitStatus *status) {
    if (!status || !status->hash)
        return LAUNCH_STATE_INACTIVE;
    return status->was_launched ? LAUNCH_STATE_LAUNCHED : LAUNCH_STATE_LOADED;
}

static const char *const task_kind_names[_TASK_KIND_MAX] = {
    [TASK_NONE] = "none", [TASK_WRITE] = "write",   [TASK_START] = "start",
    [TASK_STOP] = "stop", [TASK_REMOVE] = "remove", [TASK_RESTART] = "restart",
};

const char *task_kind_to_string(TaskKind kind) {
    return kind >= 0 && kind < _TASK_KIND_MAX ? task_kind_names[kind] : NULL;
}
