#include "fleetd/sockets.h"

#include "fleetd/base/log.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static bool socket_is_alive(const struct sockaddr_un *address) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_alive =
        fd >= 0 && connect(fd, (const struct sockaddr *) address, sizeof(*address)) == 0;
    if (fd >= 0)
        close(fd);
    return is_alive;
}

/* What a fleetd left behind that did not end well. A mistaken option 'listen' may name anything. */
static int socket_remove_dead(const struct sockaddr_un *address, Error *reterr) {
    struct stat st;
    const char *path = address->sun_path;
    if (lstat(path, &st) < 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return error_set(reterr, -EEXIST, "option 'listen': %s is there, and is no socket", path);
    if (socket_is_alive(address))
        return error_set(reterr, -EADDRINUSE,
                         "another process answers on %s; is fleetd running already?", path);
    (void) unlink(path);
    return 0;
}

/* Root and its group only, as the API can run anything as root. */
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
    *ret_fd = fd;
    return 0;
}

int sockets_listen(HttpServer *server, const char *unix_path, Error *reterr) {
    int n = sd_listen_fds(1);
    if (n < 0)
        return error_set(reterr, n, "cannot take over the sockets from systemd: %s", strerror(-n));
    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
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
