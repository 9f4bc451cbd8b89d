#include "tests/cli/interruption.h"

#include "fleetd/base/strv.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

/* Nothing tells that a process has begun to sleep: it is looked at. */
#define LOOK_USEC ((uint64_t) 2 * 1000)

struct Interruption {
    sd_event_source *source;
    pid_t pid;
};

/* A process that something was sent to is runnable from that moment on, until it has no more to do.
 */
static bool process_sleeps(pid_t pid) {
    char state = '?';
    _cleanup_free_ char *path = str_printf("/proc/%d/stat", (int) pid);
    FILE *file = path ? fopen(path, "re") : NULL;
    if (!file)
        return false;
    int n = fscanf(file, "%*d (%*[^)]) %c", &state);
    fclose(file);
    return n == 1 && state == 'S';
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata) {
    Interruption *interruption = userdata;
    if (process_sleeps(interruption->pid))
        return kill(interruption->pid, SIGINT);
    sd_event_source_set_time_relative(source, LOOK_USEC);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

Interruption *interruption_new(sd_event *event, pid_t pid) {
    _cleanup_(interruption_freep) Interruption *interruption = calloc(1, sizeof(Interruption));
    if (!interruption)
        return NULL;
    interruption->pid = pid;
    int r = sd_event_add_time_relative(event, &interruption->source, CLOCK_MONOTONIC, LOOK_USEC, 1,
                                       on_time, interruption);
    if (r >= 0) /* what it asks comes first, and is answered */
        r = sd_event_source_set_priority(interruption->source, SD_EVENT_PRIORITY_IDLE);
    return r < 0 ? NULL : TAKE_PTR(interruption);
}

void interruption_free(Interruption *interruption) {
    if (!interruption)
        return;
    sd_event_source_disable_unref(interruption->source);
    free(interruption);
}
