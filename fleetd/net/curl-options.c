#include "fleetd/net/curl-options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

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

#define TRY_SETOPT(easy, option, value) \
    do { \
        CURLcode _code = curl_easy_setopt((easy), (option), (value)); \
        if (_code != CURLE_OK) \
            return _code; \
    } while (false)

CURLcode curl_options_connect(CURL *easy, usec_t connect_timeout_usec) {
    TRY_SETOPT(easy, CURLOPT_PROXY, ""); /* also against http_proxy in the environment */
    TRY_SETOPT(easy, CURLOPT_NOPROXY, "*");
    TRY_SETOPT(easy, CURLOPT_NOSIGNAL, 1L);
    TRY_SETOPT(easy, CURLOPT_QUICK_EXIT, 1L); /* a cancel does not wait for name resolution */
    TRY_SETOPT(easy, CURLOPT_TCP_NODELAY, 1L);
    TRY_SETOPT(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
    TRY_SETOPT(easy, CURLOPT_CONNECTTIMEOUT_MS, (long) (connect_timeout_usec / USEC_PER_MSEC));
    return CURLE_OK;
}

CURLcode curl_options_tls(CURL *easy, const HttpTls *tls) {
    TRY_SETOPT(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
    if (tls->ca_file)
        TRY_SETOPT(easy, CURLOPT_CAINFO, tls->ca_file);
    if (tls->cert_file)
        TRY_SETOPT(easy, CURLOPT_SSLCERT, tls->cert_file);
    if (tls->key_file)
        TRY_SETOPT(easy, CURLOPT_SSLKEY, tls->key_file);
    return CURLE_OK;
}
