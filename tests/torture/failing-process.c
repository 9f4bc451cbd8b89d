/* fleetctl or fleetd under torture: linked in, this takes from the environment which allocation
 * fails, and tells at the end how many there were and how many blocks production code left behind.
 *
 *   TORTURE_NTH     the allocation that fails, from 1; with a + behind it also all that follow
 *   TORTURE_REPORT  the file to which a line is added: "<allocations> <failed> <left behind>" */
#include "tests/torture/failing-allocator.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pid_t process; /* a child that it forks tells nothing */

__attribute__((constructor)) static void begin(void) {
    const char *nth = getenv("TORTURE_NTH");
    if (!nth)
        return;
    process = getpid();
    failing_prepare();
    failing_begin(FAILING_PRODUCTION, strtoul(nth, NULL, 10), strchr(nth, '+') ? FAILING_EVER : 1);
}

__attribute__((destructor)) static void end(void) {
    const char *report = getenv("TORTURE_REPORT");
    int fd = report && process == getpid()
                 ? open(report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)
                 : -1;
    if (fd < 0)
        return;
    dprintf(fd, "%zu %zu %zu\n", failing_end(), failing_count_failed(), failing_count_kept());
    close(fd);
    if (getenv("TORTURE_SITE") && failing_count_failed() > 0)
        failing_print_site();
}
