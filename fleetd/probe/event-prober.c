#include "fleetd/probe/event-prober.h"

#include "fleetd/base/strv.h"
#include "fleetd/probe/event-probe.h"

#include <unistd.h>

static void event_probe_free(EventProbe *probe) {
    sd_event_source_disable_unref(probe->timeout);
    sd_event_source_disable_unref(probe->end);
    sd_event_source_disable_unref(probe->io);
    http_request_cancel(probe->request);
    if (probe->command)
        command_abandon(probe->command);
    if (probe->socket >= 0)
        close(probe->socket);
    free(probe);
}

void event_probe_finish(EventProbe *probe, const char *message) {
    ProbeDone done = probe->done;
    void *userdata = probe->userdata;
    _cleanup_free_ char *copy = message ? strdup(message) : NULL; /* it may be the probe's */
    event_probe_free(probe);
    done(!message, message ? str_or(copy, "out of memory") : NULL, userdata);
}

static int on_failed(_unused_ sd_event_source *source, void *userdata) {
    EventProbe *probe = userdata;
    event_probe_finish(probe, strerror(-probe->failure));
    return 0;
}

int event_probe_fail_later(EventProbe *probe, int r) {
    probe->failure = r;
    return sd_event_add_defer(event_probe_prober(probe)->event, &probe->end, on_failed, probe);
}

bool errno_is_shortage(int r) {
    return r == -ENOMEM || r == -EAGAIN || r == -EMFILE || r == -ENFILE || r == -ENOBUFS;
}

static int on_timeout(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata) {
    EventProbe *probe = userdata;
    _cleanup_free_ char *limit = timespan_format(probe->check->timeout_usec);
    _cleanup_free_ char *message = str_printf("no answer within %s", str_or(limit, "its time"));
    event_probe_finish(probe, str_or(message, "no answer in time"));
    return 0;
}

static int event_probe_begin(EventProbe *probe) {
    static int (*const begin[_HEALTH_CHECK_KIND_MAX])(EventProbe * probe) = {
        [HEALTH_CHECK_HTTP] = probe_http_begin,
        [HEALTH_CHECK_TCP] = probe_tcp_begin,
        [HEALTH_CHECK_EXEC] = probe_exec_begin,
    };
    HealthCheckKind kind = probe->check->kind;
    int r = sd_event_add_time_relative(event_probe_prober(probe)->event, &probe->timeout,
                                       CLOCK_MONOTONIC, probe->check->timeout_usec, USEC_PER_MSEC,
                                       on_timeout, probe);
    if (r < 0)
        return r;
    r = kind >= 0 ? begin[kind](probe) : -EINVAL;
    return r < 0 && !errno_is_shortage(r) ? event_probe_fail_later(probe, r) : r;
}

static int event_prober_ask(Prober *prober, const HealthCheck *check, ProbeDone done,
                            void *userdata, Probe **ret) {
    EventProbe *probe = calloc(1, sizeof(EventProbe));
    if (!probe)
        return -ENOMEM;
    *probe = (EventProbe){
        .base.prober = prober, .check = check, .done = done, .userdata = userdata, .socket = -1};
    int r = event_probe_begin(probe);
    if (r < 0) {
        event_probe_free(probe);
        return r;
    }
    *ret = &probe->base;
    return 0;
}

static void event_prober_cancel(Probe *probe) {
    event_probe_free((EventProbe *) probe);
}

static void event_prober_free(Prober *base) {
    EventProber *prober = (EventProber *) base;
    http_client_free(prober->http);
    sd_event_unref(prober->event);
    free(prober);
}

int event_prober_new(sd_event *event, Prober **ret) {
    static const ProberVTable vtable = {
        .ask = event_prober_ask, .cancel = event_prober_cancel, .free = event_prober_free};
    EventProber *prober = calloc(1, sizeof(EventProber));
    if (!prober)
        return -ENOMEM;
    prober->base.vtable = &vtable;
    prober->event = sd_event_ref(event);
    int r = http_client_new(event, &(HttpClientOptions){.tls.is_unchecked = true}, &prober->http);
    if (r < 0) {
        event_prober_free(&prober->base);
        return r;
    }
    *ret = &prober->base;
    return 0;
}
