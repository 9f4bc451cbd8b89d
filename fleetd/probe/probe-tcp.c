/* A connection, which is closed at once. */
#include "fleetd/probe/event-probe.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static int on_connected(_unused_ sd_event_source *source, _unused_ int fd,
                        _unused_ uint32_t revents, void *userdata) {
    EventProbe *probe = userdata;
    int error = 0;
    if (getsockopt(probe->socket, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof(error)}) < 0)
        error = errno;
    event_probe_finish(probe, error ? strerror(error) : NULL);
    return 0;
}

typedef union Address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
} Address;

static socklen_t address_make(const HealthCheck *check, Address *ret) {
    uint16_t port = htons((uint16_t) check->port);
    *ret = (Address){.in = {.sin_family = AF_INET, .sin_port = port}};
    if (inet_pton(AF_INET, check->host, &ret->in.sin_addr) == 1)
        return sizeof(ret->in);
    *ret = (Address){.in6 = {.sin6_family = AF_INET6, .sin6_port = port}};
    return inet_pton(AF_INET6, check->host, &ret->in6.sin6_addr) == 1 ? sizeof(ret->in6) : 0;
}

int probe_tcp_begin(EventProbe *probe) {
    Address address;
    socklen_t size = address_make(probe->check, &address);
    if (size == 0)
        return -EINVAL;
    probe->socket = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe->socket < 0)
        return -errno;
    if (connect(probe->socket, &address.any, size) < 0 && errno != EINPROGRESS)
        return errno == EAGAIN ? -ECONNREFUSED : -errno;
    return sd_event_add_io(event_probe_prober(probe)->event, &probe->io, probe->socket, EPOLLOUT,
                           on_connected, probe);
}
