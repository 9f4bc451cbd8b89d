/* What bench-scale sees of the cluster: the store's own word, by watches. */
#pragma once

#include "fleetd/store/mirror.h"

#define SCALE_NOWHERE SIZE_MAX

typedef struct ScaleUnit {
    bool is_wanted;
    uint8_t wanted_version; /* of its file */
    uint8_t version;        /* that runs */
    size_t machine;         /* where it runs; SCALE_NOWHERE */
    usec_t asked_usec, running_usec;
} ScaleUnit;

typedef struct ScaleMachine {
    bool is_here;
    size_t n_units;      /* that run there */
    usec_t changed_usec; /* when it came or went */
} ScaleMachine;

typedef struct ScaleWatch {
    Loop *loop;
    Mirror *mirrors[3];
    const char *const *hashes; /* of the versions; NULL at the end */
    ScaleUnit *units;
    ScaleMachine *machines;
    size_t n_units_max, n_machines_max;
    size_t n_machines, n_wanted,
        n_right;             /* machines here; units that should run; that do, rightly */
    size_t leader;           /* a machine; SCALE_NOWHERE */
    usec_t leader_lost_usec; /* when the last one was missed */
} ScaleWatch;

/* Borrows everything. */
void scale_watch_start(ScaleWatch *watch, Store *store, Loop *loop, const char *const *hashes,
                       size_t n_units_max, size_t n_machines_max);
void scale_watch_done(ScaleWatch *watch);

/* A user asks for that unit, now, with that version of its file. */
void scale_watch_want(ScaleWatch *watch, size_t unit, uint8_t version);

void scale_unit_name(size_t unit, char *ret, size_t size);
