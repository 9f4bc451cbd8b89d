#include "tests/fakes/fake-systemd.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"
#include "tests/fakes/fake-script.h"
#include "tests/fakes/fake-unit.h"

struct FakeSystemd {
    Loop *loop;
    FakeScript *script;
    Map *units; /* name -> FakeUnit */
    FakeObserver *observers;
    usec_t latency_usec, guard_start_usec;
    int64_t last_job;
    bool is_disconnected;
    bool is_stopping;
    void (*guard_changed)(void *userdata);
    void *guard_userdata;
};

#define OBSERVER_FOREACH(observer, systemd) \
    for (FakeObserver *observer = (systemd)->observers; observer; observer = observer->next)

static void unit_free_value(void *value) {
    fake_unit_free(value);
}

int fake_systemd_new(Loop *loop, FakeSystemd **ret) {
    _cleanup_(fake_systemd_freep) FakeSystemd *systemd = calloc(1, sizeof(FakeSystemd));
    if (!systemd)
        return -ENOMEM;
    systemd->loop = loop;
    systemd->units = map_new(unit_free_value);
    if (!systemd->units)
        return -ENOMEM;
    int r = fake_script_new(&systemd->script);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(systemd);
    return 0;
}

void fake_systemd_free(FakeSystemd *systemd) {
    if (!systemd)
        return;
    map_free(systemd->units);
    fake_script_free(systemd->script);
    free(systemd);
}

FakeScript *fake_systemd_script(FakeSystemd *systemd) {
    return systemd->script;
}

int fake_systemd_check(FakeSystemd *systemd, FakeAction action, const char *name) {
    if (systemd->is_disconnected)
        return -ENOTCONN;
    return fake_script_check(systemd->script, action, name);
}

void fake_systemd_set_latency(FakeSystemd *systemd, usec_t usec) {
    systemd->latency_usec = usec;
}

void fake_systemd_set_guard_start(FakeSystemd *systemd, usec_t usec) {
    systemd->guard_start_usec = usec;
}

void fake_systemd_set_stopping(FakeSystemd *systemd, bool is_stopping) {
    systemd->is_stopping = is_stopping;
}

void fake_systemd_reset(FakeSystemd *systemd) {
    OBSERVER_FOREACH(observer, systemd)
    observer->on_reset(observer);
}

void fake_systemd_set_connected(FakeSystemd *systemd, bool is_connected) {
    if (systemd->is_disconnected == !is_connected)
        return;
    systemd->is_disconnected = !is_connected;
    if (is_connected)
        return fake_systemd_reset(systemd);
    OBSERVER_FOREACH(observer, systemd)
    observer->on_lost(observer);
}

bool fake_systemd_is_connected(const FakeSystemd *systemd) {
    return !systemd->is_disconnected;
}

void fake_systemd_reboot(FakeSystemd *systemd) {
    map_clear(systemd->units);
    systemd->is_stopping = false;
    systemd->is_disconnected = false;
    OBSERVER_FOREACH(observer, systemd)
    observer->on_dead(observer);
}

int fake_systemd_set_state(FakeSystemd *systemd, const char *name, const char *active,
                           const char *sub, const char *result) {
    FakeUnit *unit = map_get(systemd->units, name);
    if (!unit)
        return -ENOENT;
    fake_unit_enter(unit, active, sub, result);
    fake_unit_cancel_job(unit);
    return 0;
}

void fake_systemd_lose_file(FakeSystemd *systemd, const char *name) {
    FakeUnit *unit = map_get(systemd->units, name);
    if (unit)
        free(TAKE_PTR(unit->text));
}

void fake_systemd_replace_file(FakeSystemd *systemd, const char *name, const char *text) {
    FakeUnit *unit = map_get(systemd->units, name);
    if (!unit)
        return;
    bool was_launched = unit->was_launched;
    if (fake_unit_set_text(unit, text, strlen(text)) < 0)
        abort(); /* out of memory in a test */
    unit->was_launched = was_launched;
}

/* What is told to handles */

void fake_systemd_observe(FakeSystemd *systemd, FakeObserver *observer) {
    FakeObserver **last = &systemd->observers;
    while (*last)
        last = &(*last)->next;
    *last = observer;
}

