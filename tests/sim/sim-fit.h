/* Where a unit may run, worked out the slow and obvious way, to judge the scheduler by. Knows
 * nothing of its code. */
#pragma once

#include "fleetd/model/requirements.h"
#include "tests/sim/sim-view.h"

/* Why a unit does not fit somewhere. */
typedef struct SimMisfit {
    const char *why; /* NULL: it fits */
    char *other;     /* the other unit that it is about; NULL: none */
} SimMisfit;

void sim_misfit_done(SimMisfit *misfit);

/* Of its file; NULL: there is none, or it cannot be read. The caller frees. */
Requirements *sim_get_requirements(const SimView *view, const char *unit);

/* Whether all that the unit's file asks of the machine and of the units that have orders there
 * holds. Replaces= asks nothing. */
SimMisfit sim_find_misfit(const SimView *view, const char *unit, const char *machine_id);

/* Whether a unit that has no order there could be given one: it fits, and the machine takes new
 * units, and none that replaces it is there. */
bool sim_could_go(const SimView *view, const char *unit, const char *machine_id);

/* Whether it takes the place of others, by its file, and so depends on where they can go. */
bool sim_replaces_any(const SimView *view, const char *unit);

/* Whether the unit must not start with that file where the other runs, by the file of either: they
 * conflict, or it takes the other's place. */
bool sim_must_start_apart(const SimView *view, const char *unit, const char *hash,
                          const char *other);
