/* The whole cluster as the store has it, kept up to date by a watch: what GET and the events answer
 * from. It says what changed, not how. Values that cannot be read are as if they were not there, so
 * that one of them hides nothing else. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/model/brake.h"
#include "fleetd/model/deployment.h"
#include "fleetd/model/failures.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/maintenance.h"
#include "fleetd/model/rebalance.h"
#include "fleetd/model/reboot.h"
#include "fleetd/model/rollout.h"
#include "fleetd/model/template-scale.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit-version.h"
#include "fleetd/model/unit.h"
#include "fleetd/net/loop.h"
#include "fleetd/store/store.h"

#include <sys/queue.h>

typedef struct View View;

/* A unit on a machine: as long as there is an order to it, or a report from it, of whatever kind.
 */
typedef struct Placement {
    char *machine_id;
    Order *order;     /* NULL: none */
    UnitState *state; /* NULL: none */
    Orphan *orphan;   /* it is there for another cluster; NULL: it is not */
    bool is_changed;
} Placement;

typedef struct UnitView {
    char *name;
    Unit *unit;             /* NULL: the cluster does not know it (any more) */
    Pending *pending;       /* NULL: it does not wait */
    Failures *failures;     /* NULL: it has not failed, or that is forgiven */
    Deployment *deployment; /* NULL: none */
    Rollout *rollout;       /* how far one has come; NULL: none */
    bool is_rollout_changed;
    TemplateScale
        *scale; /* so many of the template's instances are to be kept; NULL: it does not matter */
    bool is_scale_changed;
    Map *placements; /* machine id -> Placement, also those that just ended */
    bool is_changed; /* in what is not about a single placement */
    bool is_noted;
    TAILQ_ENTRY(UnitView) changes;
} UnitView;

typedef struct MachineView {
    char *id;
    Machine *machine; /* NULL: not present */
    Metadata overlay; /* set through the API */
    size_t n_orphans;
    Maintenance *maintenance; /* NULL: nothing is wanted of it */
    Reboot *reboot;           /* NULL: it is not to be rebooted */
    bool is_noted;
    TAILQ_ENTRY(MachineView) changes;
} MachineView;

typedef struct ViewCallbacks {
    /* Once per unit or machine, when all changes of a batch are in. What ended is still there, for
     * the last time: without order and state, unit or machine. */
    void (*on_unit_changed)(const UnitView *unit, void *userdata);
    void (*on_machine_changed)(const MachineView *machine, void *userdata);
    void (*on_brake_changed)(const BrakeRecord *brake, void *userdata);
    void (*on_rebalance_changed)(const Rebalance *rebalance, void *userdata);
    /* The view is whole, and has told what changed. */
    void (*on_synced)(void *userdata);
} ViewCallbacks;

/* Starts to load at once; callbacks come from the loop and must not free the view. -ENOMEM. */
int view_new(Store *store, Loop *loop, const ViewCallbacks *callbacks, void *userdata, View **ret);
void view_free(View *view);
DEFINE_POINTER_CLEANUP(View, view_free)

/* All that is there is loaded once more: the store has become another one, perhaps unseen. */
void view_start_over(View *view);

bool view_is_synced(const View *view);    /* whole, and being watched */
uint64_t view_progress(const View *view); /* grows as values come, while it is being loaded */
int64_t view_revision(const View *view);  /* of the store that it shows */
const UnitView *view_find_unit(const View *view, const char *name);
const MachineView *view_find_machine(const View *view, const char *id);
/* The keys under which there is what cannot be read, sorted; the caller frees the array. -ENOMEM.
 */
int view_unreadable_keys(const View *view, const char ***ret, size_t *ret_n);
const BrakeRecord *view_brake(const View *view);   /* NULL: nothing is held */
const Rebalance *view_rebalance(const View *view); /* NULL: none */
const char *view_leader(const View *view);         /* the machine that leads; NULL: none does */
const Map *view_units(const View *view);           /* UnitView by name */
UnitFile *view_find_file(const View *view, const char *hash); /* NULL: none; borrowed */

/* The names (ids) of all that there are views of, sorted, NULL-terminated; borrowed until the next
 * turn of the loop. Sorted anew only after one has come or gone. -ENOMEM. */
int view_unit_names(View *view, const char *const **ret, size_t *ret_n);
int view_machine_ids(View *view, const char *const **ret, size_t *ret_n);

bool placement_has_ended(const Placement *placement);
/* There for another cluster, and nobody in this one has ordered it there. */
bool placement_is_orphaned(const Placement *placement);
/* Why its last request has no place; NULL: it does not wait. */
const Pending *unit_view_pending(const UnitView *unit);
/* On any machine, for this cluster: what is orphaned counts while the unit is wanted, as the engine
 * then takes it over, and is left alone for ever while it is not. */
bool unit_view_is_placed(const UnitView *unit);

/* Where an ordinary unit is: on the machine that is ordered to have it, or, while none is, on the
 * one that has yet to stop it. NULL: nowhere. */
const Placement *unit_view_placement(const UnitView *unit);
bool unit_view_is_global(const View *view, const UnitView *unit); /* as its file says */
/* The lowest state that the machines report which should have it, or which have yet to stop it. */
LaunchState unit_view_current(const UnitView *unit);

/* Not so when it has taken its leave, although its key is still there. */
bool machine_view_is_present(const MachineView *machine);
/* What the machine says of itself, overlaid by what the API was told. -ENOMEM. */
int machine_view_metadata(const MachineView *machine, Metadata *ret);