void fake_systemd_unobserve(FakeSystemd *systemd, FakeObserver *observer) {
    for (FakeObserver **p = &systemd->observers; *p; p = &(*p)->next)
        if (*p == observer) {
            *p = observer->next;
            return;
        }
}

void fake_systemd_unit_changed(FakeSystemd *systemd, const char *name) {
    if (systemd->is_disconnected)
        return;
    OBSERVER_FOREACH(observer, systemd)
    observer->on_changed(observer, name);
}

void fake_systemd_job_removed(FakeSystemd *systemd, const char *name, int64_t job,
                              JobResult result) {
    const FakeBehaviour *behaviour = fake_script_behaviour(systemd->script, name);
    _cleanup_free_ char *text = NULL;
    bool is_good = result == JOB_RESULT_DONE;
    if (!is_good && !behaviour->message)
        text = str_printf("the job ended: %s", job_result_to_string(result));
    OBSERVER_FOREACH(observer, systemd)
    observer->on_job_removed(observer, job, result,
                             is_good ? NULL : str_or(behaviour->message, text),
                             is_good ? NULL : behaviour->log);
}

/* What handles ask for */

static bool text_has_install(const char *text) {
    return strncmp(text, "[Install]", 9) == 0 || strstr(text, "\n[Install]");
}

static int unit_ensure(FakeSystemd *systemd, const char *name, FakeUnit **ret) {
    *ret = map_get(systemd->units, name);
    if (*ret)
        return 0;
    _cleanup_(fake_unit_freep) FakeUnit *unit = NULL;
    int r = fake_unit_new(systemd, name, &unit);
    if (r < 0)
        return r;
    r = map_put(systemd->units, name, unit);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(unit);
    return 0;
}

int fake_systemd_write(FakeSystemd *systemd, const UnitFileWrite *files, size_t n) {
    bool needs_reload = false;
    for (size_t i = 0; i < n; i++) {
        FakeUnit *unit;
        int r = unit_ensure(systemd, files[i].name, &unit);
        if (r < 0)
            return r;
        r = fake_unit_set_text(unit, files[i].text, files[i].size);
        if (r < 0)
            return r;
        if (r == 0)
            continue;
        fake_script_note(systemd->script, FAKE_ACTION_WRITE, unit->name);
        if (fake_unit_is_running(unit) || text_has_install(unit->text))
            needs_reload = true;
        fake_systemd_unit_changed(systemd, unit->name);
    }
    if (needs_reload)
        fake_script_note(systemd->script, FAKE_ACTION_RELOAD, NULL);
    return 0;
}

int fake_systemd_remove(FakeSystemd *systemd, const char *name) {
    FakeUnit *unit = map_get(systemd->units, name);
    if (!unit || !unit->text)
        return 0;
    if (fake_unit_is_running(unit))
        return -EBUSY;
    fake_script_note(systemd->script, FAKE_ACTION_REMOVE, name);
    map_remove(systemd->units, name);
    return 0;
}

int64_t fake_systemd_start(FakeSystemd *systemd, const char *name) {
    FakeUnit *unit = map_get(systemd->units, name);
    if (!unit || !unit->text)
        return -ENOENT;
    if (fake_script_behaviour(systemd->script, name)->start_result == JOB_RESULT_ERROR)
        return -EINVAL;
    if (fake_systemd_is_forbidden(systemd, name))
        return -EACCES;
    return fake_unit_start(unit, ++systemd->last_job);
}

bool fake_systemd_is_guarded(const FakeSystemd *systemd, const char *name) {
    const FakeUnit *unit = map_get(systemd->units, name);
    return unit && unit->stop_after_usec > 0;
}

/* As systemd does it: what its file asserts does not hold. */
bool fake_systemd_is_forbidden(FakeSystemd *systemd, const char *name) {
    const FakeUnit *unit = map_get(systemd->units, name);
    return fake_systemd_is_guarded(systemd, name) && !unit->is_permitted;
}

static void guarded_changed(FakeSystemd *systemd) {
    if (systemd->guard_changed)
        systemd->guard_changed(systemd->guard_userdata);
}

