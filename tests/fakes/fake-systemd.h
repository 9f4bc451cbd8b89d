/* A systemd in memory, for tests: units with files, jobs that take time on the loop's clock, and
 * behaviour by script. It outlives the handles (fake-unit-manager.h) that are one fleetd's contact
 * with it each, so that a restart of fleetd is a new handle on the same FakeSystemd. The same calls
 * give the same run; nothing is random. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/systemd/guard-directory.h"
#include "fleetd/systemd/unit-manager.h"
#include "tests/fakes/fake-script.h"

typedef struct FakeSystemd FakeSystemd;

int fake_systemd_new(Loop *loop, FakeSystemd **ret);
void fake_systemd_free(FakeSystemd *systemd); /* all handles must be free */
DEFINE_POINTER_CLEANUP(FakeSystemd, fake_systemd_free)

/* The behaviour of its units and the record of what was done: fake-script.h. Borrowed. */
FakeScript *fake_systemd_script(FakeSystemd *systemd);

/* How long each call of a handle is under way; 0, the default: it is done in the next turn. */
void fake_systemd_set_latency(FakeSystemd *systemd, usec_t usec);
/* false: handles hear nothing, their calls fail and their waiting jobs are canceled. true again:
 * they hear on_reset. Units live on meanwhile. */
void fake_systemd_set_connected(FakeSystemd *systemd, bool is_connected);
/* on_reset without any loss. */
void fake_systemd_reset(FakeSystemd *systemd);
void fake_systemd_set_stopping(FakeSystemd *systemd, bool is_stopping);
/* Power cut: files, markers, units and jobs are gone, waiting calls are never answered. Behaviours
 * stay. Free the handles before or after. */
void fake_systemd_reboot(FakeSystemd *systemd);

/* Behind fleet's back. The unit must exist (-ENOENT). A running job of the unit is canceled.
 * result may be NULL. */
int fake_systemd_set_state(FakeSystemd *systemd, const char *name, const char *active,
                           const char *sub, const char *result);
/* Removes the file only: what fleet noted of the unit stays, as it is in other files. No signal
 * comes. */
void fake_systemd_lose_file(FakeSystemd *systemd, const char *name);
/* Another text in the file, also in one that was lost; likewise. */
void fake_systemd_replace_file(FakeSystemd *systemd, const char *name, const char *text);

/* A start of it may have been taken for none, as its answer was lost; true once. */
bool fake_systemd_take_unheard(FakeSystemd *systemd, const char *name);
bool fake_systemd_is_unheard(const FakeSystemd *systemd, const char *name);

/* What a test looks at. Names are units' names. */
const char *fake_systemd_active(FakeSystemd *systemd, const char *name); /* NULL: no such unit */
bool fake_systemd_is_running(FakeSystemd *systemd, const char *name);
size_t fake_systemd_count_running(FakeSystemd *systemd);
const char *fake_systemd_text(FakeSystemd *systemd, const char *name); /* of its file; NULL: none */
/* Which restart it was launched for, or is to be, as was noted last; 0: none. */
int64_t fake_systemd_restart_number(const FakeSystemd *systemd, const char *name);
/* The hash of the text that it was last started with; NULL: never. */
const char *fake_systemd_started_hash(FakeSystemd *systemd, const char *name);

/* Units with StopAfterDisconnect=: what the guard's directory holds on a real machine. Starting one
 * without its permit fails, whoever asks. */
int fake_systemd_vouch(FakeSystemd *systemd, const char *name, usec_t at_usec,
                       usec_t stop_after_usec);
int fake_systemd_permit(FakeSystemd *systemd, const char *name); /* -ESTALE, -ENOENT */
bool fake_systemd_is_guarded(const FakeSystemd *systemd, const char *name);
bool fake_systemd_is_forbidden(FakeSystemd *systemd, const char *name);
void fake_systemd_forbid(FakeSystemd *systemd, const char *name);
int fake_systemd_walk_guarded(FakeSystemd *systemd, GuardDirectoryVisit visit, void *userdata);
/* How long it takes to start the guard, before each start of such a unit; 0, the default: it runs.
 */
void fake_systemd_set_guard_start(FakeSystemd *systemd, usec_t usec);
/* A new fleetd begins: nothing later than now is vouched for. */
void fake_systemd_limit_vouching(FakeSystemd *systemd);
/* Who hears when a unit is vouched for; one at a time, NULL: nobody. */
void fake_systemd_watch_guarded(FakeSystemd *systemd, void (*changed)(void *userdata),
                                void *userdata);

/* The rest is what a handle needs. */

typedef struct FakeObserver FakeObserver;
struct FakeObserver { /* embedded by a handle; its functions only note what they hear */
    void (*on_changed)(FakeObserver *observer, const char *name);
    void (*on_job_removed)(FakeObserver *observer, int64_t job, JobResult result,
                           const char *message, const char *log);
    void (*on_reset)(FakeObserver *observer);
    void (*on_lost)(FakeObserver *observer);
    void (*on_dead)(FakeObserver *observer); /* reboot: forget everything */
    FakeObserver *next;
};
void fake_systemd_observe(FakeSystemd *systemd, FakeObserver *observer);
void fake_systemd_unobserve(FakeSystemd *systemd, FakeObserver *observer);

Loop *fake_systemd_loop(FakeSystemd *systemd);
usec_t fake_systemd_latency(FakeSystemd *systemd);
usec_t fake_systemd_guard_start(FakeSystemd *systemd);
bool fake_systemd_is_stopping(FakeSystemd *systemd);
/* It begins to go down, if that does not fail; whoever plays the firmware has it boot again. */
int fake_systemd_ask_reboot(FakeSystemd *systemd);
bool fake_systemd_is_connected(const FakeSystemd *systemd);
/* 0, or why the action fails now: the scripted faults, -ENOTCONN. */
int fake_systemd_check(FakeSystemd *systemd, FakeAction action, const char *name);
int fake_systemd_write(FakeSystemd *systemd, const UnitFileWrite *files, size_t n);
int fake_systemd_remove(FakeSystemd *systemd, const char *name); /* -EBUSY: it runs */
/* The job's id; 0: nothing to do; -ENOENT: no such unit; -EINVAL: refused, by its behaviour. */
int64_t fake_systemd_start(FakeSystemd *systemd, const char *name);
int64_t fake_systemd_stop(FakeSystemd *systemd, const char *name);
int64_t fake_systemd_restart(FakeSystemd *systemd, const char *name);
/* Its start was answered: it was launched, unless it was forbidden meanwhile. Or nobody heard. */
void fake_systemd_note_launched(FakeSystemd *systemd, const char *name);
void fake_systemd_note_unheard(FakeSystemd *systemd, const char *name);
/* -ENOENT: no such unit. */
int fake_systemd_claim(FakeSystemd *systemd, const char *name, const char *cluster);
int fake_systemd_note_health(FakeSystemd *systemd, const char *name, const char *health);
int fake_systemd_note_restart(FakeSystemd *systemd, const char *name, int64_t restart);
int fake_systemd_common_cluster(const FakeSystemd *systemd, char **ret);
/* -ENOENT: no such unit. One that has lost its file is told of as with its last one, as long as it
 * is there. */
int fake_systemd_status(FakeSystemd *systemd, const char *name, UnitStatus **ret);
/* Names of all units with files, in order; the caller frees the array only. */
int fake_systemd_names(FakeSystemd *systemd, const char ***ret);
