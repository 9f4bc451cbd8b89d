/* What view.c (the life of a view), view-apply.c (keys and values) and view-records.c share;
 * private to them. */
#pragma once

#include "fleetd/api/view.h"
#include "fleetd/model/stored-record.h"
#include "fleetd/store/mirror.h"

typedef struct SortedMap { /* a map and its keys in order, as long as no key came or went */
    Map *map;
    const char **keys; /* NULL: to be sorted */
} SortedMap;

struct View {
    Mirror *mirror;
    ViewCallbacks callbacks;
    void *userdata;
    SortedMap units;    /* name -> UnitView */
    SortedMap machines; /* id -> MachineView */
    Map *files;         /* hash -> UnitFile */
    Map *unreadable;    /* set of keys whose values are not */
    BrakeRecord *brake; /* NULL: none */
    bool is_brake_changed;
    Rebalance *rebalance; /* NULL: none */
    bool is_rebalance_changed;
    char *leader;      /* NULL: none, or none that can be read */
    uint64_t n_values; /* that came so far */
    TAILQ_HEAD(, UnitView) changed_units;
    TAILQ_HEAD(, MachineView) changed_machines;
};

/* A key of the store has this value now, or none. -ENOMEM: it has to be told again; what else is
 * negative cannot be shown. */
int view_apply(View *view, const StoreEntry *entry);
int view_apply_delete(View *view, const char *key);

/* The record that a key is about, noted as changed; made when it is not there. -ENOMEM. */
int view_touch_unit(View *view, const char *name, UnitView **ret);
int view_touch_machine(View *view, const char *id, MachineView **ret);
int view_touch_placement(View *view, const Key *key, Placement **ret);
/* Whether there is a value under that key: else its end changes nothing. */
bool view_holds(const View *view, const Key *key);

/* Drops what stands for nothing any more, and forgets that the rest has changed. */
void view_settle_unit(View *view, UnitView *unit);
void view_settle_machine(View *view, MachineView *machine);

void unit_view_free(UnitView *unit);
void machine_view_free(MachineView *machine);
