/* The seam to the local systemd: fleet's unit files on this machine, jobs, states and changes. All
 * asynchronous: a callback is called exactly once, never from inside the call that started it. The
 * sd-bus backend is systemd/bus-unit-manager.h; the fake for tests is
 * tests/fakes/fake-unit-manager.h. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"
#include "fleetd/model/unit.h"

typedef struct UnitManager UnitManager;

#define UNIT_HEALTH_NOTE_MAX 128

/* A unit that fleet has on this machine: its file is under /run/fleet/units. */
typedef struct UnitStatus {
    char *name;
    char *hash;        /* SHA-1 of the file's text */
    bool was_launched; /* started for fleet since its file was last written: survives a restart of
                          fleetd, not a reboot */
    int64_t restart; /* if so: which restart that was for (Order.restart); -1: an earlier version of
                        fleet did it, which did not say */
    char *cluster;   /* the id of the one that it was claimed for; NULL: none. Lives as long as the
                        file */
    char *health;    /* what was noted of it last; NULL: nothing */
    char *load, *active, *sub; /* NULL: systemd has it not loaded */
    char *result;              /* NULL: none, or not a service */
    char **log; /* its last lines, of one that has failed, oldest first; NULL: not known (yet) */
    usec_t stop_after_usec; /* StopAfterDisconnect= of its file; 0: none. Such a unit runs only as
                               long as it is vouched for */
    usec_t stop_timeout_usec;
} UnitStatus;

void unit_status_done(UnitStatus *status);
void unit_status_free(UnitStatus *status);
DEFINE_POINTER_CLEANUP(UnitStatus, unit_status_free)
/* "active", "activating", "reloading", "deactivating", "refreshing": a stop job would have
 * something to do. */
bool unit_status_is_running(const UnitStatus *status);

typedef struct UnitFileWrite {
    const char *name;
    const char *text;
    size_t size;
} UnitFileWrite;

/* statuses is NULL when r < 0; entries are borrowed for the call, in order of names. */
typedef void (*UnitManagerListDone)(int r, const UnitStatus *const *statuses, size_t n,
                                    void *userdata);
/* r < 0: nothing is known to have changed; message says why, NULL if there is nothing to say. */
typedef void (*UnitManagerDone)(int r, const char *message, void *userdata);
/* result is final. message and log (NULL-terminated, oldest first) say why a start failed; NULL if
 * they do not. JOB_RESULT_CANCELED also when contact with systemd was lost: on_reset follows, and a
 * list tells what became of the unit. */
typedef void (*UnitManagerJobDone)(JobResult result, const char *message, char *const *log,
                                   void *userdata);

typedef struct UnitManagerCallbacks {
    /* The state of one of fleet's units changed: the whole of it, as of now. */
    void (*on_changed)(const UnitStatus *status, void *userdata);
    /* Contact with systemd came back or signals were missed (it was re-executed, the bus broke):
     * list anew. */
    void (*on_reset)(void *userdata);
} UnitManagerCallbacks;

typedef struct UnitManagerVTable {
    /* Callbacks begin with the first list(): subscribe first, then list, so that nothing slips
     * between. */
    void (*set_callbacks)(UnitManager *, const UnitManagerCallbacks *, void *userdata);
    int (*list)(UnitManager *, UnitManagerListDone, void *userdata);
    int (*write)(UnitManager *, const UnitFileWrite *files, size_t n, UnitManagerDone,
                 void *userdata);
    int (*remove)(UnitManager *, const char *name, UnitManagerDone, void *userdata);
    int (*start)(UnitManager *, const char *name, UnitManagerJobDone, void *userdata);
    int (*stop)(UnitManager *, const char *name, UnitManagerJobDone, void *userdata);
    int (*restart)(UnitManager *, const char *name, UnitManagerJobDone, void *userdata);
    int (*vouch)(UnitManager *, const char *name, usec_t at_usec, usec_t stop_after_usec);
    int (*claim)(UnitManager *, const char *name, const char *cluster);
    int (*common_cluster)(UnitManager *, char **ret);
    int (*note_health)(UnitManager *, const char *name, const char *health);
    int (*note_restart)(UnitManager *, const char *name, int64_t restart);
    int (*read)(UnitManager *, const char *name, char **ret_text, size_t *ret_size);
    /* Whether the machine itself is going down. */
    int (*is_stopping)(UnitManager *, void (*done)(bool is_stopping, void *userdata),
                       void *userdata);
    int (*reboot)(UnitManager *, UnitManagerDone, void *userdata);
    void (*free)(UnitManager *);
} UnitManagerVTable;

struct UnitManager {
    const UnitManagerVTable *vtable;
};

