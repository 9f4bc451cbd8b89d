/* The handle's functions; what they are asked for and what they hear goes through one queue. */
#include "tests/fakes/fake-unit-manager.h"

#include "fleetd/base/strv.h"
#include "tests/fakes/fake-queue.h"

typedef struct FakeUnitManager {
    UnitManager base;
    FakeObserver observer;
    FakeSystemd *systemd;
    FakeQueue *queue;
    FakeQueue *guarding; /* starts that wait for the guard */
    FakeCall *waiting;   /* for the end of their jobs */
    UnitManagerCallbacks callbacks;
    void *userdata;
    bool is_listed; /* signals begin with the first list */
} FakeUnitManager;

static FakeUnitManager *from_base(UnitManager *base) {
    return (FakeUnitManager *) base;
}

static FakeUnitManager *from_observer(FakeObserver *observer) {
    return (FakeUnitManager *) ((char *) observer - offsetof(FakeUnitManager, observer));
}

/* What is heard */

static void run_changed(void *owner, FakeCall **call) {
    FakeUnitManager *um = owner;
    _cleanup_(unit_status_freep) UnitStatus *status = NULL;
    if (fake_systemd_status(um->systemd, (*call)->name, &status) >= 0)
        um->callbacks.on_changed(status, um->userdata);
}

static void run_reset(void *owner, FakeCall **call) {
    FakeUnitManager *um = owner;
    if (um->callbacks.on_reset)
        um->callbacks.on_reset(um->userdata);
}

static void run_job_done(void *owner, FakeCall **call) {
    (*call)->reply.job((*call)->result, (*call)->message, (*call)->log, (*call)->userdata);
}

static void hear(FakeUnitManager *um, FakeCallRun run, const char *name) {
    FakeCall *call;
    if (!um->is_listed || !um->callbacks.on_changed)
        return;
    if (fake_call_new(run, name, NULL, &call) < 0)
        abort(); /* out of memory in a test */
    fake_queue_push_take(um->queue, call);
}

static void on_changed(FakeObserver *observer, const char *name) {
    hear(from_observer(observer), run_changed, name);
}

static void on_reset(FakeObserver *observer) {
    hear(from_observer(observer), run_reset, NULL);
}

static void job_answer(FakeCall *call, JobResult result, const char *message, const char *log) {
    call->run = run_job_done;
    call->result = result;
    if (str_replace(&call->message, message) < 0 || (log && strv_split(log, "\n", &call->log) < 0))
        abort(); /* out of memory in a test */
}

static void job_finish(FakeUnitManager *um, FakeCall *call, JobResult result, const char *message,
                       const char *log) {
    job_answer(call, result, message, log);
    fake_queue_push_take(um->queue, call);
}

/* Ends the waiting calls of one job, or of all (job 0). */
static void jobs_finish(FakeUnitManager *um, int64_t job, JobResult result, const char *message,
                        const char *log) {
    for (FakeCall **p = &um->waiting; *p;) {
        FakeCall *call = *p;
        if (job != 0 && call->job != job) {
            p = &call->next;
            continue;
        }
        *p = call->next;
        job_finish(um, call, result, message, log);
    }
}

static void on_job_removed(FakeObserver *observer, int64_t job, JobResult result,
                           const char *message, const char *log) {
    jobs_finish(from_observer(observer), job, result, message, log);
}

static void run_guarded(void *owner, FakeCall **call);
static void run_started(void *owner, FakeCall **call);

/* systemd starts the units, and fleetd does not know. */
static void answers_lose(FakeUnitManager *um) {
    FakeCall *call;
    while ((call = fake_queue_take_found(um->queue, run_started, NULL))) {
        fake_systemd_note_unheard(um->systemd, call->name);
        fake_call_free(call);
    }
}

/* Of that unit, or all (NULL). */
static void guarding_end(FakeUnitManager *um, const char *name, const char *message) {
    FakeCall *call;
    while ((call = fake_queue_take_found(um->guarding, run_guarded, name)))
        job_finish(um, call, JOB_RESULT_CANCELED, message, NULL);
}

static void on_lost(FakeObserver *observer) {
    static const char message[] = "contact with systemd was lost";
    FakeUnitManager *um = from_observer(observer);
    answers_lose(um);
    guarding_end(um, NULL, message);
    jobs_finish(um, 0, JOB_RESULT_CANCELED, message, NULL);
}

static void on_dead(FakeObserver *observer) {
    FakeUnitManager *um = from_observer(observer);
    fake_queue_clear(um->queue);
    fake_queue_clear(um->guarding);
    fake_calls_free(&um->waiting);
    um->is_listed = false;
}

/* What is asked for */

static void statuses_free(UnitStatus ***statuses) {
    for (UnitStatus **status = *statuses; status && *status; status++)
        unit_status_free(*status);
    free(*statuses);
}

