/* What the parts of the sd-bus backend share:
 *
 *   bus-unit-manager.c   the interface to callers
 *   bus-connection.c     contact with systemd: made, lost, regained
 *   bus-signals.c        what systemd says unasked
 *   bus-op.c             a call that is under way, from request to reply
 *   bus-metrics.c        what is counted of the calls
 *   bus-denied.c         what is missing when systemd refuses a call
 *   bus-reload.c         daemon-reloads, as few as possible
 *   bus-files.c          making files known to systemd, asking for states
 *   bus-failed-log.c     the last lines of units that have failed
 *   bus-guard.c          units that run only as long as they are vouched for
 *   bus-job-wait.c       calls that queue a job, until that has ended
 *   bus-job-result.c     how a job ended, for people
 *   bus-list.c bus-write.c bus-remove.c bus-job.c bus-stopping.c bus-reboot.c   one kind of request
 * each
 */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/systemd/bus-unit-manager.h"
#include "fleetd/systemd/bus-units.h"
#include "fleetd/systemd/guard-directory.h"
#include "fleetd/systemd/guarded-text.h"
#include "fleetd/systemd/journal-reader.h"
#include "fleetd/systemd/reply-queue.h"
#include "fleetd/systemd/unit-directory.h"

#include <errno.h>

#define GUARD_SERVICE "fleet-guard.service"

#define SYSTEMD_BUS_NAME "org.freedesktop.systemd1"
#define SYSTEMD_OBJECT "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

typedef struct BusUnitManager BusUnitManager;
typedef struct BusOp BusOp;
typedef struct FailedLog FailedLog;

struct BusUnitManager {
    UnitManager base;
    sd_event *event;
    char *bus_address;
    size_t log_lines;
    Metrics *metrics;
    UnitDirectory *directory;
    GuardDirectory *guard;
    bool is_guard_asked; /* to be started, so that permits can be given */
    BusUnits *units;
    ReplyQueue *replies;
    JournalReader *journal;
    FailedLog *failed_logs; /* that are being read */
    UnitManagerCallbacks callbacks;
    void *userdata;
    bool is_listed; /* the first list() was asked for: callbacks have begun */

    sd_bus *bus;
    bool is_connected;
    bool was_lost; /* contact, since it was last made: on_reset is due */
    usec_t retry_usec;
    sd_event_source *retry_timer;
    sd_bus_slot *subscribe_call;
    bool is_shutdown_queued; /* a job for shutdown.target was seen */

    BusOp *ops;   /* under way, in no order */
    size_t calls; /* sent and not answered */
    BusOp *unsent, **unsent_end;
    Map *jobs;          /* path of a job -> first of the ops that wait for it */
    Map *early_results; /* path -> result, of jobs that ended while job_calls are under way */
    size_t job_calls;
    sd_bus_slot *reload_call;
    usec_t reload_sent_usec;
    BusOp *reload_running, *reload_waiting;
    bool is_disabling; /* links are taken away; what comes meanwhile goes together next */
    struct RemoveOp *remove_waiting;
    size_t writes;       /* under way, from the first file on */
    bool has_unfinished; /* a write ended half-way */
};

/* A request of a caller until it is answered; first member of each kind's own struct. */
typedef void (*BusOpReply)(BusOp *op, sd_bus_message *reply, const sd_bus_error *error);

/* What becomes of a call that queues a job of systemd; one of refused and ended comes. */
typedef struct BusJobSteps {
    void (*refused)(BusOp *op, const sd_bus_error *error);
    int (*queued)(BusOp *op); /* NULL: there is nothing to do; -errno fails the op */
    void (*ended)(BusOp *op, const char *word);
} BusJobSteps;

struct BusOp {
    Reply reply; /* run() calls the caller back with r and message; free() is the kind's */
    BusUnitManager *um;
    BusOp *previous, *next; /* in um->ops */
    sd_bus_slot *call;
    const char *member; /* the method that was called last; static */
    usec_t sent_usec;   /* when */
    BusOpReply on_reply;
    sd_bus_message *message_unsent;
    BusOp *next_unsent;
    bool is_settled; /* the outcome is known and systemd is not needed any more */
    int r;
    char *message;
    const BusJobSteps *job_steps;
    BusOp *next_same_job; /* waits for the same job */
    BusOp *reload_next;
    void (*reload_then)(BusOp *op);
};

/* bus-op.c */

/* run and free as in Reply; free ends in bus_op_done(). From now on the op is the manager's. */
void bus_op_init(BusOp *op, BusUnitManager *um, void (*run)(Reply *), void (*free_op)(Reply *));
void bus_op_done(BusOp *op);
/* The answer is complete: the caller is called back in a later turn. */
void bus_op_finish(BusOp *op);
/* message may be NULL. */
void bus_op_fail(BusOp *op, int r, const char *message);
void bus_op_fail_call(BusOp *op, const sd_bus_error *error);
/* Every op that still needs systemd fails with -ENOTCONN. */
void bus_ops_fail_all(BusUnitManager *um);

/* A new call to systemd's manager object; member is static. -ENOTCONN. */
int bus_op_message(BusOp *op, const char *member, sd_bus_message **ret);
/* Sends it, when not too many are under way. on_reply comes once, with a reply or an error: also if
 * it can not be sent, or, as r < 0 says, could not even be made; then at once. */
