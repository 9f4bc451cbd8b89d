/* start(), stop() and restart().
 *
 * A unit with StopAfterDisconnect= is started in two steps, by one JobOp: the guard first, and
 * then, with a permit, the unit. */
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/systemd/bus-job-result.h"
#include "fleetd/systemd/bus-private.h"

typedef struct JobKind {
    const char *method;
    bool is_start;
    bool is_own;      /* of a unit that is no user's */
    bool keeps_marks; /* it is launched afterwards if it was before */
} JobKind;

static const JobKind start_kind = {"StartUnit", .is_start = true};
static const JobKind stop_kind = {"StopUnit"};
static const JobKind restart_kind = {"TryRestartUnit", .keeps_marks = true};
static const JobKind guard_kind = {"StartUnit", .is_start = true, .is_own = true};

typedef struct JobOp {
    BusOp op;
    const JobKind *kind;
    char *name;
    usec_t begin_usec; /* CLOCK_MONOTONIC */
    JobResult result;
    char **log;
    bool is_guarding;        /* the first step */
    UnitManagerJobDone done; /* NULL: it was answered already */
    void *userdata;
} JobOp;

static void job_run(Reply *reply) {
    JobOp *job = (JobOp *) reply;
    if (!job->done)
        return;
    if (job->op.r == -ENOTCONN)
        job->result = JOB_RESULT_CANCELED;
    else if (job->op.r < 0)
        job->result = JOB_RESULT_ERROR;
    const char *message =
        job->op.r < 0 ? error_text(&(Error){job->op.message}, job->op.r) : job->op.message;
    job->done(job->result, message, job->log, job->userdata);
}

static void job_free(Reply *reply) {
    JobOp *job = (JobOp *) reply;
    strv_free(job->log);
    free(job->name);
    bus_op_done(&job->op);
    free(job);
}

static void on_log_read(char **lines, void *userdata) {
    JobOp *job = userdata;
    job->log = lines;
    bus_op_finish(&job->op);
}

/* The log is a help, no part of the result: without it the answer comes all the same. */
static void start_explain(JobOp *job, const char *meaning) {
    BusUnitManager *um = job->op.um;
    job->op.is_settled = true;
    job->op.message = bus_job_describe_failure(bus_units_find(um->units, job->name), meaning);
    if (job->result == JOB_RESULT_CANCELED ||
        journal_reader_read(um->journal, job->name, job->begin_usec, um->log_lines, on_log_read,
                            job) < 0)
        bus_op_finish(&job->op);
}

static const BusJobSteps job_steps;

static void job_call(JobOp *job, const char *name) {
    bus_op_queue_job(&job->op, &job_steps, job->kind->method, name);
}

/* It is worth another try: canceled, and nothing of it is left. */
static void job_cancel(JobOp *job, const char *message) {
    BusUnitManager *um = job->op.um;
    BusUnit *unit = bus_units_find(um->units, job->name);
    job->result = JOB_RESULT_CANCELED;
    str_replace(&job->op.message, message);
    unit_directory_set_launched(um->directory, job->name, false);
    if (unit)
        unit->status.was_launched = false;
    bus_op_finish(&job->op);
}

static void guarding_end(JobOp *job, const char *word) {
    job->is_guarding = false;
    if (!job->done)
        return bus_op_finish(&job->op);
    if (!streq(word, "done"))
        return job_cancel(job,
                          "its StopAfterDisconnect= needs " GUARD_SERVICE ", which does not start");
    int r = guard_directory_permit(job->op.um->guard, job->name);
    if (r == -ESTALE || r == -ENOENT)
        return job_cancel(job, "this machine may be cut off from the cluster, and it has "
                               "StopAfterDisconnect=");
    if (r < 0)
        return bus_op_fail(&job->op, r, "failed to permit its start");
    job_call(job, job->name);
}

static bool job_is_of_guarded(const JobOp *job) {
    return job->kind->is_start && !job->kind->is_own &&
           bus_unit_is_guarded(bus_units_find(job->op.um->units, job->name));
}

/* The guard took the permit away, and so systemd refused the start or broke it off. */
static bool job_is_forbidden(const JobOp *job) {
    return job_is_of_guarded(job) && !guard_directory_is_permitted(job->op.um->guard, job->name);
}

/* systemd has done what it was asked for, and so the result is "done". What it says of the unit's
 * change comes before the end of the job. */
static bool job_was_for_nothing(const JobOp *job) {
    const BusUnit *unit = bus_units_find(job->op.um->units, job->name);
    return job->kind->is_start && job->result == JOB_RESULT_DONE && unit &&
           !unit->condition_result && streq_ptr(unit->status.active, "inactive");
}

static void on_job_ended(BusOp *op, const char *word) {
    JobOp *job = (JobOp *) op;
    const char *meaning;
    if (job->is_guarding || op->is_settled)
        return guarding_end(job, word);
    if (!streq(word, "done") && job_is_forbidden(job))
        return job_cancel(job, "this machine was cut off from the cluster meanwhile, and it has "
                               "StopAfterDisconnect=");
    job->result = bus_job_result_from_word(word, &meaning);
    if (job_was_for_nothing(job)) /* a help as well */
        (void) str_replace(&job->op.message,
                           "it was not started, as one of its conditions does not hold");
    if (job->result == JOB_RESULT_DONE || !job->kind->is_start)
        bus_op_finish(&job->op);
    else
        start_explain(job, meaning);
}

