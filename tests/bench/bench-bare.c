/* The smallest program that needs what fleetd needs: it uses each of fleetd's libraries once, as
 * fleetd does, and has no code of fleet's. What it takes is what a daemon with these libraries
 * takes before it does anything, so `bench idle` shows it beside fleetd.
 *
 * usage: bench-bare URL
 *
 * URL is etcd's. Says "ready" when it has all, and waits to be killed. */
#include "fleetd/base/macros.h"
#include "tests/bench/benchmark.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <ini.h>
#include <json-c/json.h>
#include <microhttpd.h>
#include <nghttp2/nghttp2.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection,
                                  const char *url, const char *method, const char *version,
                                  const char *data, size_t *data_size, void **state) {
    return MHD_NO;
}

static void serve(void) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ITC, 0, NULL, NULL, on_request, NULL,
                         MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    bench_must(daemon, "no HTTP server");
}

static size_t on_answer(char *data, size_t size, size_t n, void *userdata) {
    unsigned char hash[EVP_MAX_MD_SIZE];
    bench_must(EVP_Digest(data, size * n, hash, NULL, EVP_sha1(), NULL) == 1, "no SHA-1");
    struct json_object *answer = json_tokener_parse("{}");
    bench_must(answer, "no JSON");
    json_object_put(answer);
    return size * n;
}

/* The connection is kept, as fleetd's are. */
static void ask(const char *url) {
    bench_must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "no libcurl");
    CURL *easy = curl_easy_init();
    bench_must(easy, "no libcurl");
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    CURLcode code = curl_easy_perform(easy);
    bench_must(code == CURLE_OK, "%s: %s", url, curl_easy_strerror(code));
}

/* As a client that has sent nothing yet; and TLS with the one protocol that it has. */
static void speak_http2(void) {
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    bench_must(tls && SSL_CTX_set_alpn_protos(tls, (const unsigned char *) "\2h2", 3) == 0,
               "no TLS");
    SSL_CTX_free(tls);
    bench_must(nghttp2_session_callbacks_new(&callbacks) == 0 &&
                   nghttp2_session_client_new(&session, callbacks, NULL) == 0,
               "no HTTP/2");
    nghttp2_session_callbacks_del(callbacks);
}

static void connect_systemd(void) {
    sd_event *event;
    sd_bus *bus;
    sd_id128_t id;
    bench_ok(sd_event_default(&event));
    bench_ok(sd_bus_open_system(&bus));
    bench_ok(sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL));
    bench_ok(sd_bus_get_bus_id(bus, &id));
}

static int on_option(void *userdata, const char *section, const char *name, const char *value) {
    return 1;
}

int main(int argc, char *argv[]) {
    bench_must(argc == 2, "usage: bench-bare URL");
    bench_ok(ini_parse_string("a=b", on_option, NULL));
    bench_must(sqlite3_libversion_number() > 0, "no SQLite");
    connect_systemd();
    serve();
    ask(argv[1]);
    speak_http2();
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}
