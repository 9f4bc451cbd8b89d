/* What the parts of the Prober on sd-event share: event-prober.c hands out probes and ends them,
 * probe-http.c, probe-tcp.c and probe-exec.c are one kind each. */
#pragma once

#include "fleetd/net/http-client.h"
#include "fleetd/probe/prober.h"

#include <errno.h>
#include <systemd/sd-event.h>

typedef struct EventProber {
    Prober base;
    sd_event *event;
    HttpClient *http;
} EventProber;

typedef struct Command Command; /* a process that was not waited for yet */

typedef struct EventProbe {
    Probe base;
    const HealthCheck *check;
    ProbeDone done;
    void *userdata;
    sd_event_source *timeout, *end, *io;
    int failure; /* that is told later; negative errno */
    /* of one kind each */
    HttpRequest *request;
    int socket; /* -1: none */
    Command *command;
} EventProbe;

static inline EventProber *event_probe_prober(const EventProbe *probe) {
    return (EventProber *) probe->base.prober;
}

/* The answer; frees the probe. message NULL: it is well. */
void event_probe_finish(EventProbe *probe, const char *message);
/* The same in a later turn, as the caller still waits for its probe: it could not even be asked. */
int event_probe_fail_later(EventProbe *probe, int r);

/* Each begins to ask. -errno as prober_ask(). */
int probe_http_begin(EventProbe *probe);
int probe_tcp_begin(EventProbe *probe);
int probe_exec_begin(EventProbe *probe);
/* Kills it, and does not wait for its end: one that hangs in the kernel would hold up fleetd. */
void command_abandon(Command *command);

/* There is no room for the question: that is not the unit's fault. */
bool errno_is_shortage(int r);
