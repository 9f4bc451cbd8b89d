#include "fleetd/sockets.h"

#include "fleetd/base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define GROUP "fleet" /* as fleet.socket has it */

/* One whose queue is full lives as well, and must not be waited for. */
static bool socket_is_dead(const struct sockaddr_un *address) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_dead = fd >= 0 &&
                   connect(fd, (const struct sockaddr *) address, sizeof(*address)) < 0 &&
                   errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return is_dead;
}

/* What a fleetd left behind that did not end well. A mistaken option 'listen' may name anything. */
static int socket_remove_dead(const struct sockaddr_un *address, Error *reterr) {
    struct stat st;
    const char *path = address->sun_path;
    if (lstat(path, &st) < 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return error_set(reterr, -EEXIST, "option 'listen': %s is there, and is no socket", path);
    if (!socket_is_dead(address))
        return error_set(reterr, -EADDRINUSE,
                         "another process answers on %s; is fleetd running already?", path);
    (void) unlink(path);
    return 0;
}

/* Where there is no such group, or nobody who may give it the socket, that is for root only. */
static void socket_give_to_group(const char *path) {
    const struct group *group = getgrnam(GROUP);
    if (group && lchown(path, (uid_t) -1, group->gr_gid) < 0)
        log_warning("Failed to give %s to group " GROUP ": %s; it is for root only", path,
                    strerror(errno));
}

/* For root and a group only, as the API can run anything as root. */
static int socket_open(const char *path, int *ret_fd, Error *reterr) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return error_set(reterr, -ENAMETOOLONG,
                         "option 'listen': '%s' is longer than a unix socket's path can be", path);
    memcpy(address.sun_path, path, strlen(path));
    int r = socket_remove_dead(&address, reterr);
    if (r < 0)
        return r;

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0117);
    r = fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
                listen(fd, SOMAXCONN) < 0
            ? -errno
            : 0;
    umask(mask);
    if (r < 0) {
        if (fd >= 0)
            close(fd);
        return error_set(reterr, r, "cannot listen on %s: %s", path, strerror(-r));
    }
    socket_give_to_group(path);
    *ret_fd = fd;
    return 0;
}

static bool address_is_local(const struct sockaddr_storage *address) {
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *) address)->sin6_addr;
    const struct in_addr *v4 = &((const struct sockaddr_in *) address)->sin_addr;
    if (address->ss_family == AF_INET)
        return ntohl(v4->s_addr) >> 24 == IN_LOOPBACKNET;
    return address->ss_family != AF_INET6 || IN6_IS_ADDR_LOOPBACK(v6);
}

/* Nothing protects the API there, and somebody may believe that something does. */
static void warn_of_network(int fd) {
    struct sockaddr_storage address = {};
    socklen_t length = sizeof(address);
    char host[INET6_ADDRSTRLEN], port[8];
    if (getsockname(fd, (struct sockaddr *) &address, &length) < 0 || address_is_local(&address) ||
        getnameinfo((struct sockaddr *) &address, length, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    log_warning("The API listens on %s port %s: whoever reaches that from the network can run "
                "anything as root, on every machine of the cluster",
                host, port);
}

int sockets_listen(HttpServer *server, const char *unix_path, Error *reterr) {
    int n = sd_listen_fds(1);
    if (n < 0)
        return error_set(reterr, n, "cannot take over the sockets from systemd: %s", strerror(-n));
    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
        warn_of_network(fd);
        int r = http_server_listen_take(server, fd, reterr);
        if (r < 0)
            return r;
    }
    if (n > 0)
        return 0;
    int fd = -1;
    int r = socket_open(unix_path, &fd, reterr);
    if (r < 0)
        return r;
    log_info("Listening on %s", unix_path);
    return http_server_listen_take(server, fd, reterr);
}
