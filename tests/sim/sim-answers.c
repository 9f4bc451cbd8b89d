/* What users are told, and whether it is true. */
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "tests/sim/sim-requests-internal.h"

static SimOutcome outcome_of(const SimRequest *request) {
    const RecordedExchange *recorded = request->recorded;
    if (recorded->status == 200 || recorded->status == 201 || recorded->status == 204)
        return SIM_OUTCOME_ACKNOWLEDGED;
    bool is_sure = recorded->status != 503 || strstr(str_or(recorded->text, ""), "nothing was");
    return is_sure ? SIM_OUTCOME_REFUSED : SIM_OUTCOME_UNKNOWN;
}

static int64_t revision_of(const SimRequest *request) {
    const char *text = map_get(request->recorded->headers, "X-Fleet-Revision");
    return text ? strtoll(text, NULL, 10) : 0;
}

static bool version_is_of(const SimVersion *version, const SimRequest *request) {
    if (request->kind == SIM_REQUEST_DELETE)
        return !version->exists;
    return version->exists && version->desired == request->desired &&
           (!*request->hash || streq(request->hash, version->hash));
}

static void check_acknowledged(SimRequests *requests, SimRequest *request) {
    size_t machine = (size_t) (request->node - requests->cluster->nodes);
    int64_t revision = revision_of(request);
    requests->acknowledged[machine] = MAX(requests->acknowledged[machine], revision);
    if (!sim_request_is_of_unit(request))
        return;
    const SimVersion *version =
        sim_history_find(sim_requests_history(requests, request->name), revision);
    if (revision == 0 || !version || !version_is_of(version, request))
        sim_trace_fail(requests->trace,
                       "request %u for %s was acknowledged, and the store never had it",
                       request->number, request->name);
}

/* What it may be refused for: there is no unit to change or to destroy. */
static void check_refused(SimRequests *requests, SimRequest *request) {
    unsigned status = request->recorded->status;
    if (request->has_written && !sim_request_write_is_of_another(requests, request))
        sim_trace_fail(requests->trace, "request %u for %s was refused, and written",
                       request->number, request->name);
    bool is_missing = sim_history_shows(sim_requests_history(requests, request->name),
                                        request->sent_revision, false);
    if (status != 503 && sim_request_is_of_unit(request) && !is_missing)
        sim_trace_fail(requests->trace, "request %u for %s was refused with %u without a reason",
                       request->number, request->name, status);
}

static bool read_is_true(SimRequests *requests, const SimRequest *request) {
    const SimHistory *history = sim_requests_history(requests, request->name);
    _cleanup_json_ json_object *object = NULL;
    const char *hash, *desired, *text = str_or(request->recorded->text, "");
    int64_t revision;
    if (request->recorded->status == 404)
        return sim_history_shows(history, request->wanted, false);
    if (json_parse(text, strlen(text), &object, NULL) < 0 ||
        json_get_int(object, "revision", &revision, NULL) <= 0 ||
        json_need_string(object, "hash", &hash, NULL) < 0 ||
        json_need_string(object, "desiredState", &desired, NULL) < 0)
        return false;
    const SimVersion *version = sim_history_find(history, revision);
    return version && version->exists && streq(version->hash, hash) &&
           streq(launch_state_to_string(version->desired), desired) &&
           sim_history_held(history, version, request->wanted);
}

static void check_read(SimRequests *requests, const SimRequest *request) {
    if (request->recorded->status != 503 && !read_is_true(requests, request))
        sim_trace_fail(requests->trace,
                       "request %u reads what %s has not been since revision %" PRId64 ": %u %s",
                       request->number, request->name, request->wanted, request->recorded->status,
                       str_or(request->recorded->text, ""));
}

