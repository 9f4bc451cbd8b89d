/* A real server and raw clients in one event loop: what goes over the wire is what is checked. */
#pragma once

#include "fleetd/net/byte-buffer.h"
#include "fleetd/net/http-server.h"
#include "tests/unit/cmocka-test.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PATIENCE_USEC (10 * USEC_PER_SEC)
#define BODY_MAX 1000

typedef struct Fixture {
    sd_event *event;
    HttpServer *server;
    struct sockaddr_un unix_address;
    struct sockaddr_in tcp_address;
    HttpExchange *kept; /* the last one that a handler did not answer */
    int n_requests, n_aborts, n_drains;
    size_t body_size;
    char seen[512]; /* what the handler saw */
} Fixture;

typedef struct Client {
    Fixture *fixture;
    int fd;
    sd_event_source *source;
    ByteBuffer received;
    bool is_closed;
} Client;

/* A server on a unix and on a TCP socket. It answers /echo at once, streams /stream, and keeps
 * anything else. 0. */
int server_setup_with(void **state, const HttpServerOptions *options);
int server_setup(void **state); /* with limits that no test of something else meets */
int server_teardown(void **state);

Client *client_connect(Fixture *fixture, int family);
void client_free(Client *client);
DEFINE_POINTER_CLEANUP(Client, client_free)
#define _cleanup_client_ _cleanup_(client_freep)

void client_read(Client *client, bool is_on); /* whether it takes what it is sent */
void client_send_bytes(Client *client, const char *text, size_t size);
void client_send(Client *client, const char *text);
void client_get(Client *client, const char *target);
bool client_has(const Client *client, const char *text);
void client_expect(Client *client, const char *text);
void client_forget(Client *client);

usec_t monotonic_now(void);
/* A turn of the loop or two in which nothing is awaited. */
void settle(Fixture *fixture);

#define AWAIT(fixture, condition) \
    do { \
        usec_t _deadline = monotonic_now() + PATIENCE_USEC; \
        while (!(condition)) { \
            if (monotonic_now() > _deadline) \
                fail_msg("waited in vain for %s", #condition); \
            sd_event_run((fixture)->event, 100 * USEC_PER_MSEC); \
        } \
    } while (0)
