/* The units that the users of a simulated cluster know. */
#pragma once

#include "tests/fakes/fake-script.h"

typedef struct SimUnit {
    const char *name;
    const char *options;       /* lines of [X-Fleet]; NULL: none */
    const char *other_options; /* of every second version of its file; NULL: the same */
    unsigned
        health_port; /* that its health check asks, in every version of its file; 0: it has none */
    FakeBehaviour behaviour;
    bool is_global;
    bool runs_once;     /* StopAfterDisconnect=: never on two machines, whatever happens */
    bool may_rest;      /* it ends, or does not come up, all by itself */
    bool never_answers; /* its start job has no end */
} SimUnit;

const SimUnit *sim_unit(size_t i); /* NULL behind the last */
size_t sim_units_count(void);
const SimUnit *sim_unit_find(const char *name);

/* Its file. The caller frees. */
char *sim_unit_text(const SimUnit *unit, unsigned version);
