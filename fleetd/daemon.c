#include "fleetd/daemon.h"

#include "config.h"
#include "fleetd/agent/agent.h"
#include "fleetd/api/api.h"
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/engine/engine.h"
#include "fleetd/engine/forecasting.h"
#include "fleetd/lonely-check.h"
#include "fleetd/machine-info.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/net/http-server.h"
#include "fleetd/open-store.h"
#include "fleetd/probe/event-prober.h"
#include "fleetd/process-metrics.h"
#include "fleetd/reload.h"
#include "fleetd/sockets.h"
#include "fleetd/store/measured-store.h"
#include "fleetd/systemd/bus-unit-manager.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <systemd/sd-daemon.h>
#include <time.h>

/* The farewell takes a few writes; a store that does not take them in this time would not be worth
 * a longer stop. */
#define FAREWELL_USEC (5 * USEC_PER_SEC)

#define BODY_MAX ((size_t) 1024 * 1024) /* a unit file of the largest size, as JSON */
#define HEADER_MAX ((size_t) 64 * 1024) /* an event stream names each unit that it is about */
#define CONNECTIONS_MAX 1000
#define IDLE_USEC (2 * USEC_PER_MINUTE)
#define TRANSFER_USEC USEC_PER_MINUTE

struct Daemon {
    Config *config;
    const char *config_file;
    char *const *environment;
    sd_event *event;
    Loop *loop;
    Machine *machine;
    Metrics *metrics;
    MetricSource *process_metrics;
    Store *store;
    UnitManager *unit_manager;
    Prober *prober;
    Agent *agent;
    Engine *engine; /* NULL until this machine is in the cluster */
    Api *api;
    HttpServer *server;
    HttpClient *lonely_check;
    Timer *farewell_limit;
    bool is_stopping;
};

/* --- leaving --- */

static void daemon_exit(Daemon *daemon) {
    sd_event_exit(daemon->event, 0);
}

static void on_resigned(_unused_ int r, void *userdata) {
    daemon_exit(userdata);
}

static void on_agent_left(int r, void *userdata) {
    Daemon *daemon = userdata;
    if (r < 0)
        log_warning("Failed to tell the cluster that fleetd stops: %s; it will find out by itself",
                    strerror(-r));
    if (!daemon->engine || engine_resign(daemon->engine, on_resigned, daemon) < 0)
        daemon_exit(daemon);
}

static void on_farewell_limit(void *userdata) {
    log_warning("The store did not take the farewell in time; stopping without it");
    daemon_exit(userdata);
}

/* The presence is given back only when the machine goes down: its units then stop anyway, and may
 * run elsewhere at once. */
static void on_is_stopping(bool is_machine_stopping, void *userdata) {
    Daemon *daemon = userdata;
    PresenceFarewell farewell = is_machine_stopping ? PRESENCE_LEFT : PRESENCE_RESTARTING;
    log_info(is_machine_stopping ? "Stopping, as this machine goes down; its units may move"
                                 : "Stopping; units run on and keep their place");
    usec_t limit_usec = FAREWELL_USEC + agent_leave_limit(daemon->agent, farewell);
    timer_start(daemon->farewell_limit, limit_usec);
    sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64, limit_usec + FAREWELL_USEC);
    int r = agent_leave(daemon->agent, farewell, on_agent_left, daemon);
    if (r < 0)
        on_agent_left(r, daemon);
}

static int on_signal(_unused_ sd_event_source *source, _unused_ const struct signalfd_siginfo *info,
                     void *userdata) {
    Daemon *daemon = userdata;
    if (daemon->is_stopping)
        return 0;
    daemon->is_stopping = true;
    sd_notify(0, "STOPPING=1");
    timer_start(daemon->farewell_limit, FAREWELL_USEC);
    int r = unit_manager_is_stopping(daemon->unit_manager, on_is_stopping, daemon);
    if (r < 0)
        on_is_stopping(false, daemon);
    return 0;
}

/* --- reloading --- */

/* systemd takes READY for the answer only if the time of the question stands with it. */
static void notify_reloading(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
               (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000);
}