char *sim_requests_records(const SimRequests *requests, const char *name) {
    const SimView *view = requests->cluster->view;
    const Deployment *deployment = map_get(sim_view_all(view, KEY_DEPLOYMENT), name);
    const Rollout *rollout = map_get(sim_view_all(view, KEY_ROLLOUT), name);
    const TemplateScale *scale = map_get(sim_view_all(view, KEY_SCALE), name);
    _cleanup_free_ char *asked = deployment ? sim_must(deployment_format(deployment)) : NULL,
                        *done = rollout ? sim_must(rollout_format(rollout)) : NULL,
                        *kept = scale ? sim_must(template_scale_format(scale)) : NULL;
    return sim_must(str_printf("%s %s %s", str_or(asked, ""), str_or(done, ""), str_or(kept, "")));
}

static bool has_changed_since(SimRequests *requests, const SimRequest *request) {
    const SimHistory *history = sim_requests_history(requests, request->name);
    if (sim_history_before(history, INT64_MAX)->revision > request->sent_revision)
        return true;
    _cleanup_free_ char *now =
        request->records ? sim_requests_records(requests, request->name) : NULL;
    return now && !streq(now, request->records);
}

/* Who is well, with a store that is there, has no reason to say that it is not; but that others are
 * quicker again and again. */
static void check_unavailable(SimRequests *requests, const SimRequest *request) {
    if (has_changed_since(requests, request))
        return;
    usec_t well_since = sim_cluster_well_since(requests->cluster, request->node);
    if (request->recorded->status == 503 && well_since != USEC_INFINITY &&
        well_since + SIM_HEAL_USEC < request->sent_usec)
        sim_trace_fail(requests->trace, "request %u for %s was not answered, although all is well",
                       request->number, request->name);
}

static void request_end(SimRequests *requests, SimRequest *request, SimOutcome outcome) {
    request->outcome = outcome;
    requests->report->n_requests[request->kind][outcome]++;
    requests->n_open--;
    recorded_exchange_free(TAKE_PTR(request->recorded));
}

static void request_answered(SimRequests *requests, SimRequest *request) {
    SimOutcome outcome = outcome_of(request);
    sim_trace(requests->trace, "user: request %u: %u, revision %" PRId64, request->number,
              request->recorded->status, revision_of(request));
    check_unavailable(requests, request);
    if (request->kind == SIM_REQUEST_READ)
        check_read(requests, request);
    else if (outcome == SIM_OUTCOME_ACKNOWLEDGED)
        check_acknowledged(requests, request);
    else if (outcome == SIM_OUTCOME_REFUSED)
        check_refused(requests, request);
    request_end(requests, request, outcome);
}

static void request_lose(SimRequests *requests, SimRequest *request, const char *why) {
    sim_trace(requests->trace, "user: request %u: %s", request->number, why);
    request_end(requests, request, SIM_OUTCOME_LOST);
}

void sim_requests_step(SimRequests *requests) {
    SimRequest *request;
    if (requests->n_open == 0)
        return;
    TAILQ_FOREACH(request, &requests->requests, link) {
        if (!request->recorded)
            continue;
        if (loop_now(requests->cluster->loop) >= request->gone_usec)
            request_lose(requests, request, "the user is gone");
        else if (request->recorded->is_ended)
            request_answered(requests, request);
    }
}

void sim_requests_lose(SimRequests *requests, const SimNode *node) {
    SimRequest *request;
    requests->acknowledged[node - requests->cluster->nodes] = 0;
    TAILQ_FOREACH(request, &requests->requests, link)
    if (request->recorded && request->node == node)
        request_lose(requests, request, "the connection is lost");
}

bool sim_requests_are_answered(const SimRequests *requests) {
    return requests->n_open == 0;
}

void sim_requests_check_answers(const SimRequests *requests) {
    const SimRequest *request;
    TAILQ_FOREACH(request, &requests->requests, link) {
        usec_t well_since = sim_node_well_since(request->node);
        if (request->recorded && well_since != USEC_INFINITY &&
            loop_now(requests->cluster->loop) >
                MAX(well_since, request->sent_usec) + SIM_API_TIMEOUT + SIM_API_SLACK)
            sim_trace_fail(requests->trace, "request %u for %s is not answered at all",
                           request->number, request->name);
    }
}
