/* What units live through when all goes well, and when they fail. */
#include "fleetd/base/strv.h"
#include "tests/lab/probe.h"

#include <stdio.h>
#include <unistd.h>

void scene_life_of_a_unit(Probe *probe) {
    static const char name[] = "a_b-c@x\\x2dy.service";
    probe_report(probe, probe_write(probe, name, SLEEP) == 0, "a file is written", NULL);
    probe_expect_state(probe, name, "loaded/inactive/dead success", "its state is told");
    probe_expect_job(probe, probe_start(probe, name), JOB_RESULT_DONE, "an awkward name starts");
    probe_report(probe, probe_state_is(probe, name, "loaded/active/running success"),
                 "the change is told before the job ends", map_get(probe->active, name));
    probe_expect_job(probe, probe_start(probe, name), JOB_RESULT_DONE, "started again is done");
    probe_report(probe, probe_remove(probe, name) == -EBUSY, "a running unit is not removed", NULL);
    probe_expect_output(probe, "systemctl is-active 'a_b-c@x\\x2dy.service'", "active",
                        "it runs on");
    probe_expect_job(probe, probe_stop(probe, name), JOB_RESULT_DONE, "it stops");
    probe_report(probe, probe_remove(probe, name) == 0, "it is removed when it is down", NULL);
    probe_expect_job(probe, probe_stop(probe, name), JOB_RESULT_DONE,
                     "stopping the unknown is done");
    probe_report(probe, probe_remove(probe, name) == 0, "removing the unknown is done", NULL);
}

void scene_failing_start(Probe *probe) {
    _cleanup_answer_ Answer answer = {0};
    probe_write(probe, "fail.service",
                "[Service]\nType=oneshot\n"
                "ExecStart=/bin/sh -c 'echo first; echo second >&2; exit 3'\n");
    probe_start_for(probe, "fail.service", &answer);
    probe_expect_job(probe, answer.result, JOB_RESULT_FAILED, "a failing oneshot fails");
    probe_report(probe,
                 streq_ptr(answer.message,
                           "its start failed: exit-code (its main process exited with status 3)"),
                 "the message says how", answer.message);
    probe_report(probe, answer.log && strstr(answer.log, "first|second|"),
                 "its last words are there", answer.log);
    probe_expect_state(probe, "fail.service", "loaded/failed/failed exit-code",
                       "its result is told");
    probe_expect_job(probe, probe_stop(probe, "fail.service"), JOB_RESULT_DONE,
                     "stopping it is done");
    probe_report(probe, probe_remove(probe, "fail.service") == 0, "it is removed", NULL);
    probe_expect_output(probe, "systemctl show -P LoadState fail.service", "not-found",
                        "and forgotten, with its failure");
}

void scene_other_results(Probe *probe) {
    probe_write(probe, "slow.service",
                "[Service]\nType=notify\nTimeoutStartSec=1\nExecStart=/bin/sleep 1000\n");
    probe_expect_job(probe, probe_start(probe, "slow.service"), JOB_RESULT_FAILED,
                     "a start takes too long");
    probe_expect_state(probe, "slow.service", "loaded/failed/failed timeout", "its result says so");
    probe_write(probe, "no.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n");
    probe_write(probe, "needs.service", "[Unit]\nRequires=no.service\nAfter=no.service\n" SLEEP);
    probe_expect_job(probe, probe_start(probe, "needs.service"), JOB_RESULT_DEPENDENCY,
                     "a requirement fails");
    probe_write(probe, "bad.service", "[Service]\nType=banana\n");
    probe_expect_state(probe, "bad.service", "bad-setting/inactive/dead success",
                       "a bad setting shows in the load state");
    probe_expect_job(probe, probe_start(probe, "bad.service"), JOB_RESULT_ERROR, "and is refused");
    probe_expect_job(probe, probe_start(probe, "nowhere.service"), JOB_RESULT_ERROR,
                     "so is what is not there");
    probe_write(probe, "die.service", "[Service]\nExecStart=/bin/sh -c 'kill -9 $$$$'\n");
    probe_expect_job(probe, probe_start(probe, "die.service"), JOB_RESULT_DONE,
                     "a simple service that dies at once is started");
    probe_expect_state(probe, "die.service", "loaded/failed/failed signal", "its death is told");
    static const char *const names[] = {"slow.service", "no.service", "needs.service",
                                        "bad.service", "die.service"};
    for (size_t i = 0; i < ELEMENTSOF(names); i++)
        probe_remove(probe, names[i]);
}

