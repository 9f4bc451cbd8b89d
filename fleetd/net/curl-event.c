#include "fleetd/net/curl-event.h"

#include "fleetd/base/log.h"
#include "fleetd/base/time-units.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

struct CurlEvent {
    sd_event *event;
    bool is_global; /* it holds on to what libcurl has but once */
    CURLM *multi;
    sd_event_source *timer; /* the one time at which curl wants to be called */
    void (*on_progress)(void *userdata);
    void *userdata;
};

static void curl_event_step(CurlEvent *curl, curl_socket_t fd, int what) {
    int n_running;
    CURLMcode code = curl_multi_socket_action(curl->multi, fd, what, &n_running);
    if (code != CURLM_OK)
        log_error("Failed to drive HTTP transfers: %s", curl_multi_strerror(code));
    curl->on_progress(curl->userdata); /* may free us */
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    /* An error counts as both: the read or write then tells which one it is. */
    int what = 0;
    if (revents & (EPOLLIN | EPOLLERR | EPOLLHUP))
        what |= CURL_CSELECT_IN;
    if (revents & (EPOLLOUT | EPOLLERR | EPOLLHUP))
        what |= CURL_CSELECT_OUT;
    curl_event_step(userdata, fd, what);
    return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata) {
    curl_event_step(userdata, CURL_SOCKET_TIMEOUT, 0);
    return 0;
}

static int io_source_set(CurlEvent *curl, curl_socket_t fd, uint32_t events,
                         sd_event_source *source) {
    if (source)
        return sd_event_source_set_io_events(source, events);
    int r = sd_event_add_io(curl->event, &source, fd, events, on_io, curl);
    if (r >= 0)
        curl_multi_assign(curl->multi, fd, source);
    return r;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socket_data) {
    static const uint32_t events[] = {
        [CURL_POLL_IN] = EPOLLIN,
        [CURL_POLL_OUT] = EPOLLOUT,
        [CURL_POLL_INOUT] = EPOLLIN | EPOLLOUT,
    };
    CurlEvent *curl = userdata;
    if (what == CURL_POLL_REMOVE) {
        sd_event_source_disable_unref(socket_data);
        curl_multi_assign(curl->multi, fd, NULL);
        return 0;
    }
    if (what < 0 || (size_t) what >= ELEMENTSOF(events))
        return 0;
    int r = io_source_set(curl, fd, events[what], socket_data);
    if (r < 0)
        log_error("Failed to watch an HTTP connection: %s", strerror(-r));
    return r < 0 ? -1 : 0;
}

static int on_timer_wanted(CURLM *multi, long timeout_msec, void *userdata) {
    CurlEvent *curl = userdata;
    if (timeout_msec < 0)
        return sd_event_source_set_enabled(curl->timer, SD_EVENT_OFF) < 0 ? -1 : 0;
    int r = sd_event_source_set_time_relative(curl->timer, (usec_t) timeout_msec * USEC_PER_MSEC);
    if (r >= 0)
        r = sd_event_source_set_enabled(curl->timer, SD_EVENT_ONESHOT);
    return r < 0 ? -1 : 0;
}

static int multi_setup(CurlEvent *curl) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -ENOMEM;
    curl->is_global = true;
    curl->multi = curl_multi_init();
    if (!curl->multi)
        return -ENOMEM;
    bool ok = curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
              curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl) == CURLM_OK &&
              curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted) == CURLM_OK &&
              curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl) == CURLM_OK;
    return ok ? 0 : -EINVAL;
}

int curl_event_new(sd_event *event, void (*on_progress)(void *userdata), void *userdata,
                   CurlEvent **ret) {
    _cleanup_(curl_event_freep) CurlEvent *curl = calloc(1, sizeof(*curl));
    if (!curl)
        return -ENOMEM;
    *curl =
        (CurlEvent){.event = sd_event_ref(event), .on_progress = on_progress, .userdata = userdata};
    int r = sd_event_add_time(event, &curl->timer, CLOCK_MONOTONIC, 0, 1, on_time, curl);
    if (r >= 0)
        r = sd_event_source_set_enabled(curl->timer, SD_EVENT_OFF);
    if (r >= 0)
        r = multi_setup(curl);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(curl);
    return 0;
}

void curl_event_free(CurlEvent *curl) {
    if (!curl)
        return;
    curl_multi_cleanup(curl->multi); /* lets go of its sockets through on_socket() */
    if (curl->is_global)
        curl_global_cleanup();
    sd_event_source_disable_unref(curl->timer);
    sd_event_unref(curl->event);
    free(curl);
}

CURLM *curl_event_multi(CurlEvent *curl) {
    return curl->multi;
}
