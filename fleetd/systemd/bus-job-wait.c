/* systemd queues a job and answers with its path; later it says how the job ended. That may come
 * first, so results are kept while an answer is awaited. Several calls may share a job. */
#include "fleetd/base/strv.h"
#include "fleetd/systemd/bus-private.h"

void bus_job_removed(BusUnitManager *um, const char *path, const char *result) {
    BusOp *op = map_take(um->jobs, path);
    if (um->job_calls > 0) {
        char *copy = strdup(result);
        if (copy && map_put(um->early_results, path, copy) < 0)
            free(copy);
    }
    for (BusOp *next; op; op = next) {
        next = op->next_same_job;
        op->job_steps->ended(op, result);
    }
}

static void job_wait(BusOp *op, const char *path) {
    BusUnitManager *um = op->um;
    const char *early = map_get(um->early_results, path);
    if (early)
        return op->job_steps->ended(op, early);
    BusOp *last = map_get(um->jobs, path);
    while (last && last->next_same_job)
        last = last->next_same_job;
    int r = 0;
    if (last)
        last->next_same_job = op;
    else
        r = map_put(um->jobs, path, op);
    if (r < 0)
        bus_op_fail(op, r, NULL);
}

static void job_accepted(BusOp *op, sd_bus_message *reply) {
    const char *path;
    int r = sd_bus_message_read(reply, "o", &path);
    if (r >= 0 && op->job_steps->queued)
        r = op->job_steps->queued(op);
    if (r < 0)
        return bus_op_fail(op, r, NULL);
    job_wait(op, path);
}

static void on_queued(BusOp *op, sd_bus_message *reply, const sd_bus_error *error) {
    BusUnitManager *um = op->um;
    if (error)
        op->job_steps->refused(op, error);
    else
        job_accepted(op, reply);
    if (um->job_calls > 0 && --um->job_calls == 0)
        map_clear(um->early_results);
}

void bus_op_queue_job(BusOp *op, const BusJobSteps *steps, const char *method, const char *name) {
    op->job_steps = steps;
    op->next_same_job = NULL;
    op->um->job_calls++;
    bus_op_call(op, on_queued, method, "ss", name, "replace");
}
