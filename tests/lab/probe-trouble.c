/* What happens around units: fleetd restarts, contact is lost, names clash. */
#include "fleetd/base/strv.h"
#include "tests/lab/probe.h"

#include <stdio.h>
#include <unistd.h>

void scene_restart_of_fleetd(Probe *probe) {
    _cleanup_answer_ Answer first = {0}, second = {0};
    probe_write(probe, "stay.service", SLEEP);
    probe_write(probe, "die.service", "[Service]\nExecStart=/bin/sleep 1000\nRestart=no\n");
    probe_write(probe, "idle.service", SLEEP);
    probe_start(probe, "stay.service");
    probe_start(probe, "die.service");
    unit_manager_free(TAKE_PTR(probe->um));
    run_command("systemctl kill -s KILL die.service; sleep 0.3");
    probe_connect(probe);
    probe_list(probe, &first);
    probe_report(probe,
                 streq(first.list,
                       "die.service failed/failed launched; idle.service inactive/dead; "
                       "stay.service active/running launched"),
                 "a new fleetd finds everything", first.list);
    probe_expect_state(probe, "die.service", "loaded/failed/failed signal",
                       "and why a unit failed");
    run_command("rm /run/systemd/system/idle.service; "
                "touch " RUN_DIRECTORY "/unfinished");
    probe_reconnect(probe);
    probe_list(probe, &second);
    probe_expect_job(probe, probe_start(probe, "idle.service"), JOB_RESULT_DONE,
                     "a write that was cut short is finished");
    probe_report(probe, access(RUN_DIRECTORY "/unfinished", F_OK) < 0, "and its mark is taken away",
                 NULL);
    static const char *const names[] = {"stay.service", "die.service", "idle.service"};
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        probe_stop(probe, names[i]);
        probe_remove(probe, names[i]);
    }
}

static void expect_reset(Probe *probe, const char *command, const char *test) {
    _cleanup_answer_ Answer begun = {0}, after = {0};
    probe_write(probe, "long.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep 1000\n");
    unit_manager_start(probe->um, "long.service", probe_on_job, &begun);
    probe_await_state(probe, "long.service", "loaded/activating/start success");
    size_t resets = probe->resets;
    run_command(command);
    probe_await(probe, &begun.is_there);
    probe_expect_job(probe, begun.result, JOB_RESULT_CANCELED, "a waiting job is canceled");
    usec_t end = now_usec() + PATIENCE_USEC;
    while (probe->resets == resets && now_usec() < end)
        probe_turn(probe);
    probe_report(probe, probe->resets == resets + 1, test, begun.message);
    probe_list(probe, &after);
    probe_report(probe, streq_ptr(after.list, "long.service activating/start launched"),
                 "the unit goes on", after.list);
    probe_expect_job(probe, probe_stop(probe, "long.service"), JOB_RESULT_DONE,
                     "and can be stopped");
    probe_expect_state(probe, "long.service", "loaded/failed/failed signal", "signals come again");
    probe_remove(probe, "long.service");
}

void scene_lost_contact(Probe *probe) {
    expect_reset(probe, "systemctl daemon-reexec", "systemd re-executed: a reset is told");
    expect_reset(probe, "systemctl restart dbus.service", "the bus restarted: a reset is told");
}

void scene_name_clash(Probe *probe) {
    _cleanup_answer_ Answer answer = {0};
    run_command("mkdir -p /run/systemd/system; "
                "echo '[Service]' >/run/systemd/system/x.service");
    UnitFileWrite file = FILE_OF("x.service", SLEEP);
    unit_manager_write(probe->um, &file, 1, probe_on_done, &answer);
    probe_await(probe, &answer.is_there);
    probe_report(probe, answer.r == -EEXIST, "somebody else's file is not overwritten",
                 answer.message);
    unlink("/run/systemd/system/x.service");
    probe_report(probe, probe_write(probe, "x.service", SLEEP) == 0, "a second try succeeds", NULL);
    probe_remove(probe, "x.service");
}

void scene_stopping(Probe *probe) {
    _cleanup_answer_ Answer answer = {0};
    unit_manager_is_stopping(probe->um, probe_on_stopping, &answer);
    probe_await(probe, &answer.is_there);
    probe_report(probe, answer.is_there && !answer.is_stopping, "the machine is not going down",
                 NULL);
}
