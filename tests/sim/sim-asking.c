/* Asking a fleetd for something, as an HTTP client does. */
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"
#include "tests/sim/pausable-loop.h"
#include "tests/sim/sim-requests-internal.h"

static SimRequest *request_new(SimRequests *requests, SimNode *node, const SimRequestWhat *what) {
    SimRequest *request = sim_must(calloc(1, sizeof(SimRequest)));
    char hash[UNIT_FILE_HASH_LENGTH + 1] = "";
    if (what->text)
        sim_must_be_zero(unit_file_hash_text(what->text, strlen(what->text), hash));
    usec_t now = loop_now(requests->cluster->loop);
    *request = (SimRequest){
        .number = ++requests->n_requests,
        .kind = what->kind,
        .node = node,
        .name = sim_must(strdup(what->name)),
        .hash = sim_must(strdup(hash)),
        .desired = what->desired,
        .sent_usec = now,
        .gone_usec =
            what->patience_usec < USEC_INFINITY - now ? now + what->patience_usec : USEC_INFINITY,
        .sent_revision = sim_view_revision(requests->cluster->view),
        .maintenance = what->maintenance,
        .reboot = what->reboot,
        .count = what->count,
        .wanted = requests->acknowledged[node - requests->cluster->nodes],
    };
    if (what->kind == SIM_REQUEST_PATCH)
        request->key = sim_must(key_metadata(what->name, "disk"));
    else if (what->kind >= SIM_REQUEST_SCALE)
        request->key = sim_must(key_scale(what->name));
    else if (what->kind >= SIM_REQUEST_DEPLOY)
        request->key = sim_must(key_deployment(what->name));
    else if (what->kind == SIM_REQUEST_FAILOVER)
        request->key = sim_must(strdup(KEY_BRAKE_TEXT));
    else if (what->kind == SIM_REQUEST_REBOOT || what->kind == SIM_REQUEST_CANCEL)
        request->key = sim_must(key_reboot(what->name));
    else if (!sim_request_is_of_unit(request))
        request->key = sim_must(key_maintenance(what->name));
    else if (what->kind != SIM_REQUEST_READ)
        request->key = sim_must(key_unit(what->name));
    if (what->kind >= SIM_REQUEST_DEPLOY)
        request->records = sim_requests_records(requests, what->name);
    return request;
}

static char *format_maintenance(const Maintenance *maintenance) {
    if (!maintenance->is_draining)
        return sim_must(strdup("{\"message\":\"to be looked at\"}"));
    _cleanup_free_ char *deadline =
        maintenance->deadline_usec == 0
            ? sim_must(strdup(""))
            : sim_must(str_printf(",\"deadlineSeconds\":%" PRIu64,
                                  maintenance->deadline_usec / USEC_PER_SEC));
    return sim_must(str_printf("{\"drain\":true,\"ignoreGlobal\":%s%s}",
                               maintenance->ignore_global ? "true" : "false", deadline));
}

static char *format_reboot(const Reboot *reboot) {
    _cleanup_free_ char *deadline = reboot->drain_usec == 0
                                        ? sim_must(strdup(""))
                                        : sim_must(str_printf(",\"deadlineSeconds\":%" PRIu64,
                                                              reboot->drain_usec / USEC_PER_SEC));
    return sim_must(str_printf("{\"maxParallel\":%" PRIu64 ",\"timeoutSeconds\":%" PRIu64 "%s}",
                               reboot->max_parallel, reboot->timeout_usec / USEC_PER_SEC,
                               deadline));
}

/* Without a file it is a restart. */
static char *format_deployment(const SimRequestWhat *what) {
    if (!what->text)
        return sim_must(str_printf("{\"restart\":true,%s}", what->value));
    _cleanup_json_ json_object *text = sim_must(json_object_new_string(what->text));
    return sim_must(str_printf("{\"text\":%s,%s}", json_object_to_json_string(text), what->value));
}

static char *format_body(const SimRequestWhat *what) {
    if (what->kind == SIM_REQUEST_PATCH)
        return what->value
                   ? str_printf("[{\"op\":\"add\",\"path\":\"/%s/metadata/disk\","
                                "\"value\":\"%s\"}]",
                                what->name, what->value)
                   : str_printf("[{\"op\":\"remove\",\"path\":\"/%s/metadata/disk\"}]", what->name);
    if (what->kind == SIM_REQUEST_MAINTAIN)
        return format_maintenance(&what->maintenance);
    if (what->kind == SIM_REQUEST_REBOOT)
        return format_reboot(&what->reboot);
    if (what->kind == SIM_REQUEST_DEPLOY)
        return format_deployment(what);
    if (what->kind == SIM_REQUEST_SCALE)
        return sim_must(str_printf("{\"count\":%" PRIu64 "}", what->count));
    if (what->kind == SIM_REQUEST_SAY)
        return str_printf("{\"action\":\"%s\"}", what->value);
    if (what->kind != SIM_REQUEST_PUT)
        return NULL;
    _cleanup_json_ json_object *object = sim_must(json_object_new_object());
    sim_must_be_zero(
        json_add_string(object, "desiredState", launch_state_to_string(what->desired)));
    sim_must_be_zero(json_add_string(object, "text", what->text));
    return sim_must(json_format(object));
}