static int statuses_get(FakeSystemd *systemd, UnitStatus ***ret, size_t *ret_n) {
    _cleanup_free_ const char **names = NULL;
    size_t n = 0;
    int r = fake_systemd_names(systemd, &names);
    if (r < 0)
        return r;
    while (names[n])
        n++;
    _cleanup_(statuses_free) UnitStatus **statuses = calloc(n + 1, sizeof(UnitStatus *));
    if (!statuses)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        r = fake_systemd_status(systemd, names[i], &statuses[i]);
        if (r < 0)
            return r;
    }
    *ret = TAKE_PTR(statuses);
    *ret_n = n;
    return 0;
}

static void run_list(void *owner, FakeCall **call) {
    FakeUnitManager *um = owner;
    _cleanup_(statuses_free) UnitStatus **statuses = NULL;
    size_t n = 0;
    int r = fake_systemd_check(um->systemd, FAKE_ACTION_LIST, NULL);
    if (r >= 0) {
        fake_script_note(fake_systemd_script(um->systemd), FAKE_ACTION_LIST, NULL);
        um->is_listed = true;
        r = statuses_get(um->systemd, &statuses, &n);
    }
    (*call)->reply.list(r, (const UnitStatus *const *) statuses, n, (*call)->userdata);
}

static int write_check(FakeUnitManager *um, const FakeCall *call, char **ret_message) {
    for (size_t i = 0; i < call->n_files; i++) {
        const char *name = call->files[i].name;
        int r = fake_systemd_check(um->systemd, FAKE_ACTION_WRITE, name);
        if (r < 0) {
            *ret_message = str_printf("failed to write unit file '%s': %s", name, strerror(-r));
            return r;
        }
    }
    return 0;
}

static void run_write(void *owner, FakeCall **call) {
    FakeUnitManager *um = owner;
    _cleanup_free_ char *message = NULL;
    int r = write_check(um, *call, &message);
    if (r >= 0)
        r = fake_systemd_write(um->systemd, (*call)->files, (*call)->n_files);
    (*call)->reply.done(r, message, (*call)->userdata);
}

static void run_remove(void *owner, FakeCall **call) {
    FakeUnitManager *um = owner;
    _cleanup_free_ char *message = NULL;
    const char *name = (*call)->name;
    int r = fake_systemd_check(um->systemd, FAKE_ACTION_REMOVE, name);
    if (r >= 0)
        r = fake_systemd_remove(um->systemd, name);
    if (r < 0)
        message = str_printf("failed to remove unit file '%s': %s", name, strerror(-r));
    (*call)->reply.done(r, message, (*call)->userdata);
}

static void job_wait(FakeUnitManager *um, FakeCall **call, int64_t job) {
    (*call)->job = job;
    if (job == 0)
        return job_finish(um, TAKE_PTR(*call), JOB_RESULT_DONE, NULL, NULL);
    FakeCall **last = &um->waiting;
    while (*last)
        last = &(*last)->next;
    *last = TAKE_PTR(*call);
}

/* What the guard forbids may be allowed again. */
static bool error_passes(int r) {
    return r == -ENOTCONN || r == -ESTALE || r == -EACCES;
}

static void job_refuse(FakeUnitManager *um, FakeCall **call, int r) {
    const FakeBehaviour *behaviour =
        fake_script_behaviour(fake_systemd_script(um->systemd), (*call)->name);
    const char *message = r == -ENOENT ? "Unit not found." : strerror(-r);
    if (r == -EINVAL)
        message = str_or(behaviour->message, message);
    (*call)->reply.job(error_passes(r) ? JOB_RESULT_CANCELED : JOB_RESULT_ERROR, message, NULL,
                       (*call)->userdata);
}

static void run_job(FakeUnitManager *um, FakeCall **call, FakeAction action,
                    int64_t (*begin)(FakeUnitManager *, const char *)) {
    int64_t job = fake_systemd_check(um->systemd, action, (*call)->name);
    if (job >= 0)
        job = begin(um, (*call)->name);
    if (job < 0)
        job_refuse(um, call, (int) job);
    else
        job_wait(um, call, job);
}

static void run_started(void *owner, FakeCall **call) {
    fake_systemd_note_launched(((FakeUnitManager *) owner)->systemd, (*call)->name);
}

/* systemd answers first, and then says what has changed. An answer that takes time can be lost. */
static int64_t start_begin(FakeUnitManager *um, const char *name) {
    FakeCall *answer;
    if (fake_call_new(run_started, name, NULL, &answer) < 0)
        abort(); /* out of memory in a test */
    fake_queue_push_take(um->queue, answer);
    int64_t job = fake_systemd_start(um->systemd, name);
    if (job < 0 || fake_systemd_latency(um->systemd) == 0)
        fake_call_free(fake_queue_take_found(um->queue, run_started, name));
    if (job >= 0 && fake_systemd_latency(um->systemd) == 0)
        fake_systemd_note_launched(um->systemd, name);
    return job;
}

