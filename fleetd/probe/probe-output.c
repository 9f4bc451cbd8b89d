#include "fleetd/probe/probe-output.h"

#include "fleetd/model/text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define KEPT_MAX 512

struct ProbeOutput {
    int fd;
    sd_event_source *source;
    char kept[KEPT_MAX + 1];
    size_t n_kept;
};

/* 0: there is no more for now, or for ever. */
static ssize_t output_read(ProbeOutput *output) {
    char dropped[4096];
    size_t room = KEPT_MAX - output->n_kept;
    ssize_t n = room > 0 ? read(output->fd, output->kept + output->n_kept, room)
                         : read(output->fd, dropped, sizeof(dropped));
    if (n > 0 && room > 0)
        output->n_kept += (size_t) n;
    return n > 0 ? n : 0;
}

/* One piece at a time: who has no end to say keeps nobody else from the loop. */
static int on_output(sd_event_source *source, _unused_ int fd, _unused_ uint32_t revents,
                     void *userdata) {
    if (output_read(userdata) == 0)
        sd_event_source_set_enabled(source, SD_EVENT_OFF); /* it has closed it */
    return 0;
}

static int pipe_open(int ret[2]) {
    if (pipe2(ret, O_CLOEXEC) < 0)
        return -errno;
    if (fcntl(ret[0], F_SETFL, O_NONBLOCK) == 0)
        return 0;
    int r = -errno;
    close(ret[0]);
    close(ret[1]);
    return r;
}

int probe_output_open(sd_event *event, ProbeOutput **ret, int *ret_fd) {
    int fds[2];
    ProbeOutput *output = calloc(1, sizeof(ProbeOutput));
    int r = output ? pipe_open(fds) : -ENOMEM;
    if (r < 0) {
        free(output);
        return r;
    }
    output->fd = fds[0];
    r = sd_event_add_io(event, &output->source, output->fd, EPOLLIN, on_output, output);
    if (r < 0) {
        close(fds[1]);
        probe_output_close(output);
        return r;
    }
    *ret = output;
    *ret_fd = fds[1];
    return 0;
}

void probe_output_close(ProbeOutput *output) {
    if (!output)
        return;
    sd_event_source_disable_unref(output->source);
    close(output->fd);
    free(output);
}

char *probe_output_take_line(ProbeOutput *output) {
    while (output->n_kept < KEPT_MAX && output_read(output) > 0)
        ;
    char *line = output->kept + strspn(output->kept, "\r\n");
    line[strcspn(line, "\r\n")] = 0;
    return *line ? text_to_printable(line) : NULL;
}
