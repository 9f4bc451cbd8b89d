/* One unit of a FakeSystemd: its file, its state, and the job that moves it. Private to the fake.
 */
#pragma once

#include "fleetd/model/unit-file.h"
#include "fleetd/systemd/guard-directory.h"
#include "tests/fakes/fake-systemd.h"

typedef struct FakeUnit {
    FakeSystemd *systemd;
    char *name;
    char *text; /* NULL: it has no file (any more) */
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    char started_hash[UNIT_FILE_HASH_LENGTH + 1]; /* "": never started */
    bool was_launched;
    int64_t restart;      /* that was noted */
    bool has_lost_answer; /* of the request to start it, so that was_launched does not say so */
    char *cluster;        /* that it was claimed for; NULL: none */
    char *health;         /* that was noted */
    char *active, *sub;
    char *result;
    usec_t stop_after_usec, stop_timeout_usec; /* by its file; 0: it needs no permit */
    GuardRecord guard;                         /* as it was vouched for */
    bool has_guard;
    bool is_permitted;
    int64_t job; /* 0: none */
    bool job_is_stop;
    bool job_is_restart;    /* and a stop as long as the unit is on its way down */
    JobResult start_result; /* that a start job under way will have */
    Timer *job_timer;
    Timer *life_timer;
} FakeUnit;

int fake_unit_new(FakeSystemd *systemd, const char *name, FakeUnit **ret);
void fake_unit_free(FakeUnit *unit);
DEFINE_POINTER_CLEANUP(FakeUnit, fake_unit_free)

/* 1: the text changed, 0: it was the same. */
int fake_unit_set_text(FakeUnit *unit, const char *text, size_t size);
bool fake_unit_is_running(const FakeUnit *unit);
void fake_unit_enter(FakeUnit *unit, const char *active, const char *sub, const char *result);

/* id is for the new job. The id of the job to wait for: that one, or of one under way that does the
 * same; 0: nothing to do. A contrary job is canceled. */
int64_t fake_unit_start(FakeUnit *unit, int64_t id);
int64_t fake_unit_stop(FakeUnit *unit, int64_t id);
int64_t fake_unit_restart(FakeUnit *unit, int64_t id);
void fake_unit_cancel_job(FakeUnit *unit);

/* What a unit tells its systemd. */
void fake_systemd_unit_changed(FakeSystemd *systemd, const char *name);
void fake_systemd_job_removed(FakeSystemd *systemd, const char *name, int64_t job,
                              JobResult result);
