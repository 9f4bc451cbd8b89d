/* fleet-guard: the guard as a program, started by fleetd through systemd
 * (units/fleet-guard.service) when the first unit with StopAfterDisconnect= is to run on this
 * machine. */
#include "config.h"
#include "fleetd/base/log.h"
#include "fleetd/guard/guard-host.h"
#include "fleetd/net/event-loop.h"

#include <signal.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#define RUN_DIRECTORY "/run/fleet"

typedef struct Program {
    sd_event *event;
    Loop *loop;
    GuardHost *host;
    Guard *guard;
} Program;

static void program_done(Program *program) {
    guard_host_free(program->host);
    guard_free(program->guard);
    event_loop_free(program->loop);
    sd_event_unref(program->event);
}

static void on_changed(void *userdata) {
    Program *program = userdata;
    guard_look(program->guard);
}

static int program_init(Program *program, Error *reterr) {
    signal(SIGPIPE, SIG_IGN);
    int r = sd_event_default(&program->event);
    if (r >= 0)
        r = sd_event_set_watchdog(program->event, true);
    if (r >= 0)
        r = event_loop_new(program->event, &program->loop);
    if (r < 0)
        return error_set(reterr, r, "cannot set up the event loop: %s", strerror(-r));
    r = guard_host_new(program->event, RUN_DIRECTORY, on_changed, program, &program->host, reterr);
    return r < 0 ? r : guard_new(program->loop, program->host, &program->guard);
}

/* READY comes after the first look: whoever waits for it finds the unit guarded. */
static int run(Error *reterr) {
    _cleanup_(program_done) Program program = {};
    int r = program_init(&program, reterr);
    if (r < 0)
        return r;
    guard_look(program.guard);
    sd_notify(0, "READY=1");
    return sd_event_loop(program.event);
}

int main(int argc, char *argv[]) {
    _cleanup_error_ Error error = {};
    if (argc == 2 && streq(argv[1], "--version")) {
        puts("fleet-guard version " PACKAGE_VERSION);
        return EXIT_SUCCESS;
    }
    if (argc > 1) {
        fputs("Usage: fleet-guard [--version]\n"
              "Stops units with StopAfterDisconnect= on a machine that is cut off from its fleet\n"
              "cluster. fleetd has systemd start it: see fleet-guard(8).\n",
              stderr);
        return EXIT_FAILURE;
    }
    log_setup(LOG_INFO);
    int r = run(&error);
    if (r < 0)
        log_error("fleet-guard cannot run: %s", error_text(&error, r));
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
