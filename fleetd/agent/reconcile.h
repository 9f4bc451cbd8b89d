/* What to do next for one unit on this machine: order x actual state -> task. Pure: the same input
 * gives the same task, and no task for a unit ever depends on another unit. */
#pragma once

#include "fleetd/model/unit.h"
#include "fleetd/systemd/unit-manager.h"

typedef enum TaskKind {
    TASK_NONE,  /* the unit is as ordered */
    TASK_WRITE, /* put the ordered file on the machine */
    TASK_START,
    TASK_STOP,
    TASK_REMOVE,  /* take its file away */
    TASK_RESTART, /* for its health's sake: no order asks for it */
    _TASK_KIND_MAX,
    _TASK_KIND_INVALID = -EINVAL,
} TaskKind;

typedef struct Task {
    TaskKind kind;
    const char *reason; /* for the log; static */
    bool needs_file;    /* of STOP: not before the text of the ordered file is at hand */
} Task;

/* order NULL: this machine has no business with the unit. status NULL: fleet has no file of it
 * here. answered_revision: the unit_revision of the last order that was carried out since fleetd
 * started, 0 if none was: a unit found running after a restart of fleetd is not judged by orders
 * that were carried out before. */
Task reconcile_unit(const Order *order, const UnitStatus *status, int64_t answered_revision);

/* Whether a start that is under way is not wanted any more: the order asks for something else now,
 * for another file than the one on the machine, or for one more restart. */
bool reconcile_start_is_stale(const Order *order, const UnitStatus *status);

/* What the status amounts to in fleet's terms. */
LaunchState reconcile_current(const UnitStatus *status);

const char *task_kind_to_string(TaskKind kind);
