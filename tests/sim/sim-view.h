/* What the store of a simulated cluster holds, parsed, as of now: for tests to look at. It watches
 * the store itself, not through any machine's way to it, and hears of each change before anybody
 * else does. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/model/brake.h"
#include "fleetd/model/keys.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/maintenance.h"
#include "fleetd/model/reboot.h"
#include "fleetd/model/unit.h"
#include "fleetd/store/store.h"

typedef struct SimView SimView;

typedef struct SimViewHooks {
    /* What old and new are depends on the kind; NULL: there was nothing, there is nothing any more.
     * The view is as after it. */
    void (*on_change)(const Key *key, const void *old, const void *new, void *userdata);
    void (*on_revision)(int64_t revision, void *userdata); /* all of it was told */
} SimViewHooks;

SimView *sim_view_new(Store *store);
void sim_view_free(SimView *view);
void sim_view_set_hooks(SimView *view, const SimViewHooks *hooks, void *userdata);

/* NULL: there is none. */
const Unit *sim_view_unit(const SimView *view, const char *name);
const char *sim_view_file(const SimView *view, const char *hash); /* its text */
const Machine *sim_view_machine(const SimView *view, const char *id);
const Order *sim_view_order(const SimView *view, const char *machine_id, const char *name);
const UnitState *sim_view_state(const SimView *view, const char *machine_id, const char *name);
const Pending *sim_view_pending(const SimView *view, const char *name);
const char *sim_view_metadata(const SimView *view, const char *machine_id, const char *key);
const Maintenance *sim_view_maintenance(const SimView *view, const char *machine_id);
const Reboot *sim_view_reboot(const SimView *view, const char *machine_id);
const BrakeRecord *sim_view_brake(const SimView *view);
const char *sim_view_leader(const SimView *view); /* the value of its key */
int64_t sim_view_leader_revision(const SimView *view);
int64_t sim_view_revision(const SimView *view); /* of the last change */

/* What is wanted of the machine, by people and for the sake of its reboot, without texts. false:
 * nothing is. */
bool sim_view_wants(const SimView *view, const char *machine_id, Maintenance *ret);

/* All of a kind: by the key's text behind its prefix; what it maps to is as above. Keys that cannot
 * be read are left out. */
const Map *sim_view_all(const SimView *view, KeyKind kind);

/* Orders for that unit, withdrawn ones included. */
size_t sim_view_count_orders(const SimView *view, const char *name);
