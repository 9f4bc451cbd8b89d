/* What outcome.c, which takes it, and outcome-compare.c share. */
#pragma once

#include "fleetd/sched/outcome.h"

typedef struct OutcomePlace { /* an order that counts */
    char *machine_id;
    char *hash;
    char *reason;
    LaunchState desired;
} OutcomePlace;

typedef struct OutcomeUnit {
    bool is_global;
    int64_t revision;
    char *waits;          /* why it has no place; NULL: it does not wait for one */
    char *next_waits;     /* likewise of the one that is to follow it (beside.h) */
    OutcomePlace *places; /* by machine */
    size_t n_places;
} OutcomeUnit;

struct Outcome {
    Map *units; /* OutcomeUnit by name: those that are somewhere, or wait */
};
