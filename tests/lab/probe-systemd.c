/* The sd-bus backend against a real systemd: runs inside a machine that it may change at will, as
 * root, and speaks TAP. With the argument "is-stopping" it only says yes or no, for a unit that is
 * stopped with the machine. tests/lab/scenario/10-systemd.sh brings it there. */
#include "fleetd/base/log.h"
#include "tests/lab/probe.h"

#include <stdio.h>

static void all_scenes(Probe *probe) {
    static void (*const scenes[])(Probe *) = {
        scene_life_of_a_unit,
        scene_failing_start,
        scene_other_results,
        scene_oneshot_and_cancel,
        scene_replaced_content,
        scene_removed_and_written_at_once,
        scene_removed_beside_its_socket,
        scene_other_types,
        scene_install,
        scene_restart_of_fleetd,
        scene_lost_contact,
        scene_name_clash,
        scene_stopping,
        scene_latency,
        scene_many,
        scene_many_failures,
    };
    _cleanup_answer_ Answer before = {0};
    probe_list(probe, &before);
    probe_report(probe, before.is_there && before.r == 0 && streq(before.list, ""),
                 "a fresh machine has no units", before.list);
    for (size_t i = 0; i < ELEMENTSOF(scenes); i++)
        scenes[i](probe);
    printf("1..%zu\n", probe->tests);
}

static void say_is_stopping(Probe *probe) {
    _cleanup_answer_ Answer answer = {0};
    unit_manager_is_stopping(probe->um, probe_on_stopping, &answer);
    probe_await(probe, &answer.is_there);
    puts(answer.is_stopping ? "yes" : "no");
}

int main(int argc, char *argv[]) {
    Probe probe = {.active = map_new(free)};
    log_setup(LOG_DEBUG);
    if (sd_event_default(&probe.event) < 0 || !probe.active)
        return 1;
    probe_connect(&probe);
    if (argc > 1 && streq(argv[1], "is-stopping"))
        say_is_stopping(&probe);
    else
        all_scenes(&probe);
    unit_manager_free(probe.um);
    map_free(probe.active);
    sd_event_unref(probe.event);
    return probe.failures > 0;
}
