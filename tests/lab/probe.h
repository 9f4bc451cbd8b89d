/* What the scenes of probe-systemd have in common: requests that are waited for, and checks that
 * speak TAP. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/base/time-units.h"
#include "fleetd/systemd/bus-unit-manager.h"

#define RUN_DIRECTORY "/run/fleet-probe" /* apart from a fleetd that runs here */
#define PATIENCE_USEC (20 * USEC_PER_SEC)

typedef struct Probe {
    sd_event *event;
    UnitManager *um;
    Map *active; /* name -> "active/sub result", as on_changed told it last */
    size_t resets;
    size_t tests, failures;
} Probe;

/* One request and its answer. */
typedef struct Answer {
    bool is_there;
    int r;
    JobResult result;
    char *message;
    char *log; /* lines joined by '|' */
    char *list;
    bool is_stopping;
} Answer;

void answer_done(Answer *answer);
#define _cleanup_answer_ _cleanup_(answer_done)

/* Unit files */
#define FILE_OF(name, text) \
    { name, text, sizeof(text) - 1 }
#define SLEEP "[Service]\nExecStart=/bin/sleep 1000\n"

/* Waiting; never longer than PATIENCE_USEC */
usec_t now_usec(void);
void probe_turn(Probe *probe);
void probe_await(Probe *probe, const bool *is_there);
bool probe_state_is(Probe *probe, const char *name, const char *expected);
bool probe_await_state(Probe *probe, const char *name, const char *expected); /* of on_changed */

/* Requests */
void probe_connect(Probe *probe);
void probe_reconnect(Probe *probe); /* as a restarted fleetd */
void probe_list(Probe *probe, Answer *answer);
int probe_write(Probe *probe, const char *name, const char *text);
int probe_remove(Probe *probe, const char *name);
JobResult probe_start(Probe *probe, const char *name);
void probe_start_for(Probe *probe, const char *name, Answer *answer);
JobResult probe_stop(Probe *probe, const char *name);
/* Callbacks that fill an Answer, for requests that are not waited for at once. */
void probe_on_done(int r, const char *message, void *userdata);
void probe_on_job(JobResult result, const char *message, char *const *log, void *userdata);
void probe_on_stopping(bool is_stopping, void *userdata);

/* The machine; the first line of what a command prints, the caller frees. */
char *command_output(const char *command);
void run_command(const char *command);

/* Checks: one line of TAP each; got is shown if they fail. */
void probe_report(Probe *probe, bool is_good, const char *test, const char *got);
void probe_expect_state(Probe *probe, const char *name, const char *expected, const char *test);
void probe_expect_job(Probe *probe, JobResult got, JobResult expected, const char *test);
void probe_expect_output(Probe *probe, const char *command, const char *expected, const char *test);

/* Scenes; each leaves nothing behind. */
void scene_life_of_a_unit(Probe *probe);
void scene_failing_start(Probe *probe);
void scene_other_results(Probe *probe);
void scene_oneshot_and_cancel(Probe *probe);
void scene_replaced_content(Probe *probe);
void scene_removed_and_written_at_once(Probe *probe);
void scene_other_types(Probe *probe);
void scene_removed_beside_its_socket(Probe *probe);
void scene_install(Probe *probe);
void scene_restart_of_fleetd(Probe *probe);
void scene_lost_contact(Probe *probe);
void scene_name_clash(Probe *probe);
void scene_stopping(Probe *probe);
void scene_latency(Probe *probe);
void scene_many(Probe *probe);
void scene_many_failures(Probe *probe);
