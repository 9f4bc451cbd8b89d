/* A GET, and the status of its answer. Each on a connection of its own: whoever takes no new ones
 * is not well. */
#include "fleetd/probe/event-probe.h"

#include "fleetd/base/strv.h"

#define ANSWER_MAX \
    ((size_t) 1024 * 1024) /* who has that much to say about his health is not well */

static void on_answer(int r, const HttpAnswer *answer, const char *message, void *userdata) {
    EventProbe *probe = userdata;
    _cleanup_free_ char *status = NULL;
    probe->request = NULL;
    if (r < 0)
        return event_probe_finish(probe, str_or(message, strerror(-r)));
    if (answer->status >= 200 && answer->status < 400)
        return event_probe_finish(probe, NULL);
    status = str_printf("it answered with status %u", answer->status);
    event_probe_finish(probe, str_or(status, "its answer"));
}

int probe_http_begin(EventProbe *probe) {
    HttpCall call = {
        .method = "GET",
        .url = probe->check->url,
        .is_alone = true,
        .answer_max = ANSWER_MAX,
    };
    return http_client_start(event_probe_prober(probe)->http, &call, NULL, on_answer, probe,
                             &probe->request);
}
