/* Unit files on their way to the machine: many go in one batch, as systemd is then asked once. */
#include "fleetd/agent/agent-internal.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"

#include <errno.h>

struct WriteRun {
    Agent *agent;
    WriteRun *next;
    AgentUnit **units;
    char **hashes;
    size_t n;
};

void write_run_free(WriteRun *run) {
    if (!run)
        return;
    strv_free(run->hashes);
    free(run->units);
    free(run);
}
DEFINE_POINTER_CLEANUP(WriteRun, write_run_free)

void agent_drop_write_run(Agent *agent, WriteRun *run) {
    for (WriteRun **p = &agent->writing; *p; p = &(*p)->next)
        if (*p == run) {
            *p = run->next;
            return;
        }
}

static void on_batch_written(int r, const char *message, void *userdata) {
    _cleanup_(write_run_freep) WriteRun *run = userdata;
    Agent *agent = run->agent;
    agent_drop_write_run(agent, run);
    if (r < 0 && run->n > 1)
        agent->write_singly = true;
    else if (!agent->writing)
        agent->write_singly = false;
    for (size_t i = 0; i < run->n; i++) {
        AgentUnit *unit = run->units[i];
        unit->running = TASK_NONE;
        int written = r < 0 ? r : agent_unit_note_written(unit, run->hashes[i]);
        if (written >= 0)
            agent_task_ended(unit, TASK_WRITE, JOB_RESULT_DONE, NULL, NULL);
        else if (run->n == 1)
            agent_task_ended(unit, TASK_WRITE, JOB_RESULT_ERROR,
                             message ? message : strerror(-written), NULL);
        else
            agent_mark(agent, unit->name);
    }
    timer_start_if_idle(agent->pass, 0); /* starts that waited for the files are still marked */
}

int agent_get_text(Agent *agent, AgentUnit *unit, const char **ret_text, size_t *ret_size) {
    int r = file_cache_get(agent->files, unit->order->hash, ret_text, ret_size);
    if (r == -ENOMEM)
        return 0; /* nothing is wrong with it: the cache asks again, as if it were on its way */
    if (r >= 0)
        return r;
    _cleanup_free_ char *message =
        str_printf("its unit file %.7s is %s", unit->order->hash,
                   r == -ENOENT ? "not in the store" : "not readable in the store");
    agent_unit_note_ended(unit, TASK_WRITE, JOB_RESULT_ERROR, message, NULL, loop_now(agent->loop));
    agent_unit_settle(unit, TASK_NONE, loop_now(agent->loop));
    unit->not_before_usec = 0;
    agent_publish(agent, unit);
    return r;
}

static int write_run_new(Agent *agent, size_t n_max, WriteRun **ret) {
    WriteRun *run = calloc(1, sizeof(WriteRun));
    if (!run)
        return -ENOMEM;
    *run = (WriteRun){.agent = agent, .units = calloc(n_max, sizeof(AgentUnit *))};
    if (!run->units) {
        free(run);
        return -ENOMEM;
    }
    *ret = run;
    return 0;
}

static int write_run_send(WriteRun *run_take, const UnitFileWrite *writes) {
    _cleanup_(write_run_freep) WriteRun *run = run_take;
    Agent *agent = run->agent;
    size_t n = run->n;
    if (n == 0)
        return 0;
    int r = unit_manager_write(agent->unit_manager, writes, n, on_batch_written, run);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++)
        run->units[i]->running = TASK_WRITE;
    run->next = agent->writing;
    agent->writing = TAKE_PTR(run);
    return 0;
}

int agent_write_batch(Agent *agent, AgentUnit **units, size_t n) {
    _cleanup_(write_run_freep) WriteRun *run = NULL;
    _cleanup_free_ UnitFileWrite *writes = calloc(n, sizeof(UnitFileWrite));
    int n_awaited = 0, r = write_run_new(agent, n, &run);
    if (!writes || r < 0)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        UnitFileWrite write = {.name = units[i]->name};
        r = agent_get_text(agent, units[i], &write.text, &write.size);
        if (r == 1) {
            if (strv_push(&run->hashes, units[i]->order->hash) < 0)
                return -ENOMEM;
            run->units[run->n] = units[i];
            writes[run->n++] = write;
            continue;
        }
        n_awaited += r == 0;
        if (map_put(agent->marked, units[i]->name, NULL) <
            0) /* without a pass: the file cache asks for it */
            return -ENOMEM;
    }
    if (run->n > 0)
        log_debug("Writing %zu unit file%s: '%s'%s", run->n, run->n == 1 ? "" : "s",
                  run->units[0]->name, run->n == 1 ? "" : " and more");
    r = write_run_send(TAKE_PTR(run), writes);
    return r < 0 ? r : n_awaited;
}
