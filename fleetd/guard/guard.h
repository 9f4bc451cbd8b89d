/* The guard: stops units with StopAfterDisconnect= on a machine that is cut off from the cluster
 * (docs/architecture.md, promise 3). It is a process of its own, as fleetd itself may be dead,
 * stopped or failing again and again just then, and it knows nothing of the cluster: fleetd vouches
 * for each unit anew all the time (fleetd/systemd/guard-directory.h), and a unit that nobody has
 * vouched for in its time is stopped, and killed when its time to stop has passed. It has no state
 * that would have to survive it: what it does follows from the records and the clock. */
#pragma once

#include "fleetd/net/loop.h"
#include "fleetd/systemd/guard-directory.h"

/* What the guard acts on: the directory and systemd of this machine (guard-host.h), or a test's. */
typedef struct GuardHost GuardHost;
typedef struct GuardHostVTable {
    int (*walk)(GuardHost *host, GuardDirectoryVisit visit, void *userdata);
    /* From now on nobody can start the unit; and whoever was to know that it was started for fleet
     * forgets it. */
    int (*forbid)(GuardHost *host, const char *name);
    /* Has the unit stopped, or killed as well, and says whether it is down now. done is called
     * once, later, and not after the host is freed. */
    int (*take_down)(GuardHost *host, const char *name, bool by_force,
                     void (*done)(int r, bool is_down, void *userdata), void *userdata);
} GuardHostVTable;
struct GuardHost {
    const GuardHostVTable *vtable;
};

typedef struct Guard Guard;

/* Host and loop must outlive it; what the host is asked for must have been answered, or dropped,
 * before it is freed. */
int guard_new(Loop *loop, GuardHost *host, Guard **ret);
void guard_free(Guard *guard);
DEFINE_POINTER_CLEANUP(Guard, guard_free)

/* The records may have changed: reads them, and does what is due. */
void guard_look(Guard *guard);
