/* What happens in a life: boots, requests and troubles, each until all is as it was asked. */
#include "tests/torture/torture-story.h"

#include <errno.h>

#define WEB "web.service"
#define DB "db.service"
#define TEXT(version) "# " version "\n[Service]\nExecStart=/bin/sleep inf\n"
#define DB_TEXT TEXT("1") "[X-Fleet]\nConflicts=" WEB "\n"
#define LOG "log.service" /* everywhere */
#define LOG_TEXT TEXT("1") "[X-Fleet]\nGlobal=true\n"
#define FAST "fast.service" /* at first nowhere */
#define FAST_TEXT TEXT("1") "[X-Fleet]\nMachineMetadata=disk=ssd\n"
#define ONCE "once.service"
#define ONCE_TEXT TEXT("1") "[X-Fleet]\nStopAfterDisconnect=15s\n"

/* --- machines --- */

static void boot(StoryRun *run) {
    sim_cluster_boot(run->cluster);
}

static SimNode *machine(StoryRun *run, size_t i) {
    return &run->cluster->nodes[i];
}

static bool is_up(StoryRun *run) {
    for (size_t i = 0; i < run->cluster->n_nodes; i++) {
        const Machine *presence = sim_view_machine(run->cluster->view, machine(run, i)->id);
        if (!presence || presence->status != MACHINE_STATUS_RUNNING)
            return false;
    }
    return sim_leader(run->cluster) != NULL;
}

/* The state of a unit answers the request and is as wanted. */
static bool has_come_to(StoryRun *run, const char *name, LaunchState wanted, int64_t revision) {
    const SimNode *node = sim_where_ordered(run->cluster, name);
    const UnitState *state = node ? sim_view_state(run->cluster->view, node->id, name) : NULL;
    return state && state->current == wanted && state->job == JOB_RESULT_DONE &&
           state->unit_revision >= revision &&
           sim_node_has((SimNode *) node, name) == (wanted == LAUNCH_STATE_LAUNCHED);
}

/* --- units of each kind --- */

static void submit(StoryRun *run) {
    sim_put(run->cluster, WEB, TEXT("1"), LAUNCH_STATE_LAUNCHED);
    sim_put(run->cluster, LOG, LOG_TEXT, LAUNCH_STATE_LAUNCHED);
    sim_put(run->cluster, FAST, FAST_TEXT, LAUNCH_STATE_LAUNCHED);
    run->revision = sim_put(run->cluster, DB, DB_TEXT, LAUNCH_STATE_LAUNCHED);
}

static bool all_but_one_run(StoryRun *run) {
    return has_come_to(run, WEB, LAUNCH_STATE_LAUNCHED, 0) &&
           has_come_to(run, DB, LAUNCH_STATE_LAUNCHED, run->revision) &&
           sim_count_running(run->cluster, LOG) == run->cluster->n_nodes &&
           sim_view_pending(run->cluster->view, FAST);
}

static void add_disk(StoryRun *run) {
    sim_set_metadata(run->cluster, machine(run, 1), "disk", "ssd");
}

static bool all_run(StoryRun *run) {
    return has_come_to(run, FAST, LAUNCH_STATE_LAUNCHED, 0) &&
           !sim_view_pending(run->cluster->view, FAST);
}

static void replace(StoryRun *run) {
    run->revision = sim_put(run->cluster, WEB, TEXT("2"), LAUNCH_STATE_LAUNCHED);
}

static bool web_runs(StoryRun *run) {
    return has_come_to(run, WEB, LAUNCH_STATE_LAUNCHED, run->revision);
}

static void restart_fleetd(StoryRun *run) {
    SimNode *leader = sim_leader(run->cluster);
    sim_node_stop(leader ? leader : machine(run, 0));
}

static bool one_has_ended(StoryRun *run) {
    return !sim_node_runs(machine(run, 0)) || !sim_node_runs(machine(run, 1));
}

static void start_fleetd(StoryRun *run) {
    sim_node_start(machine(run, 0));
    sim_node_start(machine(run, 1));
}

static void unload(StoryRun *run) {
    run->revision = sim_put(run->cluster, DB, NULL, LAUNCH_STATE_LOADED);
}

static bool db_is_loaded(StoryRun *run) {
    return has_come_to(run, DB, LAUNCH_STATE_LOADED, run->revision);
}

static void destroy(StoryRun *run) {
    sim_destroy(run->cluster, WEB);
    sim_destroy(run->cluster, DB);
    sim_destroy(run->cluster, LOG);
    sim_destroy(run->cluster, FAST);
}

