#include "tests/fakes/fake-unit.h"

#include "fleetd/base/strv.h"
#include "fleetd/systemd/guarded-text.h"
#include "tests/fakes/fake-script.h"

/* How a start job that ended so leaves its unit. */
static const struct {
    const char *active, *sub, *result;
} unit_after_start[_JOB_RESULT_MAX] = {
    [JOB_RESULT_DONE] = {"active", "running", "success"},
    [JOB_RESULT_CANCELED] = {"inactive", "dead", "success"},
    [JOB_RESULT_TIMEOUT] = {"failed", "failed", "timeout"},
    [JOB_RESULT_FAILED] = {"failed", "failed", "exit-code"},
    [JOB_RESULT_DEPENDENCY] = {"inactive", "dead", "success"},
    [JOB_RESULT_SKIPPED] = {"inactive", "dead", "exec-condition"},
    /* of a job that began before its like were refused */
    [JOB_RESULT_ERROR] = {"failed", "failed", "resources"},
};

static const FakeBehaviour *behaviour_of(const FakeUnit *unit) {
    return fake_script_behaviour(fake_systemd_script(unit->systemd), unit->name);
}

static void job_end(FakeUnit *unit, JobResult result) {
    int64_t job = unit->job;
    unit->job = 0;
    unit->job_is_restart = false;
    timer_stop(unit->job_timer);
    fake_systemd_job_removed(unit->systemd, unit->name, job, result);
}

static void start_finish(FakeUnit *unit) {
    const FakeBehaviour *behaviour = behaviour_of(unit);
    JobResult result = unit->start_result ? unit->start_result : JOB_RESULT_DONE;
    if (result == JOB_RESULT_DONE && behaviour->is_oneshot)
        fake_unit_enter(unit, "inactive", "dead", "success");
    else
        fake_unit_enter(unit, unit_after_start[result].active, unit_after_start[result].sub,
                        unit_after_start[result].result);
    if (fake_unit_is_running(unit) && behaviour->life_usec > 0)
        timer_start(unit->life_timer, behaviour->life_usec);
    job_end(unit, result);
}

static int64_t job_begin(FakeUnit *unit, int64_t id, bool is_stop, usec_t usec) {
    unit->job = id;
    unit->job_is_stop = is_stop;
    if (usec != USEC_INFINITY)
        timer_start(unit->job_timer, usec);
    return id;
}

/* A unit that has no permit any more cannot come back. */
static void restart_turn(FakeUnit *unit) {
    bool is_forbidden = fake_systemd_is_forbidden(unit->systemd, unit->name);
    fake_unit_enter(unit, "activating", "start", "success");
    unit->start_result = is_forbidden ? JOB_RESULT_FAILED : behaviour_of(unit)->start_result;
    job_begin(unit, unit->job, false, behaviour_of(unit)->start_usec);
}

static void on_job_timer(void *userdata) {
    FakeUnit *unit = userdata;
    if (unit->job_is_stop && unit->job_is_restart)
        return restart_turn(unit);
    if (!unit->job_is_stop)
        return start_finish(unit);
    fake_unit_enter(unit, "inactive", "dead", "success");
    job_end(unit, JOB_RESULT_DONE);
    if (behaviour_of(unit)->comes_back)
        fake_unit_enter(unit, "active", "running", "success");
}

static void on_life_timer(void *userdata) {
    FakeUnit *unit = userdata;
    const char *result = str_or(behaviour_of(unit)->end_result, "exit-code");
    if (streq(result, "success"))
        fake_unit_enter(unit, "inactive", "dead", result);
    else
        fake_unit_enter(unit, "failed", "failed", result);
}