int fake_systemd_vouch(FakeSystemd *systemd, const char *name, usec_t at_usec,
                       usec_t stop_after_usec) {
    FakeUnit *unit = map_get(systemd->units, name);
    if (!unit || unit->stop_after_usec == 0)
        return -ENOENT;
    unit->has_guard = true;
    unit->guard = (GuardRecord){.stop_after_usec = stop_after_usec,
                                .stop_timeout_usec = unit->stop_timeout_usec,
                                .at_usec = at_usec};
    guarded_changed(systemd);
    return 0;
}

int fake_systemd_permit(FakeSystemd *systemd, const char *name) {
    FakeUnit *unit = map_get(systemd->units, name);
    if (!unit || !unit->has_guard)
        return -ENOENT;
    if (loop_now(systemd->loop) >= guard_record_deadline(&unit->guard))
        return -ESTALE;
    unit->is_permitted = true;
    return 0;
}

void fake_systemd_forbid(FakeSystemd *systemd, const char *name) {
    FakeUnit *unit = map_get(systemd->units, name);
    if (unit && unit->stop_after_usec > 0)
        unit->is_permitted = unit->was_launched = false;
}

int fake_systemd_walk_guarded(FakeSystemd *systemd, GuardDirectoryVisit visit, void *userdata) {
    const char *name;
    const FakeUnit *unit;
    int r = 0;
    MAP_FOREACH (name, unit, systemd->units)
        if (unit->has_guard && r >= 0)
            r = visit(name, &unit->guard, userdata);
    return r;
}

void fake_systemd_limit_vouching(FakeSystemd *systemd) {
    _unused_ const char *name;
    FakeUnit *unit;
    MAP_FOREACH (name, unit, systemd->units)
        unit->guard.at_usec = MIN(unit->guard.at_usec, loop_now(systemd->loop));
    guarded_changed(systemd);
}

void fake_systemd_watch_guarded(FakeSystemd *systemd, void (*changed)(void *userdata),
                                void *userdata) {
    systemd->guard_changed = changed;
    systemd->guard_userdata = userdata;
}

int64_t fake_systemd_stop(FakeSystemd *systemd, const char *name) {
    FakeUnit *unit = map_get(systemd->units, name);
    return unit ? fake_unit_stop(unit, ++systemd->last_job) : 0;
}

int64_t fake_systemd_restart(FakeSystemd *systemd, const char *name) {
    FakeUnit *unit = map_get(systemd->units, name);
    return unit ? fake_unit_restart(unit, ++systemd->last_job) : 0;
}

void fake_systemd_note_launched(FakeSystemd *systemd, const char *name) {
    FakeUnit *unit = map_get(systemd->units, name);
    if (unit)
        unit->was_launched = !fake_systemd_is_forbidden(systemd, name);
}

void fake_systemd_note_unheard(FakeSystemd *systemd, const char *name) {
    FakeUnit *unit = map_get(systemd->units, name);
    if (unit)
        unit->has_lost_answer = true;
}

bool fake_systemd_is_unheard(const FakeSystemd *systemd, const char *name) {
    const FakeUnit *unit = map_get(systemd->units, name);
    return unit && unit->has_lost_answer;
}

bool fake_systemd_take_unheard(FakeSystemd *systemd, const char *name) {
    FakeUnit *unit = map_get(systemd->units, name);
    bool was_lost = fake_systemd_is_unheard(systemd, name);
    if (unit)
        unit->has_lost_answer = false;
    return was_lost;
}

static int status_copy(const FakeUnit *unit, UnitStatus *status) {
    status->was_launched = unit->was_launched;
    status->restart = unit->restart;
    status->stop_after_usec = unit->stop_after_usec;
    status->stop_timeout_usec = unit->stop_timeout_usec;
    status->name = strdup(unit->name);
    status->hash = strdup(unit->hash);
    status->load = strdup("loaded");
    status->active = strdup(unit->active);
    status->sub = strdup(unit->sub);
    if (!status->name || !status->hash || !status->load || !status->active || !status->sub)
        return -ENOMEM;
    int r = str_replace(&status->cluster, unit->cluster);
    if (r >= 0)
        r = str_replace(&status->health, unit->health);
    return r < 0 ? r : str_replace(&status->result, unit->result);
}

