#include "fleetd/net/http-request.h"

#include "config.h"
#include "fleetd/base/strv.h"
#include "fleetd/net/http-errors.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define ANSWER_MAX_DEFAULT ((size_t) 64 * 1024 * 1024)

/* A dead peer is noticed 5 + 3 * 3 s after its last sign of life, and one that takes no data 15 s
 * after it was sent: streams have no other timeout. Fails on unix sockets, which need none. */
static const struct {
    int level, option, value;
} socket_options[] = {
    {SOL_SOCKET, SO_KEEPALIVE, 1},
    {IPPROTO_TCP, TCP_KEEPIDLE, 5},
    {IPPROTO_TCP, TCP_KEEPINTVL, 3},
    {IPPROTO_TCP, TCP_KEEPCNT, 3},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, 15 * 1000},
};

static int on_socket_made(void *userdata, curl_socket_t fd, curlsocktype purpose) {
    for (size_t i = 0; i < ELEMENTSOF(socket_options); i++)
        (void) setsockopt(fd, socket_options[i].level, socket_options[i].option,
                          &socket_options[i].value, sizeof(int));
    return CURL_SOCKOPT_OK;
}

/* Called before each time that curl sends the request; curl would send it again by itself when a
 * kept connection breaks before the answer. What was sent may have been carried out, and only the
 * caller knows whether it may happen twice. */
static int on_sending(void *userdata, _unused_ char *local_address, _unused_ char *peer_address,
                      _unused_ int local_port, _unused_ int peer_port) {
    HttpRequest *request = userdata;
    if (request->is_sent)
        return CURL_PREREQFUNC_ABORT;
    request->is_sent = true;
    return CURL_PREREQFUNC_OK;
}

static unsigned request_status(const HttpRequest *request) {
    long status = 0;
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    return (unsigned) status;
}

static size_t on_header(char *line, size_t size, size_t n, void *userdata) {
    HttpRequest *request = userdata;
    bool is_end = n > 0 && (line[0] == '\r' || line[0] == '\n');
    if (is_end && request->on_data && request_status(request) == 200) {
        request->is_streaming = true;
        if (request->timeout)
            (void) sd_event_source_set_enabled(request->timeout, SD_EVENT_OFF);
    }
    return size * n;
}

static void request_mark_ready(HttpRequest *request) {
    if (request->is_ready)
        return;
    request->is_ready = true;
    LIST_REMOVE(request, link);
    LIST_INSERT_HEAD(request->ready, request, link);
}

/* Only collects: callbacks are called when curl has returned, as they may cancel and start. */
static size_t on_receive(char *data, size_t size, size_t n, void *userdata) {
    HttpRequest *request = userdata;
    if (!request->is_streaming && size * n > request->answer_max - request->received.size) {
        snprintf(request->message, sizeof(request->message), "the answer is longer than %zu bytes",
                 request->answer_max);
        request->result = -EMSGSIZE;
        return 0;
    }
    if (byte_buffer_append(&request->received, data, size * n) < 0) {
        request->result = -ENOMEM;
        return 0;
    }
    if (request->is_streaming)
        request_mark_ready(request);
    return size * n;
}

static int header_add(HttpRequest *request, const char *line) {
    if (strpbrk(line, "\r\n"))
        return -EINVAL;
    struct curl_slist *headers = curl_slist_append(request->headers, line);
    if (!headers)
        return -ENOMEM;
    request->headers = headers;
    return 0;
}

static int header_add_value(HttpRequest *request, const char *name, const char *value) {
    _cleanup_free_ char *line = str_printf("%s: %s", name, value);
    return line ? header_add(request, line) : -ENOMEM;
}

static int request_build_headers(HttpRequest *request, const HttpCall *call) {
    int r = header_add(request, "Expect:"); /* do not wait for "100 Continue" */
    if (r >= 0 && (call->body || call->content_type))
        r = header_add_value(request, "Content-Type",
                             str_or(call->content_type, "application/json"));
    if (r >= 0 && call->authorization)
        r = header_add_value(request, "Authorization", call->authorization);
    if (r >= 0 && call->header)
        r = header_add(request, call->header);
    return r;
}

#define TRY_SETOPT(easy, option, value) \
    do { \
        CURLcode _code = curl_easy_setopt((easy), (option), (value)); \
        if (_code != CURLE_OK) \
            return http_error_from_curl(_code, 0); \
    } while (false)

static int request_set_method(HttpRequest *request, const HttpCall *call) {
    if (streq(call->method, "HEAD"))
        TRY_SETOPT(request->easy, CURLOPT_NOBODY, 1L);
    else if (call->body || streq(call->method, "POST") || streq(call->method, "PUT")) {
        /* Handed over as a whole, it goes out with the headers, in one call of the kernel. */
        TRY_SETOPT(request->easy, CURLOPT_POST, 1L);
        TRY_SETOPT(request->easy, CURLOPT_POSTFIELDS, str_or(request->body.data, ""));
        TRY_SETOPT(request->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body.size);
        TRY_SETOPT(request->easy, CURLOPT_PREREQFUNCTION, on_sending);
        TRY_SETOPT(request->easy, CURLOPT_PREREQDATA, request);
    }
    for (const char *c = call->method; *c; c++)
        if (!isupper((unsigned char) *c))
            return -EINVAL;
    TRY_SETOPT(request->easy, CURLOPT_CUSTOMREQUEST, call->method);
    return 0;
}

