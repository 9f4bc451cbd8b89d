/* First the login, then a process of ssh for each connection, which gets the connection itself as
 * its standard input and output. Connections that come before the login is done wait in the
 * listener's queue. */
#include "fleetctl/remote/tunnel-keeper.h"

#include "fleetctl/remote/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <unistd.h>

/* More would wait in the listener's queue; fleetctl itself uses fewer. */
#define SESSIONS_MAX 16

typedef struct Keeper Keeper;

/* A child: the login (index 0) or a connection. */
typedef struct Child {
    Keeper *keeper;
    pid_t pid; /* 0: none */
    sd_event_source *source;
} Child;

struct Keeper {
    const TunnelKeeper *settings;
    sd_event *event;
    sd_event_source *listener, *life, *folder;
    Child master, sessions[SESSIONS_MAX];
    bool is_ready, is_over;
};

static void child_forget(Child *child) {
    child->source = sd_event_source_disable_unref(child->source);
    child->pid = 0;
}

static void child_kill(Child *child) {
    if (child->pid <= 0)
        return;
    kill(child->pid, SIGKILL);
    process_wait(child->pid);
    child_forget(child);
}

/* In peace, as it may have helpers to end. */
static void child_end(Child *child) {
    if (child->pid <= 0)
        return;
    process_end(child->pid);
    child_forget(child);
}

/* A child may be seen to have ended a moment before it can be waited for. As it is made, one-shot,
 * the source would miss it for ever then; the kernel hears that it no longer is when it is switched
 * on anew. */
static int child_watch(Child *child, sd_event_child_handler_t on_exit) {
    int r = sd_event_add_child(child->keeper->event, &child->source, child->pid, WEXITED, on_exit,
                               child);
    if (r >= 0)
        r = sd_event_source_set_enabled(child->source, SD_EVENT_OFF);
    return r < 0 ? r : sd_event_source_set_enabled(child->source, SD_EVENT_ON);
}

static int child_start(Child *child, char *const *words, int fd, sd_event_child_handler_t on_exit,
                       Error *reterr) {
    int r = process_start(words, fd, fd, &child->pid, reterr);
    if (r < 0)
        return r;
    r = child_watch(child, on_exit);
    if (r < 0)
        child_kill(child);
    return r;
}

/* Without a free place the listener rests until there is one. */
static int listener_update(Keeper *keeper) {
    bool has_place = false;
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        has_place = has_place || keeper->sessions[i].pid == 0;
    return sd_event_source_set_enabled(keeper->listener,
                                       keeper->is_ready && has_place ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int on_session_exit(sd_event_source *source, const siginfo_t *info, void *userdata) {
    Child *session = userdata;
    child_forget(session);
    return listener_update(session->keeper);
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata) {
    Keeper *keeper = userdata;
    Child *session = keeper->sessions;
    int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0)
        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : -errno;
    while (session->pid != 0)
        session++; /* there is one: the listener would rest */
    session->keeper = keeper;
    int r = child_start(session, keeper->settings->session, connection, on_session_exit, NULL);
    close(connection);
    return r < 0 ? r : listener_update(keeper);
}

/* ssh makes its socket when it is logged in. */
static int on_folder_change(sd_event_source *source, const struct inotify_event *change,
                            void *userdata) {
    Keeper *keeper = userdata;
    if (keeper->is_ready || access(keeper->settings->control, F_OK) < 0)
        return 0;
    keeper->is_ready = true;
    if (send(keeper->settings->life, "", 1, MSG_NOSIGNAL) < 0)
        keeper->is_over = true;
    return listener_update(keeper);
}

/* Without the login nothing can be carried; later each connection makes do with a login of its own.
 */
static int on_master_exit(sd_event_source *source, const siginfo_t *info, void *userdata) {
    Child *master = userdata;
    master->keeper->is_over = !master->keeper->is_ready;
    child_forget(master);
    return 0;
}

static int on_life_event(sd_event_source *source, int fd, uint32_t events, void *userdata) {
    ((Keeper *) userdata)->is_over = true;
    return 0;
}

/* Ctrl-C is fleetctl's business, and this process ends when fleetctl does. */
static int signals_block(void) {
    static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ELEMENTSOF(signals); i++)
        sigaddset(&set, signals[i]);
    return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

static int sources_add(Keeper *keeper) {
    int r = sd_event_new(&keeper->event);
    if (r >= 0)
        r = sd_event_add_io(keeper->event, &keeper->life, keeper->settings->life, EPOLLIN,
                            on_life_event, keeper);
    if (r >= 0)
        r = sd_event_add_io(keeper->event, &keeper->listener, keeper->settings->listener, EPOLLIN,
                            on_connection, keeper);
    if (r >= 0)
        r = sd_event_add_inotify(keeper->event, &keeper->folder, keeper->settings->folder,
                                 IN_CREATE | IN_MOVED_TO, on_folder_change, keeper);
    return r < 0 ? r : listener_update(keeper);
}

static int master_start(Keeper *keeper, Error *reterr) {
    keeper->master.keeper = keeper;
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0)
        return -errno;
    int r = child_start(&keeper->master, keeper->settings->master, nothing, on_master_exit, reterr);
    close(nothing);
    return r;
}

/* Connections first, and without a word: with the login gone they would complain. */
static void keeper_end(Keeper *keeper) {
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        child_kill(&keeper->sessions[i]);
    child_end(&keeper->master);
    sd_event_source_disable_unref(keeper->listener);
    sd_event_source_disable_unref(keeper->life);
    sd_event_source_disable_unref(keeper->folder);
    sd_event_unref(keeper->event);
}

int tunnel_keeper_run(const TunnelKeeper *settings, Error *reterr) {
    Keeper keeper = {.settings = settings};
    int r = signals_block();
    if (r >= 0)
        r = sources_add(&keeper);
    if (r >= 0)
        r = master_start(&keeper, reterr);
    while (r >= 0 && !keeper.is_over)
        r = sd_event_run(keeper.event, UINT64_MAX);
    keeper_end(&keeper);
    return MIN(r, 0);
}