static void run_guarded(void *owner, FakeCall **call) {
    FakeUnitManager *um = owner;
    fake_systemd_permit(um->systemd, (*call)->name); /* else the start fails */
    run_job(um, call, FAKE_ACTION_START, start_begin);
}

/* As the real one does it: the guard first, then with a permit the unit. */
static void run_start(void *owner, FakeCall **call) {
    FakeUnitManager *um = owner;
    if (!fake_systemd_is_connected(um->systemd) ||
        !fake_systemd_is_guarded(um->systemd, (*call)->name))
        return run_job(um, call, FAKE_ACTION_START, start_begin);
    (*call)->run = run_guarded;
    fake_queue_push_later_take(um->guarding, TAKE_PTR(*call),
                               fake_systemd_guard_start(um->systemd));
}

/* What was begun before ends, and is answered before. */
static void starts_overtake(FakeUnitManager *um, const char *name) {
    static const char message[] = "it was stopped meanwhile";
    FakeCall *call;
    if (!fake_systemd_is_guarded(um->systemd, name))
        return;
    guarding_end(um, name, message);
    while ((call = fake_queue_find(um->queue, run_start, name)))
        job_answer(call, JOB_RESULT_CANCELED, message, NULL);
}

/* Answers come in the order of the requests: that of the stop takes the mark away. */
static int64_t stop_begin(FakeUnitManager *um, const char *name) {
    fake_call_free(fake_queue_take_found(um->queue, run_started, name));
    return fake_systemd_stop(um->systemd, name);
}

static void run_stop(void *owner, FakeCall **call) {
    FakeUnitManager *um = owner;
    fake_systemd_forbid(um->systemd, (*call)->name);
    run_job(um, call, FAKE_ACTION_STOP, stop_begin);
}

static int64_t restart_begin(FakeUnitManager *um, const char *name) {
    return fake_systemd_restart(um->systemd, name);
}

static void run_restart(void *owner, FakeCall **call) {
    run_job(owner, call, FAKE_ACTION_RESTART, restart_begin);
}

static void run_stopping(void *owner, FakeCall **call) {
    FakeUnitManager *um = owner;
    (*call)->reply.stopping(fake_systemd_is_stopping(um->systemd), (*call)->userdata);
}

static void run_reboot(void *owner, FakeCall **call) {
    FakeUnitManager *um = owner;
    int r = fake_systemd_ask_reboot(um->systemd);
    (*call)->reply.done(r, r < 0 ? strerror(-r) : NULL, (*call)->userdata);
}

/* The interface */

static void fake_set_callbacks(UnitManager *base, const UnitManagerCallbacks *callbacks,
                               void *userdata) {
    from_base(base)->callbacks = *callbacks;
    from_base(base)->userdata = userdata;
}

static int fake_list(UnitManager *base, UnitManagerListDone done, void *userdata) {
    FakeCall *call;
    int r = fake_call_new(run_list, NULL, userdata, &call);
    if (r < 0)
        return r;
    call->reply.list = done;
    fake_queue_push_take(from_base(base)->queue, call);
    return 0;
}

static int files_copy(const UnitFileWrite *files, size_t n, FakeCall *call) {
    call->files = calloc(MAX(n, (size_t) 1), sizeof(UnitFileWrite));
    if (!call->files)
        return -ENOMEM;
    call->n_files = n;
    for (size_t i = 0; i < n; i++) {
        call->files[i].name = strdup(files[i].name);
        call->files[i].text = strndup(files[i].text, files[i].size);
        call->files[i].size = files[i].size;
        if (!call->files[i].name || !call->files[i].text)
            return -ENOMEM;
    }
    return 0;
}

static int fake_write(UnitManager *base, const UnitFileWrite *files, size_t n, UnitManagerDone done,
                      void *userdata) {
    _cleanup_(fake_call_freep) FakeCall *call = NULL;
    int r = fake_call_new(run_write, NULL, userdata, &call);
    if (r >= 0)
        r = files_copy(files, n, call);
    if (r < 0)
        return r;
    call->reply.done = done;
    fake_queue_push_take(from_base(base)->queue, TAKE_PTR(call));
    return 0;
}

static int fake_remove(UnitManager *base, const char *name, UnitManagerDone done, void *userdata) {
    FakeCall *call;
    int r = fake_call_new(run_remove, name, userdata, &call);
    if (r < 0)
        return r;
    call->reply.done = done;
    fake_queue_push_take(from_base(base)->queue, call);
    return 0;
}