static bool url_is_http(const char *url) {
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

static int request_set_behaviour(HttpRequest *request, const char *url) {
    CURL *easy = request->easy;
    if (!url_is_http(url))
        return -EINVAL;
    TRY_SETOPT(easy, CURLOPT_URL, url);
    TRY_SETOPT(easy, CURLOPT_PRIVATE, request);
    TRY_SETOPT(easy, CURLOPT_ERRORBUFFER, request->message);
    TRY_SETOPT(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    TRY_SETOPT(easy, CURLOPT_USERAGENT, "fleet/" PACKAGE_VERSION);
    TRY_SETOPT(easy, CURLOPT_HTTPHEADER, request->headers);
    TRY_SETOPT(easy, CURLOPT_FOLLOWLOCATION, 0L);
    TRY_SETOPT(easy, CURLOPT_PROXY, ""); /* also against http_proxy in the environment */
    TRY_SETOPT(easy, CURLOPT_NOPROXY, "*");
    TRY_SETOPT(easy, CURLOPT_NOSIGNAL, 1L);
    TRY_SETOPT(easy, CURLOPT_QUICK_EXIT, 1L); /* a cancel does not wait for name resolution */
    TRY_SETOPT(easy, CURLOPT_TCP_NODELAY, 1L);
    TRY_SETOPT(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
    TRY_SETOPT(easy, CURLOPT_HEADERFUNCTION, on_header);
    TRY_SETOPT(easy, CURLOPT_HEADERDATA, request);
    TRY_SETOPT(easy, CURLOPT_WRITEFUNCTION, on_receive);
    TRY_SETOPT(easy, CURLOPT_WRITEDATA, request);
    return 0;
}

static int request_set_connection(HttpRequest *request, const HttpCall *call) {
    TRY_SETOPT(request->easy, CURLOPT_FRESH_CONNECT, (long) call->is_alone);
    TRY_SETOPT(request->easy, CURLOPT_FORBID_REUSE, (long) call->is_alone);
    return 0;
}

static int request_set_target(HttpRequest *request, const HttpTarget *target) {
    CURL *easy = request->easy;
    TRY_SETOPT(easy, CURLOPT_CONNECTTIMEOUT_MS,
               (long) (target->connect_timeout_usec / USEC_PER_MSEC));
    TRY_SETOPT(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
    TRY_SETOPT(easy, CURLOPT_SSL_VERIFYPEER, target->is_unchecked ? 0L : 1L);
    TRY_SETOPT(easy, CURLOPT_SSL_VERIFYHOST, target->is_unchecked ? 0L : 2L);
    if (target->unix_socket)
        TRY_SETOPT(easy, CURLOPT_UNIX_SOCKET_PATH, target->unix_socket);
    if (target->ca_file)
        TRY_SETOPT(easy, CURLOPT_CAINFO, target->ca_file);
    if (target->cert_file)
        TRY_SETOPT(easy, CURLOPT_SSLCERT, target->cert_file);
    if (target->key_file)
        TRY_SETOPT(easy, CURLOPT_SSLKEY, target->key_file);
    return 0;
}

int http_request_new(const HttpTarget *target, const HttpCall *call, HttpRequest **ret) {
    _cleanup_(http_request_freep) HttpRequest *request = calloc(1, sizeof(*request));
    if (!request)
        return -ENOMEM;
    request->answer_max = call->answer_max ? call->answer_max : ANSWER_MAX_DEFAULT;
    request->easy = curl_easy_init();
    if (!request->easy)
        return -ENOMEM;
    int r = byte_buffer_append(&request->body, call->body, call->body ? call->body_size : 0);
    if (r >= 0)
        r = request_build_headers(request, call);
    if (r >= 0)
        r = request_set_method(request, call);
    if (r >= 0)
        r = request_set_behaviour(request, call->url);
    if (r >= 0)
        r = request_set_connection(request, call);
    if (r >= 0)
        r = request_set_target(request, target);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(request);
    return 0;
}

void http_request_free(HttpRequest *request) {
    if (!request)
        return;
    sd_event_source_disable_unref(request->timeout);
    curl_easy_cleanup(request->easy);
    curl_slist_free_all(request->headers);
    byte_buffer_done(&request->body);
    byte_buffer_done(&request->received);
    free(request);
}

int http_request_result(HttpRequest *request, CURLcode code) {
    char *message = request->message;
    if (request->result == -EMSGSIZE)
        snprintf(message, CURL_ERROR_SIZE, "the answer is longer than %zu bytes",
                 request->answer_max);
    else if (request->result < 0)
        snprintf(message, CURL_ERROR_SIZE, "%s", strerror(-request->result));
    else if (code == CURLE_GOT_NOTHING || code == CURLE_ABORTED_BY_CALLBACK) /* on_sending() */
        snprintf(message, CURL_ERROR_SIZE, "the connection broke before the answer");
    else if (code != CURLE_OK && message[0] == '\0')
        snprintf(message, CURL_ERROR_SIZE, "%s", curl_easy_strerror(code));
    if (request->result < 0)
        return request->result;
    long os_errno = 0;
    curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &os_errno);
    return http_error_from_curl(code, os_errno);
}

HttpAnswer http_request_answer(const HttpRequest *request) {
    const char *content_type = NULL;
    curl_easy_getinfo(request->easy, CURLINFO_CONTENT_TYPE, &content_type);
    return (HttpAnswer){
        .status = request_status(request),
        .content_type = str_or(content_type, ""),
        .body = request->received.data && !request->is_streaming ? request->received.data : "",
        .body_size = request->is_streaming ? 0 : request->received.size,
        .request = request,
    };
}

const char *http_answer_header(const HttpAnswer *answer, const char *name) {
    struct curl_header *header;
    return curl_easy_header(answer->request->easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
               ? header->value
               : NULL;
}
