#include "fleetd/systemd/journal-sync.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* journald answers root only. Others give it the time that it usually takes. */
#define BLIND_USEC (300 * USEC_PER_MSEC)

/* Varlink ends a message with NUL: it is sent as well. */
static const char sync_request[] = "{\"method\":\"io.systemd.Journal.Synchronize\"}";

struct JournalSync {
    int fd;
    sd_event_source *io, *timer;
    void (*done)(void *userdata);
    void *userdata;
};

static int sync_end(JournalSync *sync) {
    sd_event_source_set_enabled(sync->io, SD_EVENT_OFF);
    sd_event_source_set_enabled(sync->timer, SD_EVENT_OFF);
    sync->done(sync->userdata);
    return 0;
}

/* Whatever the answer says, an error included: there is nothing more to wait for. */
static int on_answer(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    return sync_end(userdata);
}

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata) {
    return sync_end(userdata);
}

static int request_send(int fd, const struct sockaddr_un *address) {
    if (connect(fd, (const struct sockaddr *) address, sizeof(*address)) < 0)
        return -errno;
    ssize_t n = send(fd, sync_request, sizeof(sync_request), MSG_NOSIGNAL);
    if (n < 0)
        return -errno;
    return n == sizeof(sync_request) ? 0 : -EIO;
}

static int journald_ask(const char *socket_path, int *ret_fd) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(socket_path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int r = request_send(fd, &address);
    if (r < 0)
        close(fd);
    else
        *ret_fd = fd;
    return r;
}

int journal_sync_new(sd_event *event, const char *socket_path, usec_t limit_usec,
                     void (*done)(void *userdata), void *userdata, JournalSync **ret) {
    _cleanup_(journal_sync_freep) JournalSync *sync = calloc(1, sizeof(JournalSync));
    if (!sync)
        return -ENOMEM;
    sync->done = done;
    sync->userdata = userdata;
    sync->fd = -1;
    int r = journald_ask(socket_path, &sync->fd);
    if (r >= 0)
        r = sd_event_add_io(event, &sync->io, sync->fd, EPOLLIN, on_answer, sync);
    else if (r == -EACCES || r == -EPERM) {
        limit_usec = MIN(limit_usec, BLIND_USEC);
        r = 0;
    }
    if (r >= 0)
        r = sd_event_add_time_relative(event, &sync->timer, CLOCK_MONOTONIC, limit_usec, 0,
                                       on_limit, sync);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(sync);
    return 0;
}

void journal_sync_free(JournalSync *sync) {
    if (!sync)
        return;
    sd_event_source_disable_unref(sync->io);
    sd_event_source_disable_unref(sync->timer);
    if (sync->fd >= 0)
        close(sync->fd);
    free(sync);
}