static inline void unit_manager_set_callbacks(UnitManager *um,
                                              const UnitManagerCallbacks *callbacks,
                                              void *userdata) {
    um->vtable->set_callbacks(um, callbacks, userdata);
}
/* Every unit that has a file under /run/fleet/units, also if systemd does not know it. */
static inline int unit_manager_list(UnitManager *um, UnitManagerListDone done, void *userdata) {
    return um->vtable->list(um, done, userdata);
}
/* Makes the files known to systemd: written atomically, linked, [Install] enabled; daemon-reload
 * only where the content of a unit that systemd has loaded changed or something was enabled, and
 * once for the whole batch. A changed file clears was_launched. Running units are not touched. One
 * bad file fails the batch: written one by one, the others succeed. */
static inline int unit_manager_write(UnitManager *um, const UnitFileWrite *files, size_t n,
                                     UnitManagerDone done, void *userdata) {
    return um->vtable->write(um, files, n, done, userdata);
}
/* Disables, unlinks and forgets a unit's file, and its failed state. Already gone is success. It
 * ends well only when the unit is down and nothing can start it any more, as Restart= or its socket
 * may have it. -EBUSY: it runs, or was started meanwhile; then, as after all failures, its file is
 * there, and systemd may know it again only after the next list. */
static inline int unit_manager_remove(UnitManager *um, const char *name, UnitManagerDone done,
                                      void *userdata) {
    return um->vtable->remove(um, name, done, userdata);
}
/* Job mode "replace". Notes was_launched once systemd has accepted the job. Already active is
 * JOB_RESULT_DONE. */
static inline int unit_manager_start(UnitManager *um, const char *name, UnitManagerJobDone done,
                                     void *userdata) {
    return um->vtable->start(um, name, done, userdata);
}
/* This machine surely was in the cluster at that time (of the loop's clock), or later: a unit with
 * StopAfterDisconnect= may run for so long from then on, and then the guard of this machine stops
 * it, which clears was_launched. start() fails without. -ENOENT: it is no such unit. */
static inline int unit_manager_vouch(UnitManager *um, const char *name, usec_t at_usec,
                                     usec_t stop_after_usec) {
    return um->vtable->vouch(um, name, at_usec, stop_after_usec);
}
/* Clears was_launched, and what was vouched for does not count any more. Already inactive, failed
 * or unknown to systemd is JOB_RESULT_DONE. Ends all starts of the unit that were begun before, in
 * whatever step; they are answered first. */
static inline int unit_manager_stop(UnitManager *um, const char *name, UnitManagerJobDone done,
                                    void *userdata) {
    return um->vtable->stop(um, name, done, userdata);
}
/* Stops and starts it as one job, if it runs; else it is left as it is, which is JOB_RESULT_DONE.
 * So was_launched stays, and what somebody stopped meanwhile is not started again. A stop ends it
 * as it ends a start. */
static inline int unit_manager_restart(UnitManager *um, const char *name, UnitManagerJobDone done,
                                       void *userdata) {
    return um->vtable->restart(um, name, done, userdata);
}
/* Notes for which cluster a unit that has its file here is: survives what was_launched does. At
 * once, as there is nobody to ask. -errno: as before. */
static inline int unit_manager_claim(UnitManager *um, const char *name, const char *cluster) {
    return um->vtable->claim(um, name, cluster);
}
/* The id of the cluster that all units with a file here were claimed for, at once; NULL: none was
 * claimed. The caller frees. -EXDEV: they are of several; or another -errno: it cannot be told. */
static inline int unit_manager_common_cluster(UnitManager *um, char **ret) {
    return um->vtable->common_cluster(um, ret);
}
/* Notes how well a unit is, in one line of the caller's, up to UNIT_HEALTH_NOTE_MAX bytes; NULL:
 * forgets it. At once; lives as long as the file. -errno: as before. */
static inline int unit_manager_note_health(UnitManager *um, const char *name, const char *health) {
    return um->vtable->note_health(um, name, health);
}
/* Notes which restart it was launched for, or else which one the next start() is for: together with
 * was_launched, so that nobody finds the one without the other. At once. -errno: as before. */
static inline int unit_manager_note_restart(UnitManager *um, const char *name, int64_t restart) {
    return um->vtable->note_restart(um, name, restart);
}
/* The text of its file, at once; NUL-terminated, the caller frees. -errno. */
static inline int unit_manager_read(UnitManager *um, const char *name, char **ret_text,
                                    size_t *ret_size) {
    return um->vtable->read(um, name, ret_text, ret_size);
}
static inline int unit_manager_is_stopping(UnitManager *um,
                                           void (*done)(bool is_stopping, void *userdata),
                                           void *userdata) {
    return um->vtable->is_stopping(um, done, userdata);
}
/* Has the machine go down in order, and boot again; done once that has begun. Also if it is going
 * down already. */
static inline int unit_manager_reboot(UnitManager *um, UnitManagerDone done, void *userdata) {
    return um->vtable->reboot(um, done, userdata);
}
/* Cancels what waits for an answer; units are left as they are. */
static inline void unit_manager_free(UnitManager *um) {
    if (um)
        um->vtable->free(um);
}
DEFINE_POINTER_CLEANUP(UnitManager, unit_manager_free)