static bool all_is_gone(StoryRun *run) {
    static const KeyKind kinds[] = {KEY_UNIT, KEY_FILE, KEY_SCHEDULE, KEY_STATE, KEY_PENDING};
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (map_size(sim_view_all(run->cluster->view, kinds[i])) > 0)
            return false;
    static const char *const units[] = {WEB, DB, LOG, FAST, ONCE};
    size_t n = 0;
    for (size_t i = 0; i < ELEMENTSOF(units); i++)
        n += sim_count_running(run->cluster, units[i]);
    return n == 0;
}

static const StoryStage many_stages[] = {
    {"boot", boot, is_up},
    {"submit", submit, all_but_one_run},
    {"add a disk", add_disk, all_run},
    {"replace", replace, web_runs},
    {"stop fleetd", restart_fleetd, one_has_ended},
    {"start fleetd", start_fleetd, is_up},
    {"unload", unload, db_is_loaded},
    {"destroy", destroy, all_is_gone},
};

/* --- a unit that must not run twice, on a machine that is cut off: the guard stops it --- */

static void submit_once(StoryRun *run) {
    run->revision = sim_put(run->cluster, ONCE, ONCE_TEXT, LAUNCH_STATE_LAUNCHED);
}

static bool once_runs(StoryRun *run) {
    return has_come_to(run, ONCE, LAUNCH_STATE_LAUNCHED, run->revision) &&
           sim_where_ordered(run->cluster, ONCE) != run->cut_off;
}

static void cut_off(StoryRun *run) {
    run->cut_off = sim_where_ordered(run->cluster, ONCE);
    sim_node_cut_off(run->cut_off, -ETIMEDOUT);
}

static void come_back(StoryRun *run) {
    sim_node_cut_off(run->cut_off, 0);
}

static bool only_the_other_has_it(StoryRun *run) {
    return is_up(run) && once_runs(run) && !fake_systemd_text(run->cut_off->systemd, ONCE);
}

static void destroy_once(StoryRun *run) {
    sim_destroy(run->cluster, ONCE);
}

static const StoryStage once_stages[] = {
    {"boot", boot, is_up},
    {"submit", submit_once, once_runs},
    {"cut off", cut_off, once_runs},
    {"come back", come_back, only_the_other_has_it},
    {"destroy", destroy_once, all_is_gone},
};

/* --- a machine that is drained --- */

static void submit_two(StoryRun *run) {
    sim_put(run->cluster, LOG, LOG_TEXT, LAUNCH_STATE_LAUNCHED);
    run->revision = sim_put(run->cluster, WEB, TEXT("1"), LAUNCH_STATE_LAUNCHED);
}

static bool two_run(StoryRun *run) {
    return web_runs(run) && sim_count_running(run->cluster, LOG) == run->cluster->n_nodes;
}

static void drain(StoryRun *run) {
    const Maintenance maintenance = {.is_draining = true, .message = (char *) "a disk"};
    run->drained = sim_where_ordered(run->cluster, WEB);
    sim_maintain(run->cluster, run->drained, &maintenance);
}

static bool only_the_other_has_them(StoryRun *run) {
    return web_runs(run) && sim_where_ordered(run->cluster, WEB) != run->drained &&
           sim_where_runs(run->cluster, LOG) == sim_where_runs(run->cluster, WEB) &&
           !fake_systemd_text(run->drained->systemd, WEB) &&
           !fake_systemd_text(run->drained->systemd, LOG);
}

static void undrain(StoryRun *run) {
    sim_maintain(run->cluster, run->drained, NULL);
}

static void destroy_two(StoryRun *run) {
    sim_destroy(run->cluster, WEB);
    sim_destroy(run->cluster, LOG);
}

static const StoryStage drained_stages[] = {
    {"boot", boot, is_up},
    {"submit", submit_two, two_run},
    {"drain", drain, only_the_other_has_them},
    {"stop fleetd", restart_fleetd, one_has_ended},
    {"start fleetd", start_fleetd, is_up},
    {"undrain", undrain, two_run},
    {"destroy", destroy_two, all_is_gone},
};

const Story stories[N_STORIES] = {
    {"many", many_stages, ELEMENTSOF(many_stages)},
    {"once", once_stages, ELEMENTSOF(once_stages)},
    {"drained", drained_stages, ELEMENTSOF(drained_stages)},
};

const char *const story_singles[] = {WEB, DB, ONCE, NULL};
