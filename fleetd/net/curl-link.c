#include "fleetd/net/curl-link.h"

#include "fleetd/net/curl-event.h"
#include "fleetd/net/curl-options.h"
#include "fleetd/net/http-errors.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>

struct CurlLink {
    sd_event *event;
    CurlEvent *curl;
    CURL *easy; /* in curl's multi handle as long as the connection is used */
    bool is_added;
    sd_event_source *source; /* NULL: it is not open */
    CurlLinkCallbacks callbacks;
    void *userdata;
    char message[CURL_ERROR_SIZE];
};

/* curl itself is not to know of HTTP/2, as it would speak it. */
static CURLcode on_tls(CURL *easy, void *context, void *userdata) {
    static const unsigned char protocols[] = "\2h2";
    return SSL_CTX_set_alpn_protos(context, protocols, sizeof(protocols) - 1) == 0
               ? CURLE_OK
               : CURLE_OUT_OF_MEMORY;
}

static CURLcode link_set_options(CurlLink *link, const CurlLinkOptions *options) {
    CURL *easy = link->easy;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, options->url);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, link->message);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
    if (code == CURLE_OK)
        code = curl_options_connect(easy, options->connect_timeout_usec);
    return code == CURLE_OK ? curl_options_tls(easy, &options->tls) : code;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    CurlLink *link = userdata;
    link->callbacks.on_ready(link->userdata); /* may free us */
    return 0;
}

static int link_watch(CurlLink *link) {
    curl_socket_t fd = CURL_SOCKET_BAD;
    CURLcode code = curl_easy_getinfo(link->easy, CURLINFO_ACTIVESOCKET, &fd);
    if (code != CURLE_OK || fd == CURL_SOCKET_BAD)
        return -ECONNRESET;
    return sd_event_add_io(link->event, &link->source, fd, EPOLLIN, on_io, link);
}

static void link_open(CurlLink *link, CURLcode code) {
    long os_errno = 0;
    curl_easy_getinfo(link->easy, CURLINFO_OS_ERRNO, &os_errno);
    int r = http_error_from_curl(code, os_errno);
    if (r >= 0)
        r = link_watch(link);
    if (r < 0 && link->message[0] == '\0')
        snprintf(link->message, sizeof(link->message), "%s",
                 code == CURLE_OK ? strerror(-r) : curl_easy_strerror(code));
    link->callbacks.on_open(MIN(r, 0), link->message, link->userdata);
}

static void on_progress(void *userdata) {
    CurlLink *link = userdata;
    int n_left;
    CURLMsg *message = curl_multi_info_read(curl_event_multi(link->curl), &n_left);
    if (message && message->msg == CURLMSG_DONE)
        link_open(link, message->data.result); /* may free us */
}

int curl_link_new(sd_event *event, const CurlLinkOptions *options,
                  const CurlLinkCallbacks *callbacks, void *userdata, CurlLink **ret) {
    _cleanup_(curl_link_freep) CurlLink *link = calloc(1, sizeof(*link));
    if (!link)
        return -ENOMEM;
    *link = (CurlLink){.event = sd_event_ref(event), .callbacks = *callbacks, .userdata = userdata};
    int r = curl_event_new(event, on_progress, link, &link->curl);
    if (r < 0)
        return r;
    link->easy = curl_easy_init();
    if (!link->easy)
        return -ENOMEM;
    CURLcode code = link_set_options(link, options);
    if (code != CURLE_OK)
        return http_error_from_curl(code, 0);
    if (curl_multi_add_handle(curl_event_multi(link->curl), link->easy) != CURLM_OK)
        return -ENOMEM;
    link->is_added = true;
    *ret = TAKE_PTR(link);
    return 0;
}

void curl_link_free(CurlLink *link) {
    if (!link)
        return;
    sd_event_source_disable_unref(link->source); /* before its descriptor is closed */
    if (link->is_added)
        curl_multi_remove_handle(curl_event_multi(link->curl), link->easy);
    curl_easy_cleanup(link->easy);
    curl_event_free(link->curl);
    sd_event_unref(link->event);
    free(link);
}

static ssize_t link_result(CURLcode code, size_t n) {
    if (code == CURLE_AGAIN)
        return -EAGAIN;
    return code == CURLE_OK && n > 0 ? (ssize_t) n : -ECONNRESET;
}

ssize_t curl_link_send(CurlLink *link, const void *data, size_t size) {
    size_t n = 0;
    CURLcode code = curl_easy_send(link->easy, data, size, &n);
    return link_result(code, n);
}

ssize_t curl_link_receive(CurlLink *link, void *ret, size_t size) {
    size_t n = 0;
    CURLcode code = curl_easy_recv(link->easy, ret, size, &n);
    return link_result(code, n);
}

int curl_link_wait_for_room(CurlLink *link, bool is_wanted) {
    return sd_event_source_set_io_events(link->source, is_wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

const char *curl_link_message(const CurlLink *link) {
    return link->message;
}
