/* The bytes of a connection to the API, through the real HTTP server: the first byte of the input
 * says in how large pieces they come. Whatever they are, the server then serves another client, and
 * nothing has got into the store that could not be read there. */
#include "fleetd/api/api.h"
#include "fleetd/base/log.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/store/memory-store.h"
#include "tests/fakes/event-run.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/stored-check.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_TURNS 1000
#define QUIET_TURNS 3

typedef struct World {
    sd_event *event;
    Loop *loop;
    Store *store;
    Api *api;
    HttpServer *server;
    struct sockaddr_un address;
} World;

static int listen_anywhere(struct sockaddr_un *ret) {
    socklen_t size = sizeof(*ret);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX}; /* the kernel finds a name */
    HOLDS(fd >= 0 && bind(fd, (struct sockaddr *) ret, sizeof(sa_family_t)) == 0);
    HOLDS(listen(fd, 8) == 0 && getsockname(fd, (struct sockaddr *) ret, &size) == 0);
    return fd;
}

static void world_open(World *world) {
    const HttpServerOptions http = {.body_max = 1024 * 1024,
                                    .header_max = 16 * 1024,
                                    .connections_max = 8,
                                    .idle_timeout_usec = 60 * USEC_PER_SEC,
                                    .transfer_timeout_usec = 30 * USEC_PER_SEC};
    *world = (World){};
    HOLDS(sd_event_default(&world->event) >= 0);
    HOLDS(event_loop_new(world->event, &world->loop) == 0);
    HOLDS(memory_store_new(world->loop, &world->store) == 0);
    const ApiOptions options = {.store = world->store, .loop = world->loop};
    HOLDS(api_new(&options, &world->api) == 0);
    HOLDS(http_server_new(world->event, &http, api_handle, world->api, &world->server) == 0);
    HOLDS(http_server_listen_take(world->server, listen_anywhere(&world->address), NULL) == 0);
}

static void world_close(World *world) {
    http_server_free(world->server);
    api_free(world->api);
    store_free(world->store);
    event_loop_free(world->loop);
    sd_event_unref(world->event);
}

static int client_connect(const World *world) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    HOLDS(fd >= 0);
    HOLDS(connect(fd, (const struct sockaddr *) &world->address, sizeof(sa_family_t) + 6) == 0);
    return fd;
}

/* Both ends are in one process and nobody else speaks: when nothing is due, all is said. */
static void world_turn(World *world) {
    for (int n_quiet = 0; n_quiet < QUIET_TURNS; n_quiet++)
        while (sd_event_run(world->event, 0) > 0)
            n_quiet = 0;
}

/* What comes is thrown away; false: the server has closed the connection. */
static bool client_drain(int fd) {
    char buffer[4096];
    ssize_t n;
    while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
        ;
    return n < 0 && errno == EAGAIN;
}

static void bytes_send(World *world, FuzzInput input, size_t piece) {
    int fd = client_connect(world);
    bool is_open = true;
    while (is_open && input.size > 0) {
        ssize_t n = send(fd, input.data, MIN(piece, input.size), MSG_NOSIGNAL);
        if (n > 0)
            input = (FuzzInput){input.data + n, input.size - (size_t) n};
        else
            is_open = errno == EAGAIN;
        world_turn(world);
        is_open = is_open && client_drain(fd);
    }
    close(fd);
    world_turn(world);
}

static void good_request_check(World *world) {
    static const char request[] = "GET /fleet/v1/units HTTP/1.1\r\nHost: x\r\n\r\n";
    char answer[1024] = "";
    ssize_t n = 0;
    int fd = client_connect(world);
    HOLDS(send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t) strlen(request));
    for (int i = 0; n <= 0 && i < PATIENCE_TURNS; i++) {
        sd_event_run(world->event, 10 * USEC_PER_MSEC);
        n = recv(fd, answer, sizeof(answer) - 1, 0);
    }
    close(fd);
    HOLDS(strncmp(answer, "HTTP/1.1 200 OK\r\n", 17) == 0);
    world_turn(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const size_t pieces[] = {64 * 1024, 1, 7, 100};
    FuzzInput input = fuzz_input(data, size);
    World world;
    log_setup(LOG_EMERG);
    size_t piece = pieces[fuzz_take_byte(&input) % ELEMENTSOF(pieces)];
    world_open(&world);
    bytes_send(&world, input, piece);
    good_request_check(&world);
    const StoreSync sync = {world.store, world.loop, event_run_until};
    stored_check(&sync);
    world_close(&world);
    return 0;
}