static int daemon_reload(Daemon *daemon) {
    int r = config_reload(daemon->config, daemon->config_file, daemon->environment);
    if (r < 0)
        return 0; /* it has said so, and runs on as it was */
    log_setup(daemon->config->verbosity > 0 ? LOG_DEBUG : LOG_INFO);
    r = machine_info_update(daemon->machine, daemon->config);
    if (r <= 0)
        return r;
    _cleanup_free_ char *metadata = metadata_format(&daemon->machine->metadata);
    log_notice("This machine is now at %s, with metadata '%s'",
               str_or(daemon->machine->address, "no address"), str_or(metadata, "?"));
    return agent_set_machine(daemon->agent, daemon->machine);
}

static int on_hangup(_unused_ sd_event_source *source, _unused_ const struct signalfd_siginfo *info,
                     void *userdata) {
    Daemon *daemon = userdata;
    if (daemon->is_stopping)
        return 0;
    notify_reloading();
    int r = daemon_reload(daemon);
    if (r < 0)
        log_error("Failed to take the configuration over: %s", strerror(-r));
    sd_notify(0, "READY=1");
    return 0;
}

/* --- building --- */

static int daemon_init_event(Daemon *daemon, Error *reterr) {
    static const struct {
        int number;
        sd_event_signal_handler_t handler;
    } signals[] = {{SIGTERM, on_signal}, {SIGINT, on_signal}, {SIGHUP, on_hangup}};
    sigset_t mask;
    sigemptyset(&mask);
    for (size_t i = 0; i < ELEMENTSOF(signals); i++)
        sigaddset(&mask, signals[i].number);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);

    int r = sd_event_default(&daemon->event);
    if (r >= 0)
        r = sd_event_set_watchdog(daemon->event, true);
    for (size_t i = 0; r >= 0 && i < ELEMENTSOF(signals); i++)
        r = sd_event_add_signal(daemon->event, NULL, signals[i].number, signals[i].handler, daemon);
    if (r >= 0)
        r = event_loop_new(daemon->event, &daemon->loop);
    if (r >= 0)
        r = timer_new(daemon->loop, on_farewell_limit, daemon, &daemon->farewell_limit);
    return r < 0 ? error_set(reterr, r, "cannot set up the event loop: %s", strerror(-r)) : 0;
}

static int daemon_open_metrics(Daemon *daemon) {
    daemon->metrics = metrics_new();
    daemon->process_metrics = process_metrics_open(daemon->metrics);
    return daemon->process_metrics ? 0 : -ENOMEM;
}

static int daemon_open_store(Daemon *daemon, Error *reterr) {
    int r = open_store(daemon->config, daemon->event, daemon->loop, &daemon->store, reterr);
    if (r < 0)
        return r;
    if (!daemon->config->etcd_servers)
        daemon->lonely_check = lonely_check_start(daemon->event);
    return measured_store_new(daemon->store, daemon->loop, daemon->metrics, &daemon->store);
}

static usec_t on_steady_since(void *userdata) {
    const Daemon *daemon = userdata;
    return agent_steady_since(daemon->agent);
}

/* The engine begins when this machine is in the cluster: one that is refused, as its id is taken,
 * must not lead either. */
static void on_registered(void *userdata) {
    Daemon *daemon = userdata;
    EngineOptions options = {
        .failover_hold_usec = daemon->config->failover_hold_usec,
        .store = daemon->store,
        .loop = daemon->loop,
        .machine_id = daemon->machine->id,
        .agent_ttl_usec = daemon->config->agent_ttl_usec,
        .steady_since = on_steady_since,
        .userdata = daemon,
        .metrics = daemon->metrics,
    };
    if (daemon->config->disable_engine || daemon->engine)
        return;
    int r = engine_new(&options, &daemon->engine);
    if (r < 0) {
        log_error("Failed to start the engine: %s", strerror(-r));
        sd_event_exit(daemon->event, r); /* systemd starts fleetd anew, which no unit notices */
    }
}

/* Whoever leads in it is to be found out anew, by an engine that knows of nothing. */
static void on_replaced(void *userdata) {
    Daemon *daemon = userdata;
    engine_free(TAKE_PTR(daemon->engine));
    if (daemon->api)
        api_start_over(daemon->api);
}

