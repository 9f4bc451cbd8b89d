/* One libmicrohttpd daemon per listening socket, without threads: its epoll descriptor, the timeout
 * that it asks for and the wish to run soon are three sources of the event loop, and all end in
 * listener_run(). */
#include "fleetd/net/http-exchange.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/net/http-query-limit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Beyond connections_max, for those that are about to be closed or refused. Further ones wait in
 * the socket's backlog. */
#define CONNECTIONS_SPARE 64

#define STREAM_MAX ((size_t) 4 * 1024 * 1024)
#define MEMORY_MAX ((size_t) 256 * 1024 * 1024)

#define DAEMON_FLAGS (MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_ITC)

static unsigned connection_count(const Listener *listener) {
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info ? info->num_connections : 0;
}

void listener_run_soon(Listener *listener) {
    sd_event_source_set_enabled(listener->soon, SD_EVENT_ONESHOT);
}

static void listener_arm(Listener *listener) {
    MHD_UNSIGNED_LONG_LONG timeout_msec;
    if (MHD_get_timeout(listener->daemon, &timeout_msec) != MHD_YES) {
        sd_event_source_set_enabled(listener->timer, SD_EVENT_OFF);
        return;
    }
    if (timeout_msec == 0) {
        listener_run_soon(listener);
        return;
    }
    sd_event_source_set_time_relative(listener->timer, timeout_msec * USEC_PER_MSEC);
    sd_event_source_set_enabled(listener->timer, SD_EVENT_ONESHOT);
}

static void listener_run(Listener *listener) {
    unsigned before = connection_count(listener);
    MHD_run(listener->daemon);
    /* A daemon at its limit takes its listening socket out of the epoll set, and puts it back only
     * when it runs again; nothing else would wake it. */
    if (connection_count(listener) < before)
        listener_run_soon(listener);
    listener_arm(listener);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    listener_run(userdata);
    return 0;
}

static int on_soon(sd_event_source *source, void *userdata) {
    listener_run(userdata);
    return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
    listener_run(userdata);
    return 0;
}

_printf_(2, 0) static void on_message(void *cls, const char *format, va_list ap) {
    _cleanup_free_ char *text = log_is_enabled(LOG_DEBUG) ? str_vprintf(format, ap) : NULL;
    if (!text)
        return;
    text[strcspn(text, "\n")] = 0;
    log_debug("HTTP server: %s", text);
}

/* As libmicrohttpd does it, but an encoded NUL stays encoded: decoded it would cut the text short,
 * and a name with something behind it would pass for that name. */
static size_t on_unescape(void *cls, struct MHD_Connection *connection, char *text) {
    return strstr(text, "%00") ? strlen(text) : MHD_http_unescape(text);
}

static void listener_free(Listener *listener) {
    if (!listener)
        return;
    HttpExchange *exchange = LIST_FIRST(&listener->exchanges);
    for (; exchange; exchange = LIST_NEXT(exchange, siblings))
        exchange_abort(exchange); /* also resumes: a daemon must not stop with one suspended */
    if (listener->daemon)
        MHD_stop_daemon(listener->daemon);
    sd_event_source_disable_unref(listener->io);
    sd_event_source_disable_unref(listener->soon);
    sd_event_source_disable_unref(listener->timer);
    free(listener);
}
DEFINE_POINTER_CLEANUP(Listener, listener_free)

static int listener_watch(Listener *listener) {
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    sd_event *event = listener->server->event;
    if (!info)
        return -EIO;
    int r = sd_event_add_defer(event, &listener->soon, on_soon, listener);
    if (r < 0)
        return r;
    r = sd_event_add_time(event, &listener->timer, CLOCK_MONOTONIC, UINT64_MAX, 10 * USEC_PER_MSEC,
                          on_timer, listener);
    if (r < 0)
        return r;
    return sd_event_add_io(event, &listener->io, info->epoll_fd, EPOLLIN, on_io, listener);
}

static struct MHD_Daemon *daemon_start(Listener *listener, int fd) {
    const HttpServerOptions *options = &listener->server->options;
    const struct MHD_OptionItem items[] = {
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t) exchange_on_completed, listener},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t) on_unescape, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t) query_limit_on_uri, listener},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t) connection_on_notify, listener},
        {MHD_OPTION_CONNECTION_LIMIT, options->connections_max + CONNECTIONS_SPARE, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t) options->header_max, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(DAEMON_FLAGS, 0, NULL, NULL, exchange_on_request, listener,
                            MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL, MHD_OPTION_ARRAY, items,
                            MHD_OPTION_END);
}

static int fd_prepare(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;
    return 0;
}

int http_server_listen_take(HttpServer *server, int fd, Error *reterr) {
    _cleanup_(listener_freep) Listener *listener = calloc(1, sizeof(Listener));
    int r = listener ? fd_prepare(fd) : -ENOMEM;
    if (r == 0) {
        listener->server = server;
        listener->daemon = daemon_start(listener, fd);
        r = listener->daemon ? 0 : -EIO;
    }
    if (r < 0) {
        close(fd); /* from here on the daemon has it */
        return error_set(reterr, r, "cannot serve HTTP on descriptor %d: %s", fd, strerror(-r));
    }
    r = listener_watch(listener);
    if (r < 0)
        return error_set(reterr, r, "cannot watch the HTTP server: %s", strerror(-r));
    LIST_INSERT_HEAD(&server->listeners, listener, siblings);
    TAKE_PTR(listener);
    return 0;
}

int http_server_new(sd_event *event, const HttpServerOptions *options, HttpHandler handler,
                    void *userdata, HttpServer **ret) {
    HttpServer *server = calloc(1, sizeof(HttpServer));
    if (!server)
        return -ENOMEM;
    *server = (HttpServer){
        .event = sd_event_ref(event),
        .options = *options,
        .handler = handler,
        .userdata = userdata,
    };
    if (server->options.stream_max == 0)
        server->options.stream_max = STREAM_MAX;
    if (server->options.memory_max == 0)
        server->options.memory_max = MEMORY_MAX;
    int r = connections_init(server);
    if (r < 0) {
        http_server_free(server);
        return r;
    }
    *ret = server;
    return 0;
}

void http_server_free(HttpServer *server) {
    if (!server)
        return;
    while (!LIST_EMPTY(&server->listeners)) {
        Listener *listener = LIST_FIRST(&server->listeners);
        LIST_REMOVE(listener, siblings);
        listener_free(listener);
    }
    connections_done(server);
    sd_event_unref(server->event);
    free(server);
}
