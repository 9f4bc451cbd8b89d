#include "tests/bench/scale.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/store/etcd-store.h"
#include "tests/fakes/event-run.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define BOOT_AT_ONCE 32       /* machines that register at the same time */
#define CONNECTIONS_EACH 6    /* of a machine to etcd, at most times */
#define WATCHES_EACH 2        /* of those */
#define SHARED_CONNECTIONS 40 /* of all that share them, at most, but for watches */
#define MORE_UNITS 100        /* that phases ask for one by one */
#define BOOT_MAX_USEC (10 * USEC_PER_MINUTE)
#define SETTLE_MAX_USEC (20 * USEC_PER_MINUTE)

/* --- setting up --- */

static size_t raise_limit(void) {
    struct rlimit limit;
    bench_ok(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = limit.rlim_max;
    bench_ok(setrlimit(RLIMIT_NOFILE, &limit));
    return (size_t) limit.rlim_max;
}

/* etcd is the other end of all connections. If it cannot have as many, machines of one process
 * share them, but for those of their watches. */
static size_t choose_sharing(size_t n_machines) {
    size_t limit = raise_limit(), room = limit - limit / 5;
    if (n_machines * CONNECTIONS_EACH <= room)
        return 1;
    bench_must(n_machines * WATCHES_EACH < room, "%zu descriptors are too few for %zu machines",
               limit, n_machines);
    return n_machines * SHARED_CONNECTIONS / (room - n_machines * WATCHES_EACH) + 1;
}

static void format_socket(const Scale *scale, size_t engine, char *ret, size_t size) {
    snprintf(ret, size, "%s/%zu.sock", scale->directory, engine);
}

void scale_users_socket(const Scale *scale, char *ret, size_t size) {
    format_socket(scale, scale->users_engine, ret, size);
}

static void start_engines(Scale *scale) {
    for (size_t i = 0; i < SCALE_ENGINES; i++) {
        char socket[SCALE_SOCKET_MAX];
        format_socket(scale, i, socket, sizeof(socket));
        const ScaleHostOptions options = {
            .etcd_url = etcd_process_url(scale->etcd, 0),
            .first = i,
            .n_nodes = 1,
            .n_sharing = 1,
            .ttl_usec = scale->options.ttl_usec,
            .socket = socket,
        };
        scale_host_start(&scale->hosts[scale->n_hosts++], &options);
    }
}

static void start_agents(Scale *scale) {
    size_t n_agents = scale->options.n_machines + 1 - SCALE_ENGINES;
    size_t n_hosts = MIN(scale->options.n_hosts, n_agents), first = SCALE_ENGINES;
    for (size_t i = 0; i < n_hosts; i++) {
        const ScaleHostOptions options = {
            .etcd_url = etcd_process_url(scale->etcd, 0),
            .first = first,
            .n_nodes = n_agents / n_hosts + (i < n_agents % n_hosts),
            .n_sharing = scale->n_sharing,
            .ttl_usec = scale->options.ttl_usec,
        };
        scale_host_start(&scale->hosts[scale->n_hosts++], &options);
        first += options.n_nodes;
    }
}

static void make_texts(Scale *scale) {
    for (size_t i = 0; i < SCALE_VERSIONS; i++) {
        char hash[UNIT_FILE_HASH_LENGTH + 1];
        scale->texts[i] =
            str_printf("[Unit]\nDescription=%%i, version %zu\n[Service]\nExecStart=/bin/true\n", i);
        bench_must(scale->texts[i], "out of memory");
        bench_ok(unit_file_hash_text(scale->texts[i], strlen(scale->texts[i]), hash));
        bench_must(scale->hashes[i] = strdup(hash), "out of memory");
    }
}

static void start_watching(Scale *scale) {
    const EtcdOptions options = {
        .endpoints = etcd_process_urls(scale->etcd),
        .key_prefix = SCALE_KEY_PREFIX,
        .request_timeout_usec = 10 * USEC_PER_SEC,
    };
    bench_ok(sd_event_default(&scale->event));
    bench_ok(event_loop_new(scale->event, &scale->loop));
    bench_ok(etcd_store_new(scale->event, scale->loop, &options, &scale->store, NULL));
    scale_watch_start(&scale->watch, scale->store, scale->loop, (const char *const *) scale->hashes,
                      scale->n_units_max, scale->options.n_machines + 1);
}

void scale_init(Scale *scale, const ScaleOptions *options) {
    *scale = (Scale){
        .options = *options,
        .n_units_max = options->n_units + MORE_UNITS,
        .n_sharing = choose_sharing(options->n_machines),
    };
    snprintf(scale->directory, sizeof(scale->directory), "%s/fleet-bench-XXXXXX",
             str_or(getenv("TMPDIR"), "/tmp"));
    bench_must(mkdtemp(scale->directory), "no temporary directory");
    scale->etcd = etcd_process_start(1);
    bench_must(scale->etcd, "there is no etcd");
    start_engines(scale);
    start_agents(scale);
    make_texts(scale);
    start_watching(scale);
}

static void remove_sockets(const Scale *scale) {
    for (size_t i = 0; i < SCALE_ENGINES; i++) {
        char socket[SCALE_SOCKET_MAX];
        format_socket(scale, i, socket, sizeof(socket));
        unlink(socket);
    }
    rmdir(scale->directory);
}

void scale_done(Scale *scale) {
    for (size_t i = 0; i < scale->n_hosts; i++)
        scale_host_kill(&scale->hosts[i]);
    scale_users_free(scale->users);
    scale_watch_done(&scale->watch);
    store_free(scale->store);
    event_loop_free(scale->loop);
    sd_event_unref(scale->event);
    etcd_process_free(scale->etcd);
    for (size_t i = 0; i < SCALE_VERSIONS; i++) {
        free(scale->texts[i]);
        free(scale->hashes[i]);
    }
    remove_sockets(scale);
}

/* --- waiting --- */

void scale_wait(Scale *scale, bool (*predicate)(void *userdata), void *userdata, usec_t max_usec,
                const char *what) {
    if (!event_run_until(scale->loop, predicate, userdata, max_usec))
        bench_fail("%s: not in time (%zu machines are here; %zu of %zu units run)", what,
                   scale->watch.n_machines, scale->watch.n_right, scale->watch.n_wanted);
}

bool scale_is_settled(void *userdata) {
    const Scale *scale = userdata;
    return scale_users_are_content(scale->users) && scale->watch.n_right == scale->watch.n_wanted;
}

void scale_ask(Scale *scale, const ScaleWish *wish) {
    scale_users_ask(scale->users, wish);
    scale_wait(scale, scale_is_settled, scale, SETTLE_MAX_USEC, "units that were asked for");
}

/* --- machines --- */

static ScaleHost *host_of(Scale *scale, size_t machine) {
    for (size_t i = 0; i < scale->n_hosts; i++)
        if (scale_host_has(&scale->hosts[i], machine))
            return &scale->hosts[i];
    bench_fail("machine %zu is on no host", machine);
}

void scale_switch(Scale *scale, size_t machine, bool is_on) {
    scale_host_switch(host_of(scale, machine), machine, is_on);
}

ScaleHost *scale_leading_host(Scale *scale) {
    bench_must(scale->watch.leader < SCALE_ENGINES, "nobody leads");
    return &scale->hosts[scale->watch.leader];
}

/* The next ones are switched on as those before come in. */
static bool boot_goes_on(void *userdata) {
    Scale *scale = userdata;
    size_t n_here = scale->watch.n_machines;
    while (scale->n_on < scale->options.n_machines && scale->n_on < n_here + BOOT_AT_ONCE)
        scale_switch(scale, scale->n_on++, true);
    return n_here == scale->options.n_machines && scale->watch.leader != SCALE_NOWHERE;
}

static void on_asking(size_t unit, uint8_t version, void *userdata) {
    scale_watch_want(userdata, unit, version);
}

void scale_seat_users(Scale *scale) {
    char socket[SCALE_SOCKET_MAX];
    if (scale->users && scale->users_engine != scale->watch.leader)
        return;
    scale->users_engine = 1 - scale->watch.leader;
    scale_users_socket(scale, socket, sizeof(socket));
    scale_users_free(scale->users);
    scale->users = scale_users_new(scale->event, socket, on_asking, &scale->watch);
}

void scale_boot(Scale *scale) {
    scale_wait(scale, boot_goes_on, scale, BOOT_MAX_USEC, "machines that boot");
    scale_seat_users(scale);
}