void bus_op_send(BusOp *op, int r, sd_bus_message *m, BusOpReply on_reply);
/* Both, for simple arguments. */
void bus_op_call(BusOp *op, BusOpReply on_reply, const char *member, const char *types, ...);
/* Nobody is there to answer, or nobody was at the end. */
bool bus_error_is_lost_contact(const sd_bus_error *error);
/* NoSuchUnit: systemd does not know it (any more). */
bool bus_error_is_not_loaded(const sd_bus_error *error);

/* bus-metrics.c: of each call to systemd. */
void bus_metrics_declare(BusUnitManager *um);
usec_t bus_monotonic_now(void);
void bus_call_measure(BusUnitManager *um, const char *member, usec_t sent_usec,
                      const sd_bus_error *error);

/* bus-denied.c: why systemd refused a call of that method to that user, and what would help. NULL:
 * that is not what the error means, or out of memory; the caller frees. */
char *bus_denied_describe(const sd_bus_error *error, const char *member, uid_t uid);

/* bus-reload.c */

/* Has systemd read all unit files anew, once for all that ask meanwhile, then goes on with then(),
 * or the op fails. */
void bus_op_reload(BusOp *op, void (*then)(BusOp *op));
void bus_reload_forget(BusUnitManager *um);

/* bus-files.c */

/* The steps that list and write have in common. then() is called when the states are known. */
typedef struct BusFiles {
    BusOp op;
    char **names;        /* of units whose states are to be known at the end */
    char **link_paths;   /* of files that systemd is to know; NULL: none */
    char **enable_names; /* of those with [Install]; NULL: none */
    bool needs_reload;
    bool was_reloaded;
    bool is_told;    /* changes are told by on_changed */
    bool is_lenient; /* a file that can not be linked does not hold up the rest */
    void (*then)(struct BusFiles *files);
} BusFiles;

void bus_files_done(BusFiles *files);
int bus_files_add(BusFiles *files, const char *name, bool has_install);
/* Links, enables, reloads if need be, asks for the states. */
void bus_files_link(BusFiles *files);
void bus_files_load(BusFiles *files);
/* Tells the caller in a later turn what is then known, if anything is new. */
void bus_unit_tell(BusUnitManager *um, BusUnit *unit);

/* bus-failed-log.c */

/* Its state is as it is now: has the lines read if it came to be failed, which a change tells. */
void bus_failed_log_follow(BusUnitManager *um, BusUnit *unit);
/* When the reader of the journal is gone. */
void bus_failed_logs_forget(BusUnitManager *um);

/* bus-list.c: what the directory says of the unit besides its file. */
int bus_unit_load_marks(BusUnitManager *um, BusUnit *unit);

/* bus-guard.c */

bool bus_unit_is_guarded(const BusUnit *unit); /* NULL is not */
/* Takes over what its file says. -ENOMEM. */
int bus_unit_set_times(BusUnit *unit, const char *text, size_t size);
int bus_vouch(BusUnitManager *um, const char *name, usec_t at_usec, usec_t stop_after_usec);
/* The unit is not, or not any more, one that must not run twice. */
int bus_unguard(BusUnitManager *um, const char *name);
/* Records of units that are none of those. */
int bus_guard_tidy(BusUnitManager *um);

/* bus-remove.c */
void bus_removals_forget(BusUnitManager *um);

/* bus-write.c: a file is there that systemd may not know; or all that was left half-way is known to
 * it now. */
void bus_writes_spoil(BusUnitManager *um);
void bus_writes_repaired(BusUnitManager *um);

/* One per kind of request; 0 and a later callback, or -ENOMEM. */
int bus_list_begin(BusUnitManager *um, UnitManagerListDone done, void *userdata);
int bus_write_begin(BusUnitManager *um, const UnitFileWrite *files, size_t n, UnitManagerDone done,
                    void *userdata);
int bus_remove_begin(BusUnitManager *um, const char *name, UnitManagerDone done, void *userdata);
int bus_start_begin(BusUnitManager *um, const char *name, UnitManagerJobDone done, void *userdata);
int bus_stop_begin(BusUnitManager *um, const char *name, UnitManagerJobDone done, void *userdata);
int bus_restart_begin(BusUnitManager *um, const char *name, UnitManagerJobDone done,
                      void *userdata);
int bus_stopping_begin(BusUnitManager *um, void (*done)(bool is_stopping, void *userdata),
                       void *userdata);
int bus_reboot_begin(BusUnitManager *um, UnitManagerDone done, void *userdata);

/* bus-job.c: has systemd start the guard itself, if it does not run. */
int bus_guard_start(BusUnitManager *um, UnitManagerJobDone done, void *userdata);

/* bus-job-wait.c */

/* Calls StartUnit or StopUnit; steps is static. */
void bus_op_queue_job(BusOp *op, const BusJobSteps *steps, const char *method, const char *name);
/* A job of systemd ended. */
void bus_job_removed(BusUnitManager *um, const char *path, const char *result);

/* bus-signals.c: asks for all signals that matter, once per connection. */
int bus_signals_match(BusUnitManager *um);

/* bus-connection.c */
int bus_connect(BusUnitManager *um);
/* Asks systemd for its signals; on_reset follows if contact was lost before. */
void bus_subscribe(BusUnitManager *um);
/* systemd went away from the bus (it may come back: it was re-executed). */
void bus_contact_lost(BusUnitManager *um);
/* The bus itself is gone: connects anew after a while. */
void bus_disconnected(BusUnitManager *um);
void bus_disconnect(BusUnitManager *um);
