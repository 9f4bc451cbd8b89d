#include "fleetctl/remote/socket-forward.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* As much as a pipe that can be written to takes without blocking: the descriptors may be shared
 * with others, so they are not made non-blocking. */
#define CHUNK 4096

/* One direction. */
typedef struct Flow {
    int from, to;
    size_t start, end; /* of what has been read and not yet been written */
    bool is_at_end;    /* nothing more comes from `from` */
    bool is_over;      /* and all of it, with its end, has been passed on */
    char buffer[CHUNK];
} Flow;

int socket_connect(const char *path, int *ret, Error *reterr) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return error_set(reterr, -EINVAL, "'%s': a socket's path has at most %zu characters", path,
                         sizeof(address.sun_path) - 1);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
        int r = error_set(reterr, -errno, "Failed to connect to '%s': %s", path, strerror(errno));
        close(fd);
        return r;
    }
    *ret = fd;
    return 0;
}

static bool flow_is_empty(const Flow *flow) {
    return flow->start == flow->end;
}

static bool is_transient(int error) {
    return error == EINTR || error == EAGAIN;
}

/* A connection that was cut has ended, too. */
static void flow_read(Flow *flow) {
    ssize_t n = read(flow->from, flow->buffer, sizeof(flow->buffer));
    if (n < 0 && is_transient(errno))
        return;
    flow->is_at_end = n <= 0;
    flow->start = 0;
    flow->end = n > 0 ? (size_t) n : 0;
}

/* False: it leads nowhere any more. */
static bool flow_write(Flow *flow) {
    ssize_t n = write(flow->to, flow->buffer + flow->start, flow->end - flow->start);
    if (n < 0)
        return is_transient(errno);
    flow->start += (size_t) n;
    return true;
}

/* The end is passed on when everything before it was. */
static void flow_pass_end(Flow *flow) {
    if (!flow->is_at_end || !flow_is_empty(flow) || flow->is_over)
        return;
    flow->is_over = true;
    if (shutdown(flow->to, SHUT_WR) < 0 && errno == ENOTSOCK)
        close(flow->to);
}

/* What is not waited for is not polled at all: a hang-up would be told again and again. */
static struct pollfd poll_for(int fd, bool is_wanted, bool is_written) {
    return (struct pollfd){.fd = is_wanted ? fd : -1, .events = is_written ? POLLOUT : 0};
}

static struct pollfd poll_for_input(const Flow *flow) {
    bool is_wanted = flow_is_empty(flow) && !flow->is_at_end;
    return (struct pollfd){.fd = is_wanted ? flow->from : -1, .events = POLLIN};
}

#define GONE (POLLERR | POLLHUP | POLLNVAL)

/* Waits, and does what can be done then. 0: the forwarding goes on; 1: it is over. */
static int flows_step(Flow *in, Flow *out) {
    bool in_writes = !flow_is_empty(in), out_writes = !flow_is_empty(out);
    struct pollfd polls[] = {
        poll_for_input(in),
        poll_for_input(out),
        /* whoever has said all and now hangs up does not listen either */
        poll_for(in->to, in_writes || out->is_over, in_writes),
        /* also when there is nothing to write: a reader that has gone does not come back */
        poll_for(out->to, !out->is_over, out_writes),
    };
    if (poll(polls, ELEMENTSOF(polls), -1) < 0)
        return errno == EINTR ? 0 : -errno;
    if (polls[0].revents)
        flow_read(in);
    if (polls[1].revents)
        flow_read(out);
    if ((polls[2].revents & GONE && out->is_over) || polls[3].revents & GONE)
        return 1;
    if (polls[2].revents && in_writes && !flow_write(in)) {
        in->start = in->end = 0;
        in->is_at_end = in->is_over = true;
    }
    if (polls[3].revents && out_writes && !flow_write(out))
        return 1;
    flow_pass_end(in);
    flow_pass_end(out);
    return in->is_over && out->is_over;
}

int socket_forward(int input, int output, int socket) {
    Flow in = {.from = input, .to = socket}, out = {.from = socket, .to = output};
    int r;
    do
        r = flows_step(&in, &out);
    while (r == 0);
    return MIN(r, 0);
}