/* A read asks for what any fleetd has acknowledged last. */
static char *format_target(SimRequests *requests, SimRequest *request) {
    if (request->kind == SIM_REQUEST_PATCH)
        return sim_must(strdup("/fleet/v1/machines"));
    if (request->kind >= SIM_REQUEST_SCALE)
        return sim_must(str_printf("/fleet/v1/scales/%s", request->name));
    if (request->kind >= SIM_REQUEST_DEPLOY)
        return sim_must(str_printf("/fleet/v1/rollouts/%s", request->name));
    if (request->kind == SIM_REQUEST_FAILOVER)
        return sim_must(strdup("/fleet/v1/failover"));
    if (request->kind == SIM_REQUEST_REBOOT || request->kind == SIM_REQUEST_CANCEL)
        return sim_must(str_printf("/fleet/v1/reboots/%s", request->name));
    if (!sim_request_is_of_unit(request))
        return sim_must(str_printf("/fleet/v1/maintenance/%s", request->name));
    if (request->kind != SIM_REQUEST_READ)
        return sim_must(str_printf("/fleet/v1/units/%s", request->name));
    for (size_t i = 0; i < requests->cluster->n_nodes; i++)
        request->wanted = MAX(request->wanted, requests->acknowledged[i]);
    return sim_must(
        str_printf("/fleet/v1/units/%s?revision=%" PRId64, request->name, request->wanted));
}

static bool was_asked_already(const SimRequests *requests, const SimRequest *same) {
    const SimRequest *request;
    TAILQ_FOREACH(request, &requests->requests, link)
    if (request->recorded && request->kind == same->kind && request->node == same->node &&
        streq(request->name, same->name) && request->desired == same->desired &&
        request->count == same->count && streq(request->hash, same->hash))
        return true;
    return false;
}

static void request_send(SimRequests *requests, SimRequest *request, const char *body) {
    static const char *const methods[_SIM_REQUEST_KIND_MAX] = {
        [SIM_REQUEST_PUT] = "PUT",       [SIM_REQUEST_DELETE] = "DELETE",
        [SIM_REQUEST_PATCH] = "PATCH",   [SIM_REQUEST_READ] = "GET",
        [SIM_REQUEST_MAINTAIN] = "PUT",  [SIM_REQUEST_RELEASE] = "DELETE",
        [SIM_REQUEST_REBOOT] = "PUT",    [SIM_REQUEST_CANCEL] = "DELETE",
        [SIM_REQUEST_FAILOVER] = "POST", [SIM_REQUEST_DEPLOY] = "PUT",
        [SIM_REQUEST_SAY] = "PATCH",     [SIM_REQUEST_SCALE] = "PUT",
        [SIM_REQUEST_FORGET] = "DELETE",
    };
    _cleanup_free_ char *target = format_target(requests, request);
    const char *type =
        request->kind == SIM_REQUEST_PATCH ? "application/json-patch+json" : "application/json";
    request->recorded =
        sim_must(recorded_exchange_new(methods[request->kind], target, body ? type : NULL, body));
    sim_trace(requests->trace, "user: request %u to machine %zu: %s %s %s %.7s", request->number,
              (size_t) (request->node - requests->cluster->nodes) + 1, methods[request->kind],
              target,
              request->kind == SIM_REQUEST_PUT ? launch_state_to_string(request->desired) : "",
              request->hash);
    TAILQ_INSERT_TAIL(&requests->requests, request, link);
    requests->n_open++;
    api_serve(request->node->api, &request->recorded->exchange);
}

void sim_requests_ask(SimRequests *requests, SimNode *node, const SimRequestWhat *what) {
    if (!node->api || node->is_leaving || pausable_loop_is_paused(node->loop))
        return;
    SimRequest *request = request_new(requests, node, what);
    _cleanup_free_ char *body = format_body(what);
    if (was_asked_already(requests, request))
        sim_request_free(request);
    else
        request_send(requests, request, body);
}
