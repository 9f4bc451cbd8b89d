/* Preloaded into fleetd: its wall clock is ahead, or behind, by as many seconds as a file says, and
 * steps when that changes. No other clock is, and no timer. (libfaketime shifts every timerfd that
 * is set to an absolute time, whatever its clock: github.com/wolfcw/libfaketime, issue 378. All of
 * an event loop's are.) */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define CLOCK_FILE "/etc/chaos-clock"

static time_t offset(void) {
    char text[32] = "";
    int fd = open(CLOCK_FILE, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    return n > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t id, struct timespec *ret) {
    int r = (int) syscall(SYS_clock_gettime, id, ret);
    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        ret->tv_sec += offset();
    return r;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone) {
    struct timespec now;
    int r = clock_gettime(CLOCK_REALTIME, &now);
    (void) zone;
    if (r == 0)
        *ret = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return r;
}

time_t time(time_t *ret) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}
