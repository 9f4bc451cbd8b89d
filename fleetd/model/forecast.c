#include "fleetd/model/forecast.h"

#include "fleetd/base/strv.h"

#include <errno.h>

void forecast_request_done(ForecastRequest *request) {
    for (size_t i = 0; i < request->n_wishes; i++) {
        free(request->wishes[i].name);
        unit_file_unref(request->wishes[i].file);
    }
    free(request->wishes);
    strv_free(request->drained);
    *request = (ForecastRequest){};
}

static const char *const kinds[_FORECAST_KIND_MAX] = {
    [FORECAST_START] = "start",   [FORECAST_STOP] = "stop", [FORECAST_RESTART] = "restart",
    [FORECAST_MOVE] = "move",     [FORECAST_WAIT] = "wait", [FORECAST_LOAD] = "load",
    [FORECAST_UNLOAD] = "unload",
};

const char *forecast_kind_to_string(ForecastKind kind) {
    return kind >= 0 && kind < _FORECAST_KIND_MAX ? kinds[kind] : NULL;
}

static void change_done(ForecastChange *change) {
    free(change->name);
    free(change->from);
    free(change->to);
    free(change->reason);
}

int forecast_add(Forecast *forecast, const ForecastChange *change) {
    size_t n = forecast->n_changes;
    ForecastChange copy = {.kind = change->kind};
    ForecastChange *changes = reallocarray(forecast->changes, n + 1, sizeof(*changes));
    if (!changes)
        return -ENOMEM;
    forecast->changes = changes;
    if (str_replace(&copy.name, change->name) < 0 || str_replace(&copy.from, change->from) < 0 ||
        str_replace(&copy.to, change->to) < 0 || str_replace(&copy.reason, change->reason) < 0) {
        change_done(&copy);
        return -ENOMEM;
    }
    forecast->changes[forecast->n_changes++] = copy;
    return 0;
}

void forecast_done(Forecast *forecast) {
    for (size_t i = 0; i < forecast->n_changes; i++)
        change_done(&forecast->changes[i]);
    free(forecast->changes);
    *forecast = (Forecast){};
}