static int job_push(UnitManager *base, FakeCallRun run, const char *name, UnitManagerJobDone done,
                    void *userdata) {
    FakeCall *call;
    int r = fake_call_new(run, name, userdata, &call);
    if (r < 0)
        return r;
    call->reply.job = done;
    fake_queue_push_take(from_base(base)->queue, call);
    return 0;
}

static int fake_start(UnitManager *base, const char *name, UnitManagerJobDone done,
                      void *userdata) {
    return job_push(base, run_start, name, done, userdata);
}

static int fake_stop(UnitManager *base, const char *name, UnitManagerJobDone done, void *userdata) {
    starts_overtake(from_base(base), name);
    return job_push(base, run_stop, name, done, userdata);
}

static int fake_restart(UnitManager *base, const char *name, UnitManagerJobDone done,
                        void *userdata) {
    return job_push(base, run_restart, name, done, userdata);
}

/* fleetd itself writes the mark: it takes no contact with systemd. */
static int fake_claim(UnitManager *base, const char *name, const char *cluster) {
    FakeSystemd *systemd = from_base(base)->systemd;
    int r = fake_script_check(fake_systemd_script(systemd), FAKE_ACTION_CLAIM, name);
    return r < 0 ? r : fake_systemd_claim(systemd, name, cluster);
}

static int fake_note_health(UnitManager *base, const char *name, const char *health) {
    return fake_systemd_note_health(from_base(base)->systemd, name, health);
}

static int fake_note_restart(UnitManager *base, const char *name, int64_t restart) {
    return fake_systemd_note_restart(from_base(base)->systemd, name, restart);
}

static int fake_common_cluster(UnitManager *base, char **ret) {
    return fake_systemd_common_cluster(from_base(base)->systemd, ret);
}

static int fake_read(UnitManager *base, const char *name, char **ret_text, size_t *ret_size) {
    const char *text = fake_systemd_text(from_base(base)->systemd, name);
    if (!text)
        return -ENOENT;
    *ret_size = strlen(text);
    *ret_text = strdup(text);
    return *ret_text ? 0 : -ENOMEM;
}

static int fake_is_stopping(UnitManager *base, void (*done)(bool is_stopping, void *userdata),
                            void *userdata) {
    FakeCall *call;
    int r = fake_call_new(run_stopping, NULL, userdata, &call);
    if (r < 0)
        return r;
    call->reply.stopping = done;
    fake_queue_push_take(from_base(base)->queue, call);
    return 0;
}

static int fake_reboot(UnitManager *base, UnitManagerDone done, void *userdata) {
    FakeCall *call;
    int r = fake_call_new(run_reboot, NULL, userdata, &call);
    if (r < 0)
        return r;
    call->reply.done = done;
    fake_queue_push_take(from_base(base)->queue, call);
    return 0;
}

static int fake_vouch(UnitManager *base, const char *name, usec_t at_usec, usec_t stop_after_usec) {
    return fake_systemd_vouch(from_base(base)->systemd, name, at_usec, stop_after_usec);
}

static void fake_free(UnitManager *base) {
    FakeUnitManager *um = from_base(base);
    answers_lose(um);
    fake_systemd_unobserve(um->systemd, &um->observer);
    fake_queue_free(um->queue);
    fake_queue_free(um->guarding);
    fake_calls_free(&um->waiting);
    free(um);
}

static const UnitManagerVTable fake_vtable = {
    .set_callbacks = fake_set_callbacks,
    .list = fake_list,
    .write = fake_write,
    .remove = fake_remove,
    .start = fake_start,
    .stop = fake_stop,
    .restart = fake_restart,
    .note_health = fake_note_health,
    .note_restart = fake_note_restart,
    .claim = fake_claim,
    .common_cluster = fake_common_cluster,
    .read = fake_read,
    .vouch = fake_vouch,
    .is_stopping = fake_is_stopping,
    .reboot = fake_reboot,
    .free = fake_free,
};

int fake_unit_manager_new(FakeSystemd *systemd, UnitManager **ret) {
    _cleanup_free_ FakeUnitManager *um = calloc(1, sizeof(FakeUnitManager));
    if (!um)
        return -ENOMEM;
    um->base.vtable = &fake_vtable;
    um->systemd = systemd;
    um->observer = (FakeObserver){.on_changed = on_changed,
                                  .on_job_removed = on_job_removed,
                                  .on_reset = on_reset,
                                  .on_lost = on_lost,
                                  .on_dead = on_dead};
    int r = fake_queue_new(systemd, um, &um->queue);
    if (r >= 0)
        r = fake_queue_new(systemd, um, &um->guarding);
    if (r < 0)
        return r;
    fake_systemd_observe(systemd, &um->observer);
    fake_systemd_limit_vouching(systemd);
    *ret = &TAKE_PTR(um)->base;
    return 0;
}
