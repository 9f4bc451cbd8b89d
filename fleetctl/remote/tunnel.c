#include "fleetctl/remote/tunnel.h"

#include "fleetctl/print/message.h"
#include "fleetctl/remote/process.h"
#include "fleetctl/remote/ssh-command.h"
#include "fleetctl/remote/tunnel-keeper.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ssh makes a socket of a longer name first: NAME.XXXXXXXXXXXXXXXX. */
#define CONTROL_SUFFIX_LENGTH 17

struct Tunnel {
    char *folder, *socket, *control; /* the socket and ssh's are in the folder */
    char *proxy_command;
    char **master, **session;
    pid_t keeper; /* 0: not started */
    int life;     /* see TunnelKeeper; -1: not open */
};

/* Owned by the user and closed to others, as mkdtemp() makes it. */
static int folder_make(Tunnel *tunnel, Error *reterr) {
    const char *parent = getenv("TMPDIR");
    tunnel->folder = str_printf("%s/fleetctl-XXXXXX", str_is_empty(parent) ? "/tmp" : parent);
    if (!tunnel->folder)
        return -ENOMEM;
    if (!mkdtemp(tunnel->folder)) {
        int r = error_set(reterr, -errno, "Failed to make a folder '%s': %s", tunnel->folder,
                          strerror(errno));
        free(TAKE_PTR(tunnel->folder));
        return r;
    }
    tunnel->socket = str_printf("%s/fleetd", tunnel->folder);
    tunnel->control = str_printf("%s/ssh", tunnel->folder);
    if (!tunnel->socket || !tunnel->control)
        return -ENOMEM;
    size_t longest = strlen(tunnel->control) + CONTROL_SUFFIX_LENGTH;
    if (longest >= sizeof(((struct sockaddr_un *) NULL)->sun_path))
        return error_set(reterr, -ENAMETOOLONG, "TMPDIR '%s' is too long for sockets", parent);
    return 0;
}

static int commands_make(Tunnel *tunnel, const Options *options, const TunnelGoal *goal,
                         const SshAddress *address, Error *reterr) {
    _cleanup_ssh_address_ SshAddress far = {};
    _cleanup_free_ char *host_port = NULL;
    int r = goal->unix_socket ? 0 : ssh_address_parse_url(goal->base_url, &far, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "--endpoint");
    if (!goal->unix_socket && !(host_port = ssh_address_format(&far)))
        return -ENOMEM;
    r = ssh_tunnel_master(options, address, tunnel->control, &tunnel->master);
    if (r >= 0)
        r = ssh_tunnel_session(options, address, tunnel->control, goal->unix_socket, host_port,
                               &tunnel->session);
    tunnel->proxy_command = ssh_tunnel_proxy(options, address, tunnel->control);
    return r >= 0 && !tunnel->proxy_command ? -ENOMEM : r;
}

static int listener_open(const char *path, int *ret) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path); /* folder_make() has seen that it fits */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(fd, SOMAXCONN) < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    *ret = fd;
    return 0;
}

static void folder_remove(const Tunnel *tunnel) {
    const char *const paths[] = {tunnel->control, tunnel->socket};
    for (size_t i = 0; i < ELEMENTSOF(paths); i++)
        if (paths[i])
            unlink(paths[i]);
    if (tunnel->folder)
        rmdir(tunnel->folder);
}

/* In the child. Nothing of the parent's is cleaned up here. */
_noreturn_ static void keeper_become(const Tunnel *tunnel, int listener, int life) {
    _cleanup_error_ Error error = {};
    TunnelKeeper keeper = {
        .master = tunnel->master,
        .session = tunnel->session,
        .folder = tunnel->folder,
        .control = tunnel->control,
        .listener = listener,
        .life = life,
    };
    int r = tunnel_keeper_run(&keeper, &error);
    if (r < 0)
        complain("%s", error_text(&error, r));
    folder_remove(tunnel);
    _exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* The parent's output must not be in the child's buffers as well. */
static int keeper_start(Tunnel *tunnel, int listener) {
    int ends[2];
    int r = say_flush();
    if (r < 0)
        return r;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    tunnel->keeper = fork();
    if (tunnel->keeper == 0) {
        close(ends[0]);
        keeper_become(tunnel, listener, ends[1]);
    }
    r = tunnel->keeper < 0 ? -errno : 0;
    tunnel->keeper = MAX(tunnel->keeper, 0);
    tunnel->life = ends[0];
    close(ends[1]);
    return r;
}

static int keeper_wait_until_ready(const Tunnel *tunnel, const Options *options, Error *reterr) {
    char byte;
    ssize_t n;
    do
        n = read(tunnel->life, &byte, sizeof(byte));
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return 0;
    return error_set(reterr, -EHOSTUNREACH, "Cannot reach '%s' with ssh", options->tunnel);
}

static int keeper_start_on_listener(Tunnel *tunnel, Error *reterr) {
    int listener = -1;
    int r = listener_open(tunnel->socket, &listener);
    if (r < 0)
        return error_set(reterr, r, "Failed to listen at '%s': %s", tunnel->socket, strerror(-r));
    r = keeper_start(tunnel, listener);
    close(listener);
    return r;
}

static int tunnel_start(Tunnel *tunnel, const Options *options, const TunnelGoal *goal,
                        const SshAddress *address, Error *reterr) {
    int r = folder_make(tunnel, reterr);
    if (r >= 0)
        r = commands_make(tunnel, options, goal, address, reterr);
    return r < 0 ? r : keeper_start_on_listener(tunnel, reterr);
}

/* From the folder on somebody has to take it away, and that is the keeper, which Ctrl-C does not
 * end: until it is there, and blocks them itself, these signals wait. */
static void signals_hold(sigset_t *ret_before) {
    static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ELEMENTSOF(signals); i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, ret_before);
}

int tunnel_open(const Options *options, const TunnelGoal *goal, Tunnel **ret, Error *reterr) {
    _cleanup_ssh_address_ SshAddress address = {};
    _cleanup_(tunnel_closep) Tunnel *tunnel = calloc(1, sizeof(Tunnel));
    sigset_t before;
    if (!tunnel)
        return -ENOMEM;
    tunnel->life = -1;
    int r = ssh_address_parse(options->tunnel, &address, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "--tunnel '%s'", options->tunnel);
    signals_hold(&before);
    r = tunnel_start(tunnel, options, goal, &address, reterr);
    if (r < 0)
        tunnel_close(TAKE_PTR(tunnel));
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (r >= 0)
        r = keeper_wait_until_ready(tunnel, options, reterr);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(tunnel);
    return 0;
}

void tunnel_close(Tunnel *tunnel) {
    if (!tunnel)
        return;
    if (tunnel->life >= 0)
        close(tunnel->life);
    if (tunnel->keeper > 0)
        process_wait(tunnel->keeper);
    folder_remove(tunnel); /* the keeper did, if there was one */
    free(tunnel->folder);
    free(tunnel->socket);
    free(tunnel->control);
    free(tunnel->proxy_command);
    strv_free(tunnel->master);
    strv_free(tunnel->session);
    free(tunnel);
}

const char *tunnel_socket(const Tunnel *tunnel) {
    return tunnel->socket;
}

const char *tunnel_proxy_command(const Tunnel *tunnel) {
    return tunnel->proxy_command;
}