static int daemon_start_agent(Daemon *daemon, Error *reterr) {
    int r =
        bus_unit_manager_new(daemon->event, &(BusUnitManagerOptions){.metrics = daemon->metrics},
                             &daemon->unit_manager, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "systemd");
    r = event_prober_new(daemon->event, &daemon->prober);
    if (r < 0)
        return r;
    AgentOptions options = {
        .store = daemon->store,
        .loop = daemon->loop,
        .unit_manager = daemon->unit_manager,
        .prober = daemon->prober,
        .machine = daemon->machine,
        .ttl_usec = daemon->config->agent_ttl_usec,
        .restart_grace_usec = daemon->config->restart_grace_usec,
        .on_registered = on_registered,
        .on_replaced = on_replaced,
        .userdata = daemon,
        .metrics = daemon->metrics,
    };
    return agent_new(&options, &daemon->agent);
}

static int begin_forecast(const ForecastRequest *request, ForecastDone done, void *done_userdata,
                          void *userdata, void **ret) {
    const Daemon *daemon = userdata;
    const ForecastingOptions options = {.store = daemon->store,
                                        .loop = daemon->loop,
                                        .agent_ttl_usec = daemon->config->agent_ttl_usec,
                                        .request = request,
                                        .done = done,
                                        .userdata = done_userdata};
    return forecasting_begin(&options, (Forecasting **) ret);
}

static void end_forecast(void *forecasting) {
    forecasting_free(forecasting);
}

static int daemon_start_api(Daemon *daemon, Error *reterr) {
    ApiOptions api_options = {
        .store = daemon->store,
        .loop = daemon->loop,
        .store_timeout_usec = 2 * daemon->config->etcd_request_timeout_usec,
        .page_size = daemon->config->token_limit,
        .store_servers = daemon->config->etcd_servers,
        .forecaster = {.begin = begin_forecast, .end = end_forecast, .userdata = daemon},
        .metrics = daemon->metrics,
    };
    HttpServerOptions server_options = {
        .body_max = BODY_MAX,
        .header_max = HEADER_MAX,
        .connections_max = CONNECTIONS_MAX,
        .idle_timeout_usec = IDLE_USEC,
        .transfer_timeout_usec = TRANSFER_USEC,
        .metrics = daemon->metrics,
    };
    int r = api_new(&api_options, &daemon->api);
    if (r >= 0)
        r = http_server_new(daemon->event, &server_options, api_handle, daemon->api,
                            &daemon->server);
    if (r < 0)
        return r;
    r = sockets_listen(daemon->server, daemon->config->listen, reterr);
    return r < 0 ? error_prefix(reterr, r, "API") : 0;
}

static int daemon_init(Daemon *daemon, Error *reterr) {
    int r = machine_info_load(daemon->config, &daemon->machine, reterr);
    if (r >= 0)
        r = daemon_init_event(daemon, reterr);
    if (r >= 0)
        r = daemon_open_metrics(daemon);
    if (r >= 0)
        r = daemon_open_store(daemon, reterr);
    if (r >= 0)
        r = daemon_start_agent(daemon, reterr);
    if (r >= 0)
        r = daemon_start_api(daemon, reterr);
    return r;
}

int daemon_new(const DaemonOptions *options, Daemon **ret, Error *reterr) {
    _cleanup_(daemon_freep) Daemon *daemon = calloc(1, sizeof(Daemon));
    if (!daemon)
        return -ENOMEM;
    daemon->config = options->config;
    daemon->config_file = options->config_file;
    daemon->environment = options->environment;
    int r = daemon_init(daemon, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(daemon);
    return 0;
}

int daemon_run(Daemon *daemon) {
    log_info("fleetd " PACKAGE_VERSION " runs on machine %s at %s", daemon->machine->id,
             str_or(daemon->machine->address, "no address"));
    sd_notify(0, "READY=1");
    return sd_event_loop(daemon->event);
}

/* From the outside in: first who calls, then who is called. The unit manager before the agent, as
 * its answers go there. */
void daemon_free(Daemon *daemon) {
    if (!daemon)
        return;
    http_server_free(daemon->server);
    api_free(daemon->api);
    engine_free(daemon->engine);
    unit_manager_free(daemon->unit_manager);
    agent_free(daemon->agent);
    prober_free(daemon->prober);
    http_client_free(daemon->lonely_check);
    store_free(daemon->store);
    metric_source_free(daemon->process_metrics);
    metrics_free(daemon->metrics);
    timer_free(daemon->farewell_limit);
    event_loop_free(daemon->loop);
    sd_event_unref(daemon->event);
    machine_free(daemon->machine);
    free(daemon);
}
