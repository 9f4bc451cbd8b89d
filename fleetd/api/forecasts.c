/* POST of a plan: what would come of a request. Nothing is written; whoever is wired in for it
 * (api.h) reads the cluster from the store and plays the request through. */
#include "fleetd/api/forecast-request.h"
#include "fleetd/api/write.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"

#include <errno.h>

typedef struct PlanAsk {
    ApiWrite base;
    ForecastRequest request;
    void *forecasting; /* NULL: not begun */
} PlanAsk;

/* --- the answer --- */

static json_object *change_to_json(const ForecastChange *change) {
    _cleanup_json_ json_object *object = json_object_new_object();
    if (!object || json_add_string(object, "unit", change->name) < 0 ||
        json_add_string(object, "change", forecast_kind_to_string(change->kind)) < 0 ||
        json_add_nullable(object, "fromMachineID", change->from) < 0 ||
        json_add_nullable(object, "machineID", change->to) < 0 ||
        json_add_string(object, "reason", change->reason) < 0)
        return NULL;
    return TAKE_PTR(object);
}

static json_object *forecast_to_json(const Forecast *forecast) {
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *changes = NULL;
    if (!object || json_add_int(object, "revision", forecast->revision) < 0 ||
        json_add_bool(object, "hasChanges", forecast->has_changes) < 0 ||
        json_add_take(object, "changes", changes = json_object_new_array()) < 0)
        return NULL;
    for (size_t i = 0; i < forecast->n_changes; i++)
        if (json_array_add_take(changes, change_to_json(&forecast->changes[i])) < 0)
            return NULL;
    return TAKE_PTR(object);
}

static void on_forecast(int r, const Forecast *forecast, const char *why, void *userdata) {
    PlanAsk *ask = userdata;
    if (r == -ENOENT)
        api_write_refuse(&ask->base, 404, "%s", str_or(why, strerror(-r)));
    else if (r < 0)
        api_write_refuse(&ask->base, 503, "what would happen cannot be told: %s",
                         str_or(why, strerror(-r)));
    else
        api_write_tell_take(&ask->base, forecast_to_json(forecast), forecast->revision);
}

/* --- asking --- */

static void ask_start(ApiWrite *base) {
    PlanAsk *ask = (PlanAsk *) base;
    const ApiForecaster *forecaster = &base->api->options.forecaster;
    int r = forecaster->begin ? forecaster->begin(&ask->request, on_forecast, ask,
                                                  forecaster->userdata, &ask->forecasting)
                              : -EOPNOTSUPP;
    if (r < 0)
        api_write_refuse(base, 503, "what would happen cannot be told: %s", strerror(-r));
}

static void ask_free(ApiWrite *base) {
    PlanAsk *ask = (PlanAsk *) base;
    if (ask->forecasting)
        base->api->options.forecaster.end(ask->forecasting);
    forecast_request_done(&ask->request);
    free(ask);
}

static void ask_begin_take(Api *api, ApiExchange *exchange, ForecastRequest *request) {
    static const ApiWriteKind kind = {.start = ask_start, .free = ask_free};
    PlanAsk *ask = calloc(1, sizeof(PlanAsk));
    if (!ask) {
        forecast_request_done(request);
        answer_no_memory(exchange);
        return;
    }
    ask->base.kind = &kind;
    ask->base.deed = "changed";
    ask->request = *request;
    ask->base.subject = strdup("the cluster");
    if (ask->base.subject) {
        api_write_begin_take(api, exchange, &ask->base);
        return;
    }
    api_write_free(&ask->base);
    answer_no_memory(exchange);
}

void plan_post(Api *api, ApiExchange *exchange, _unused_ const char *name) {
    _cleanup_error_ Error error = {};
    ForecastRequest request;
    int r = forecast_request_parse(exchange->body, exchange->body_size, &request, &error);
    if (r == -ENOMEM)
        answer_no_memory(exchange);
    else if (r < 0)
        answer_error(exchange, 400, "%s", error_text(&error, r));
    else
        ask_begin_take(api, exchange, &request);
}