/* The guard takes the permit away and then the mark: a mark that comes after that goes again. */
static int job_note_launched(BusOp *op) {
    JobOp *job = (JobOp *) op;
    BusUnitManager *um = job->op.um;
    BusUnit *unit = bus_units_find(um->units, job->name);
    bool is_launched = job->kind->is_start;
    if (job->kind->is_own || job->kind->keeps_marks || job->is_guarding)
        return 0;
    int r = is_launched ? unit_directory_note_launched(um->directory, job->name,
                                                       unit ? unit->status.restart : 0)
                        : unit_directory_set_launched(um->directory, job->name, false);
    if (r >= 0 && job_is_forbidden(job)) {
        is_launched = false;
        r = unit_directory_set_launched(um->directory, job->name, false);
    }
    if (r >= 0 && unit)
        unit->status.was_launched = is_launched;
    return r;
}

static void on_job_refused(BusOp *op, const sd_bus_error *error) {
    JobOp *job = (JobOp *) op;
    if (job->is_guarding && !bus_error_is_lost_contact(error)) {
        log_error("Failed to start " GUARD_SERVICE ": %s", error->message);
        return guarding_end(job, "failed");
    }
    bool is_gone = !job->kind->is_start && bus_error_is_not_loaded(error);
    if (!is_gone)
        return bus_op_fail_call(&job->op, error);
    job->result = JOB_RESULT_DONE;
    job->op.r = job_note_launched(op);
    bus_op_finish(&job->op);
}

static const BusJobSteps job_steps = {
    .refused = on_job_refused, .queued = job_note_launched, .ended = on_job_ended};

static int job_begin(BusUnitManager *um, const JobKind *kind, const char *name,
                     UnitManagerJobDone done, void *userdata) {
    JobOp *job = calloc(1, sizeof(JobOp));
    if (!job || str_replace(&job->name, name) < 0) {
        free(job);
        return -ENOMEM;
    }
    job->kind = kind;
    job->begin_usec = bus_monotonic_now();
    job->done = done;
    job->userdata = userdata;
    bus_op_init(&job->op, um, job_run, job_free);
    job->is_guarding = job_is_of_guarded(job);
    job_call(job, job->is_guarding ? GUARD_SERVICE : name);
    return 0;
}

int bus_start_begin(BusUnitManager *um, const char *name, UnitManagerJobDone done, void *userdata) {
    return job_begin(um, &start_kind, name, done, userdata);
}

int bus_restart_begin(BusUnitManager *um, const char *name, UnitManagerJobDone done,
                      void *userdata) {
    return job_begin(um, &restart_kind, name, done, userdata);
}

int bus_guard_start(BusUnitManager *um, UnitManagerJobDone done, void *userdata) {
    return job_begin(um, &guard_kind, GUARD_SERVICE, done, userdata);
}

/* --- a stop overtakes what was begun before --- */

/* The rest of the op, which systemd or the journal may still answer, goes on without its caller. */
static int start_answer_early(JobOp *job) {
    JobOp *answer = calloc(1, sizeof(JobOp));
    const char *message = job->is_guarding ? "it was stopped meanwhile" : job->op.message;
    if (!answer || str_replace(&answer->op.message, message) < 0) {
        free(answer);
        return -ENOMEM;
    }
    answer->op.reply = (Reply){.run = job_run, .free = job_free};
    answer->result = job->is_guarding ? JOB_RESULT_CANCELED : job->result;
    answer->done = TAKE_PTR(job->done);
    answer->userdata = job->userdata;
    reply_queue_push_take(job->op.um->replies, &answer->op.reply);
    return 0;
}

/* systemd keeps the order of what it was asked for itself. The unit of a start that waits for the
 * guard would be started after it was stopped; and one whose journal is read would be answered
 * late. */
static bool start_is_elsewhere(const BusOp *op, const char *name) {
    const JobOp *job = (const JobOp *) op;
    return op->reply.run == job_run && job->done && job->kind->is_start && streq(job->name, name) &&
           (job->is_guarding || op->is_settled);
}

static int starts_end(BusUnitManager *um, const char *name) {
    int r = 0;
    for (BusOp *op = um->ops; op && r >= 0; op = op->next)
        if (start_is_elsewhere(op, name))
            r = start_answer_early((JobOp *) op);
    return r;
}

/* Without its permit, so that nothing starts it again, until somebody vouches for it again. */
int bus_stop_begin(BusUnitManager *um, const char *name, UnitManagerJobDone done, void *userdata) {
    BusUnit *unit = bus_units_find(um->units, name);
    int r = starts_end(um, name);
    if (r >= 0 && bus_unit_is_guarded(unit)) {
        unit->is_vouched = false;
        r = guard_directory_forbid(um->guard, name);
    }
    return r < 0 ? r : job_begin(um, &stop_kind, name, done, userdata);
}