int fake_unit_new(FakeSystemd *systemd, const char *name, FakeUnit **ret) {
    _cleanup_(fake_unit_freep) FakeUnit *unit = calloc(1, sizeof(FakeUnit));
    if (!unit)
        return -ENOMEM;
    unit->systemd = systemd;
    unit->name = strdup(name);
    unit->active = strdup("inactive");
    unit->sub = strdup("dead");
    unit->result = strdup("success");
    if (!unit->name || !unit->active || !unit->sub || !unit->result)
        return -ENOMEM;
    Loop *loop = fake_systemd_loop(systemd);
    int r = timer_new(loop, on_job_timer, unit, &unit->job_timer);
    if (r >= 0)
        r = timer_new(loop, on_life_timer, unit, &unit->life_timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(unit);
    return 0;
}

void fake_unit_free(FakeUnit *unit) {
    if (!unit)
        return;
    timer_free(unit->job_timer);
    timer_free(unit->life_timer);
    free(unit->name);
    free(unit->text);
    free(unit->cluster);
    free(unit->health);
    free(unit->active);
    free(unit->sub);
    free(unit->result);
    free(unit);
}

int fake_unit_set_text(FakeUnit *unit, const char *text, size_t size) {
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    int r = unit_file_hash_text(text, size, hash);
    if (r < 0)
        return r;
    if (unit->text && streq(hash, unit->hash))
        return 0;
    char *copy = strndup(text, size);
    if (!copy)
        return -ENOMEM;
    free(unit->text);
    unit->text = copy;
    memcpy(unit->hash, hash, sizeof(hash));
    unit->was_launched = false;
    r = guarded_text_times(unit->name, text, size, &unit->stop_after_usec,
                           &unit->stop_timeout_usec);
    if (unit->stop_after_usec == 0)
        unit->has_guard = unit->is_permitted = false;
    return r < 0 ? r : 1;
}

bool fake_unit_is_running(const FakeUnit *unit) {
    return !streq(unit->active, "inactive") && !streq(unit->active, "failed");
}

void fake_unit_enter(FakeUnit *unit, const char *active, const char *sub, const char *result) {
    timer_stop(unit->life_timer);
    if (str_replace(&unit->active, active) < 0 || str_replace(&unit->sub, sub) < 0 ||
        str_replace(&unit->result, result) < 0)
        abort(); /* out of memory in a test */
    fake_systemd_unit_changed(unit->systemd, unit->name);
}

void fake_unit_cancel_job(FakeUnit *unit) {
    if (unit->job != 0)
        job_end(unit, JOB_RESULT_CANCELED);
}

int64_t fake_unit_start(FakeUnit *unit, int64_t id) {
    if (unit->job != 0 && (!unit->job_is_stop || unit->job_is_restart))
        return unit->job;
    if (unit->job == 0 && fake_unit_is_running(unit))
        return 0;
    fake_unit_cancel_job(unit);
    memcpy(unit->started_hash, unit->hash, sizeof(unit->hash));
    fake_script_note(fake_systemd_script(unit->systemd), FAKE_ACTION_START, unit->name);
    fake_unit_enter(unit, "activating", "start", "success");
    unit->start_result = behaviour_of(unit)->start_result;
    return job_begin(unit, id, false, behaviour_of(unit)->start_usec);
}

int64_t fake_unit_stop(FakeUnit *unit, int64_t id) {
    unit->was_launched = false;
    if (unit->job != 0 && unit->job_is_stop && !unit->job_is_restart)
        return unit->job;
    if (unit->job == 0 && !fake_unit_is_running(unit))
        return 0;
    fake_unit_cancel_job(unit);
    fake_script_note(fake_systemd_script(unit->systemd), FAKE_ACTION_STOP, unit->name);
    fake_unit_enter(unit, "deactivating", "stop-sigterm", "success");
    return job_begin(unit, id, true, behaviour_of(unit)->stop_usec);
}

int64_t fake_unit_restart(FakeUnit *unit, int64_t id) {
    if (!fake_unit_is_running(unit) || unit->job != 0)
        return unit->job; /* a start is as good, and a stop is somebody's wish */
    memcpy(unit->started_hash, unit->hash, sizeof(unit->hash));
    fake_script_note(fake_systemd_script(unit->systemd), FAKE_ACTION_RESTART, unit->name);
    unit->job_is_restart = true;
    fake_unit_enter(unit, "deactivating", "stop-sigterm", "success");
    return job_begin(unit, id, true, behaviour_of(unit)->stop_usec);
}
