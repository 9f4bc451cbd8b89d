/* GET /metrics. */
#include "fleetd/api/context.h"

/* Not from the view: it must also be told while the store cannot be reached. */
void metrics_get(Api *api, ApiExchange *exchange, const char *name) {
    Metrics *metrics = api->options.metrics;
    if (!metrics) {
        answer_error(exchange, 404, "this fleetd counts nothing");
        return;
    }
    _cleanup_free_ char *text = metrics_format(metrics);
    answer_text(exchange, METRICS_CONTENT_TYPE, text);
}
