#include "tests/bench/scale-host.h"

#include "fleetd/base/log.h"
#include "fleetd/base/memory.h"
#include "fleetd/net/event-loop.h"
#include "fleetd/store/etcd-store.h"
#include "tests/bench/benchmark.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* etcd_request_timeout, as docs/performance.md has it for thousands of machines. */
#define REQUEST_TIMEOUT_USEC (5 * USEC_PER_SEC)

typedef enum Word {
    WORD_ON,
    WORD_OFF,
    WORD_COUNT, /* answered with a WatchCount */
} Word;

typedef struct Command {
    Word word;
    size_t number;
} Command;

/* --- in the process --- */

typedef struct Hosting {
    ScaleHostOptions options;
    int fd;
    sd_event *event;
    Loop *loop;
    Store **stores; /* each of n_sharing nodes */
    ScaleNode **nodes;
} Hosting;

static Store *node_store(Hosting *hosting, size_t i) {
    char *const urls[] = {(char *) hosting->options.etcd_url, NULL};
    const EtcdOptions options = {
        .endpoints = urls,
        .key_prefix = SCALE_KEY_PREFIX,
        .request_timeout_usec = REQUEST_TIMEOUT_USEC,
    };
    Store **store = &hosting->stores[i / hosting->options.n_sharing];
    if (!*store)
        bench_ok(etcd_store_new(hosting->event, hosting->loop, &options, store, NULL));
    return *store;
}

static void node_on(Hosting *hosting, size_t i) {
    const ScaleNodeOptions options = {
        .event = hosting->event,
        .loop = hosting->loop,
        .store = node_store(hosting, i),
        .number = hosting->options.first + i,
        .ttl_usec = hosting->options.ttl_usec,
        .socket = hosting->options.socket,
    };
    bench_must(!hosting->nodes[i], "machine %zu is on", options.number);
    hosting->nodes[i] = scale_node_new(&options);
}

static WatchCount take_count(Hosting *hosting) {
    WatchCount sum = {};
    for (size_t i = 0; i < hosting->options.n_nodes; i++) {
        if (!hosting->nodes[i])
            continue;
        WatchCount count = scale_node_take_count(hosting->nodes[i]);
        sum.n_events += count.n_events;
        sum.n_bytes += count.n_bytes;
    }
    return sum;
}

static void obey(Hosting *hosting, const Command *command) {
    size_t i = command->number - hosting->options.first;
    if (command->word == WORD_ON) {
        node_on(hosting, i);
    } else if (command->word == WORD_OFF) {
        scale_node_free(TAKE_PTR(hosting->nodes[i]));
    } else {
        WatchCount count = take_count(hosting);
        bench_ok(send(hosting->fd, &count, sizeof(count), MSG_NOSIGNAL));
    }
}

static int on_command(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    Command command;
    ssize_t n = recv(fd, &command, sizeof(command), MSG_DONTWAIT);
    if (n == sizeof(command))
        obey(userdata, &command);
    else if (n == 0 || errno != EAGAIN)
        _exit(0); /* whoever started it is gone */
    return 0;
}

static _noreturn_ void host_run(const ScaleHostOptions *options, int fd) {
    Hosting hosting = {
        .options = *options,
        .fd = fd,
        .stores = calloc(options->n_nodes / options->n_sharing + 1, sizeof(Store *)),
        .nodes = calloc(options->n_nodes, sizeof(ScaleNode *)),
    };
    bench_must(hosting.stores && hosting.nodes, "out of memory");
    memory_setup();
    signal(SIGPIPE, SIG_IGN);
    log_setup(LOG_WARNING);
    bench_ok(sd_event_default(&hosting.event));
    bench_ok(event_loop_new(hosting.event, &hosting.loop));
    bench_ok(sd_event_add_io(hosting.event, NULL, fd, EPOLLIN, on_command, &hosting));
    bench_fail("a host's loop ended: %s", strerror(-sd_event_loop(hosting.event)));
}

/* --- outside --- */

void scale_host_start(ScaleHost *host, const ScaleHostOptions *options) {
    int fds[2];
    pid_t parent = getpid();
    bench_ok(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
    pid_t pid = fork();
    bench_ok(pid);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(fds[0]);
        if (getppid() == parent)
            host_run(options, fds[1]);
        _exit(0);
    }
    close(fds[1]);
    *host =
        (ScaleHost){.first = options->first, .n_nodes = options->n_nodes, .pid = pid, .fd = fds[0]};
}

void scale_host_kill(ScaleHost *host) {
    if (host->pid == 0)
        return;
    kill(host->pid, SIGKILL);
    waitpid(host->pid, NULL, 0);
    host->pid = 0;
    close(host->fd);
}

bool scale_host_has(const ScaleHost *host, size_t number) {
    return number >= host->first && number < host->first + host->n_nodes;
}

static void host_tell(const ScaleHost *host, Word word, size_t number) {
    const Command command = {word, number};
    bench_must(send(host->fd, &command, sizeof(command), MSG_NOSIGNAL) == sizeof(command),
               "a host is gone: %s", strerror(errno));
}

void scale_host_switch(const ScaleHost *host, size_t number, bool is_on) {
    host_tell(host, is_on ? WORD_ON : WORD_OFF, number);
}

WatchCount scale_host_take_count(const ScaleHost *host) {
    WatchCount count;
    host_tell(host, WORD_COUNT, host->first);
    bench_must(recv(host->fd, &count, sizeof(count), 0) == sizeof(count), "a host is gone");
    return count;
}