void scene_oneshot_and_cancel(Probe *probe) {
    _cleanup_answer_ Answer begun = {0};
    probe_write(probe, "once.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep 0.3\n");
    probe_expect_job(probe, probe_start(probe, "once.service"), JOB_RESULT_DONE,
                     "a oneshot is done");
    probe_expect_state(probe, "once.service", "loaded/inactive/dead success",
                       "and is inactive then");
    probe_write(probe, "long.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep 1000\n");
    unit_manager_start(probe->um, "long.service", probe_on_job, &begun);
    probe_expect_state(probe, "long.service", "loaded/activating/start success",
                       "a long one is begun");
    probe_expect_job(probe, probe_stop(probe, "long.service"), JOB_RESULT_DONE,
                     "it can be stopped");
    probe_await(probe, &begun.is_there);
    probe_expect_job(probe, begun.result, JOB_RESULT_CANCELED, "its start is canceled");
    probe_remove(probe, "once.service");
    probe_remove(probe, "long.service");
}

static char *version_text(const char *version) {
    return str_printf("[Service]\nExecStart=/bin/sh -c 'echo %s >/tmp/probe-version; exec sleep "
                      "1000'\n",
                      version);
}

static void expect_version(Probe *probe, const char *version, const char *test) {
    unlink("/tmp/probe-version");
    probe_start(probe, "v.service");
    for (int i = 0; i < 500 && access("/tmp/probe-version", F_OK) < 0; i++)
        usleep(10000);
    probe_expect_output(probe, "cat /tmp/probe-version", version, test);
}

void scene_replaced_content(Probe *probe) {
    _cleanup_answer_ Answer answer = {0};
    _cleanup_free_ char *one = version_text("one"), *two = version_text("two");
    probe_write(probe, "v.service", one);
    expect_version(probe, "one", "the first text runs");
    probe_write(probe, "v.service", one);
    probe_list(probe, &answer);
    probe_report(probe, streq(answer.list, "v.service active/running launched"),
                 "the same text changes nothing", answer.list);
    answer_done(&answer);
    probe_write(probe, "v.service", two);
    probe_list(probe, &answer);
    probe_report(probe, streq(answer.list, "v.service active/running"),
                 "another text leaves the unit running and not launched", answer.list);
    probe_stop(probe, "v.service");
    expect_version(probe, "two", "after a stop the new text runs");
    probe_stop(probe, "v.service");
    probe_write(probe, "v.service", one);
    expect_version(probe, "one", "a text written while stopped runs");
    probe_stop(probe, "v.service");
    probe_write(probe, "v.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n");
    probe_start(probe, "v.service");
    probe_write(probe, "v.service", two);
    expect_version(probe, "two", "a text written over a failed unit runs");
    probe_stop(probe, "v.service");
    probe_remove(probe, "v.service");
}