int fake_systemd_claim(FakeSystemd *systemd, const char *name, const char *cluster) {
    FakeUnit *unit = map_get(systemd->units, name);
    return unit ? str_replace(&unit->cluster, cluster) : -ENOENT;
}

int fake_systemd_note_health(FakeSystemd *systemd, const char *name, const char *health) {
    FakeUnit *unit = map_get(systemd->units, name);
    return unit ? str_replace(&unit->health, health) : -ENOENT;
}

int64_t fake_systemd_restart_number(const FakeSystemd *systemd, const char *name) {
    const FakeUnit *unit = map_get(systemd->units, name);
    return unit ? unit->restart : 0;
}

int fake_systemd_note_restart(FakeSystemd *systemd, const char *name, int64_t restart) {
    FakeUnit *unit = map_get(systemd->units, name);
    if (unit)
        unit->restart = restart;
    return unit ? 0 : -ENOENT;
}

int fake_systemd_common_cluster(const FakeSystemd *systemd, char **ret) {
    const char *name, *common = NULL;
    const FakeUnit *unit;
    MAP_FOREACH (name, unit, systemd->units) {
        if (unit->cluster && common && !streq(unit->cluster, common))
            return -EXDEV;
        common = unit->cluster ? unit->cluster : common;
    }
    *ret = common ? strdup(common) : NULL;
    return common && !*ret ? -ENOMEM : 0;
}

int fake_systemd_status(FakeSystemd *systemd, const char *name, UnitStatus **ret) {
    const FakeUnit *unit = map_get(systemd->units, name);
    if (!unit)
        return -ENOENT;
    _cleanup_(unit_status_freep) UnitStatus *status = calloc(1, sizeof(UnitStatus));
    int r = status ? status_copy(unit, status) : -ENOMEM;
    if (r < 0)
        return r;
    *ret = TAKE_PTR(status);
    return 0;
}

int fake_systemd_names(FakeSystemd *systemd, const char ***ret) {
    const char **names;
    int r = map_sorted_keys(systemd->units, &names);
    if (r < 0)
        return r;
    size_t n = 0;
    for (const char **name = names; *name; name++)
        if (fake_systemd_text(systemd, *name))
            names[n++] = *name;
    names[n] = NULL;
    *ret = names;
    return 0;
}

Loop *fake_systemd_loop(FakeSystemd *systemd) {
    return systemd->loop;
}

usec_t fake_systemd_latency(FakeSystemd *systemd) {
    return systemd->latency_usec;
}

usec_t fake_systemd_guard_start(FakeSystemd *systemd) {
    return systemd->guard_start_usec;
}

bool fake_systemd_is_stopping(FakeSystemd *systemd) {
    return systemd->is_stopping;
}

int fake_systemd_ask_reboot(FakeSystemd *systemd) {
    int r = fake_systemd_check(systemd, FAKE_ACTION_REBOOT, NULL);
    if (r < 0)
        return r;
    fake_script_note(systemd->script, FAKE_ACTION_REBOOT, NULL);
    systemd->is_stopping = true;
    return 0;
}

/* What tests look at */

const char *fake_systemd_active(FakeSystemd *systemd, const char *name) {
    const FakeUnit *unit = map_get(systemd->units, name);
    return unit ? unit->active : NULL;
}

bool fake_systemd_is_running(FakeSystemd *systemd, const char *name) {
    const FakeUnit *unit = map_get(systemd->units, name);
    return unit && fake_unit_is_running(unit);
}

size_t fake_systemd_count_running(FakeSystemd *systemd) {
    size_t n = 0;
    _unused_ const char *name;
    FakeUnit *unit;
    MAP_FOREACH (name, unit, systemd->units)
        n += fake_unit_is_running(unit);
    return n;
}

const char *fake_systemd_text(FakeSystemd *systemd, const char *name) {
    const FakeUnit *unit = map_get(systemd->units, name);
    return unit ? unit->text : NULL;
}

const char *fake_systemd_started_hash(FakeSystemd *systemd, const char *name) {
    const FakeUnit *unit = map_get(systemd->units, name);
    return unit && *unit->started_hash ? unit->started_hash : NULL;
}
