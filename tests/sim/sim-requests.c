/* Which requests there are, and what fleetds write for them. */
#include "tests/sim/sim-requests-internal.h"

SimHistory *sim_requests_history(SimRequests *requests, const char *name) {
    SimHistory *history = map_get(requests->histories, name);
    if (history)
        return history;
    history = sim_history_new();
    if (map_put(requests->histories, name, history) < 0)
        abort();
    return history;
}

void sim_requests_note_unit(SimRequests *requests, const char *name, const Unit *unit,
                            int64_t revision) {
    sim_history_add(sim_requests_history(requests, name), revision, unit);
    sim_trace(requests->trace, "store: %s is to be %s, by file %.7s: revision %" PRId64, name,
              unit ? launch_state_to_string(unit->desired) : "gone", unit ? unit->hash : "none",
              revision);
}

bool sim_request_is_of_unit(const SimRequest *request) {
    return request->kind <= SIM_REQUEST_DELETE || request->kind == SIM_REQUEST_READ;
}

/* Its deadline counts from when fleetd took it up. */
static bool request_asks_for_maintenance(const SimRequest *request, const Maintenance *written) {
    const Maintenance *wanted = &request->maintenance;
    if (!written || request->kind != SIM_REQUEST_MAINTAIN)
        return !written && request->kind == SIM_REQUEST_RELEASE;
    return written->is_draining == wanted->is_draining &&
           written->ignore_global == wanted->ignore_global &&
           (written->deadline_usec > 0) == (wanted->deadline_usec > 0);
}

static bool request_asks_for_reboot(const SimRequest *request, const Reboot *written) {
    const Reboot *wanted = &request->reboot;
    if (!written || request->kind != SIM_REQUEST_REBOOT)
        return !written && request->kind == SIM_REQUEST_CANCEL;
    return written->phase == REBOOT_WAITING && !written->has_returned &&
           written->max_parallel == wanted->max_parallel &&
           written->drain_usec == wanted->drain_usec &&
           written->timeout_usec == wanted->timeout_usec;
}

static bool request_is_of_reboot(const SimRequest *request) {
    return request->kind == SIM_REQUEST_REBOOT || request->kind == SIM_REQUEST_CANCEL;
}

/* Who brings no file leaves the unit the one that it has. */
static bool request_asks_for(SimRequests *requests, const SimRequest *request,
                             const SimWritten *written) {
    const Unit *unit = written->unit;
    if (request->kind == SIM_REQUEST_PATCH)
        return true;
    if (request->kind >= SIM_REQUEST_SCALE)
        return written->scale
                   ? request->kind == SIM_REQUEST_SCALE && written->scale->count == request->count
                   : request->kind == SIM_REQUEST_FORGET;
    if (request->kind >= SIM_REQUEST_DEPLOY)
        return (request->kind == SIM_REQUEST_DEPLOY && *request->hash) == written->has_file &&
               (request->kind == SIM_REQUEST_DEPLOY && !*request->hash) == written->is_restart;
    if (request->kind == SIM_REQUEST_FAILOVER)
        return written->is_release;
    if (request_is_of_reboot(request))
        return request_asks_for_reboot(request, written->reboot);
    if (!sim_request_is_of_unit(request))
        return request_asks_for_maintenance(request, written->maintenance);
    if (request->kind == SIM_REQUEST_DELETE || !unit)
        return request->kind == SIM_REQUEST_DELETE && !unit;
    const SimVersion *before =
        sim_history_before(sim_requests_history(requests, request->name), written->revision);
    return request->desired == unit->desired &&
           streq(*request->hash ? request->hash : before->hash, unit->hash);
}

bool sim_request_write_is_of_another(SimRequests *requests, const SimRequest *request) {
    SimRequest *other;
    TAILQ_FOREACH(other, &requests->requests, link) {
        if (other == request || other->has_written || other->outcome == SIM_OUTCOME_REFUSED ||
            other->node != request->node || !streq_ptr(other->key, request->key) ||
            other->kind != request->kind || other->desired != request->desired)
            continue;
        other->has_written = true;
        return true;
    }
    return false;
}

static bool request_may_write(SimRequests *requests, SimRequest *request) {
    if (request->outcome == SIM_OUTCOME_REFUSED)
        return false;
    if (!request->has_written)
        return request->has_written = true;
    return sim_request_write_is_of_another(requests, request);
}

bool sim_requests_account_for(SimRequests *requests, const SimNode *node,
                              const SimWritten *written) {
    SimRequest *request;
    TAILQ_FOREACH(request, &requests->requests, link)
    if (request->node == node && streq_ptr(request->key, written->key) &&
        request_asks_for(requests, request, written) && request_may_write(requests, request))
        return true;
    return false;
}

/* --- making --- */

void sim_request_free(SimRequest *request) {
    recorded_exchange_free(request->recorded);
    free(request->name);
    free(request->key);
    free(request->hash);
    free(request->records);
    free(request);
}

SimRequests *sim_requests_new(SimCluster *cluster, SimTrace *trace, SimReport *report) {
    SimRequests *requests = sim_must(calloc(1, sizeof(SimRequests)));
    *requests = (SimRequests){.cluster = cluster,
                              .trace = trace,
                              .report = report,
                              .histories = sim_must(map_new((MapFreeValue) sim_history_free))};
    TAILQ_INIT(&requests->requests);
    return requests;
}

void sim_requests_free(SimRequests *requests) {
    SimRequest *request;
    if (!requests)
        return;
    while ((request = TAILQ_FIRST(&requests->requests))) {
        TAILQ_REMOVE(&requests->requests, request, link);
        sim_request_free(request);
    }
    map_free(requests->histories);
    free(requests);
}