void scene_removed_and_written_at_once(Probe *probe) {
    bool is_good = true;
    for (int i = 0; i < 20; i++) {
        char version[16];
        snprintf(version, sizeof(version), "%d", i);
        _cleanup_free_ char *text = version_text(version);
        unlink("/tmp/probe-version");
        is_good = is_good && probe_write(probe, "again.service", text) == 0;
        is_good = is_good && probe_start(probe, "again.service") == JOB_RESULT_DONE;
        for (int k = 0; k < 500 && access("/tmp/probe-version", F_OK) < 0; k++)
            usleep(1000);
        usleep(2000);
        _cleanup_free_ char *output = command_output("cat /tmp/probe-version");
        is_good = is_good && streq(output, version);
        is_good = is_good && probe_stop(probe, "again.service") == JOB_RESULT_DONE;
        is_good = is_good && probe_remove(probe, "again.service") == 0;
    }
    probe_report(probe, is_good, "destroy and start at once, twenty times", NULL);
}

void scene_other_types(Probe *probe) {
    static const UnitFileWrite files[] = {
        FILE_OF("t.timer", "[Timer]\nOnActiveSec=1000\n"),
        FILE_OF("t.service", SLEEP),
        FILE_OF("s.socket", "[Socket]\nListenStream=/run/probe.socket\nRemoveOnStop=yes\n"),
        FILE_OF("s.service", SLEEP),
        FILE_OF("p.path", "[Path]\nPathExists=/nowhere\nUnit=t.service\n"),
        FILE_OF("g.target", "[Unit]\nWants=t.timer\n"),
    };
    _cleanup_answer_ Answer answer = {0};
    unit_manager_write(probe->um, files, ELEMENTSOF(files), probe_on_done, &answer);
    probe_await(probe, &answer.is_there);
    probe_report(probe, answer.r == 0, "units of other types are written", answer.message);
    probe_start(probe, "g.target");
    probe_start(probe, "s.socket");
    probe_start(probe, "p.path");
    probe_expect_state(probe, "g.target", "loaded/active/active -",
                       "a target starts, without a result");
    probe_expect_state(probe, "t.timer", "loaded/active/waiting success", "it pulls its timer in");
    probe_expect_state(probe, "s.socket", "loaded/active/listening success", "a socket listens");
    probe_expect_state(probe, "p.path", "loaded/active/waiting success", "a path waits");
    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        probe_stop(probe, files[i].name);
        probe_remove(probe, files[i].name);
    }
    _cleanup_answer_ Answer after = {0};
    probe_list(probe, &after);
    probe_report(probe, streq(after.list, ""), "all are gone", after.list);
}

/* Its socket refers to it, so that systemd has it in memory, and could start it from there. */
void scene_removed_beside_its_socket(Probe *probe) {
    probe_write(probe, "door.service", SLEEP);
    probe_write(probe, "door.socket",
                "[Socket]\nListenStream=/run/probe-door.socket\nRemoveOnStop=yes\n");
    probe_expect_job(probe, probe_start(probe, "door.socket"), JOB_RESULT_DONE, "a socket listens");
    probe_report(probe, probe_remove(probe, "door.service") == 0, "its service is removed", NULL);
    run_command("systemctl start door.service");
    probe_expect_output(probe, "systemctl is-active door.service", "inactive",
                        "nothing starts that again");
    probe_stop(probe, "door.socket");
    probe_report(probe, probe_remove(probe, "door.socket") == 0, "and the socket", NULL);
}

void scene_install(Probe *probe) {
    probe_write(probe, "main.service", SLEEP);
    probe_start(probe, "main.service");
    probe_write(probe, "side.service",
                SLEEP "[Install]\nWantedBy=main.service\nAlias=other.service\n");
    probe_stop(probe, "main.service");
    probe_start(probe, "main.service");
    probe_expect_state(probe, "side.service", "loaded/active/running success",
                       "what is installed starts along");
    probe_stop(probe, "side.service");
    probe_remove(probe, "side.service");
    probe_stop(probe, "main.service");
    probe_start(probe, "main.service");
    probe_expect_output(probe, "systemctl is-active side.service", "inactive",
                        "what is removed does not");
    probe_expect_output(probe, "ls /run/systemd/system | grep -c side", "0", "no link is left");
    probe_stop(probe, "main.service");
    probe_remove(probe, "main.service");
}
