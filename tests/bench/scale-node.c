#include "tests/bench/scale-node.h"

#include "fleetd/agent/agent.h"
#include "fleetd/api/api.h"
#include "fleetd/engine/engine.h"
#include "tests/bench/benchmark.h"
#include "tests/fakes/fake-unit-manager.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Defaults of fleet.conf, and what fleetd/daemon.c has for the API. */
#define RESTART_GRACE_USEC (5 * USEC_PER_MINUTE)
#define STORE_TIMEOUT_USEC (2 * USEC_PER_SEC)
#define BODY_MAX ((size_t) 1024 * 1024)
#define HEADER_MAX ((size_t) 64 * 1024)
#define CONNECTIONS_MAX 1000

struct ScaleNode {
    ScaleNodeOptions options;
    char id[MACHINE_ID_LENGTH + 1];
    WatchCount count;
    Store *store; /* that counts */
    FakeSystemd *systemd;
    UnitManager *unit_manager;
    Agent *agent;
    Engine *engine; /* NULL until it is registered, or for ever */
    Api *api;
    HttpServer *server;
};

void scale_node_id(size_t number, char ret[MACHINE_ID_LENGTH + 1]) {
    snprintf(ret, MACHINE_ID_LENGTH + 1, "%0*zx", MACHINE_ID_LENGTH, number + 1);
}

size_t scale_node_number(const char *id) {
    return strtoul(id, NULL, 16) - 1;
}

static usec_t on_steady_since(void *userdata) {
    const ScaleNode *node = userdata;
    return agent_steady_since(node->agent);
}

static void on_registered(void *userdata) {
    ScaleNode *node = userdata;
    const EngineOptions options = {
        .store = node->store,
        .loop = node->options.loop,
        .machine_id = node->id,
        .agent_ttl_usec = node->options.ttl_usec,
        .steady_since = on_steady_since,
        .userdata = node,
    };
    if (node->options.socket && !node->engine)
        bench_ok(engine_new(&options, &node->engine));
}

static void start_agent(ScaleNode *node) {
    char address[32];
    snprintf(address, sizeof(address), "10.%zu.%zu.%zu", node->options.number >> 16 & 0xff,
             node->options.number >> 8 & 0xff, node->options.number & 0xff);
    const Machine machine = {.id = node->id, .boot_id = node->id, .address = address};
    AgentOptions options = {
        .store = node->store,
        .loop = node->options.loop,
        .machine = &machine,
        .ttl_usec = node->options.ttl_usec,
        .restart_grace_usec = RESTART_GRACE_USEC,
        .on_registered = on_registered,
        .userdata = node,
    };
    bench_ok(fake_systemd_new(node->options.loop, &node->systemd));
    bench_ok(fake_unit_manager_new(node->systemd, &node->unit_manager));
    options.unit_manager = node->unit_manager;
    bench_ok(agent_new(&options, &node->agent));
}

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    bench_must(strlen(path) < sizeof(address.sun_path), "'%s' is too long", path);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bench_ok(bind(fd, (struct sockaddr *) &address, sizeof(address)));
    bench_ok(listen(fd, SOMAXCONN));
    return fd;
}

static void start_api(ScaleNode *node) {
    const ApiOptions api = {
        .store = node->store,
        .loop = node->options.loop,
        .store_timeout_usec = STORE_TIMEOUT_USEC,
    };
    const HttpServerOptions server = {
        .body_max = BODY_MAX,
        .header_max = HEADER_MAX,
        .connections_max = CONNECTIONS_MAX,
    };
    bench_ok(api_new(&api, &node->api));
    bench_ok(http_server_new(node->options.event, &server, api_handle, node->api, &node->server));
    bench_ok(http_server_listen_take(node->server, listen_at(node->options.socket), NULL));
}

ScaleNode *scale_node_new(const ScaleNodeOptions *options) {
    ScaleNode *node = calloc(1, sizeof(ScaleNode));
    bench_must(node, "out of memory");
    node->options = *options;
    scale_node_id(options->number, node->id);
    bench_ok(watch_meter_new(options->store, &node->count, &node->store));
    start_agent(node);
    if (options->socket)
        start_api(node);
    return node;
}

void scale_node_free(ScaleNode *node) {
    if (!node)
        return;
    http_server_free(node->server);
    api_free(node->api);
    engine_free(node->engine);
    unit_manager_free(node->unit_manager);
    agent_free(node->agent);
    fake_systemd_free(node->systemd);
    store_free(node->store);
    free(node);
}

WatchCount scale_node_take_count(ScaleNode *node) {
    WatchCount count = node->count;
    node->count = (WatchCount){};
    return count;
}
