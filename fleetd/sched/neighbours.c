#include "fleetd/sched/neighbours.h"

#include "fleetd/base/strv.h"

#include <errno.h>

#define STEM_ENDS "@."
#define WILDCARDS "*?["
#define ANY_NAME UINT64_MAX

static uint64_t sieve_of_stem(const char *text, size_t size) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char) text[i]) * UINT64_C(0x100000001b3);
    return UINT64_C(1) << (hash >> 58);
}

uint64_t sieve_of_name(const char *name) {
    return sieve_of_stem(name, strcspn(name, STEM_ENDS));
}

/* What it matches has its stem, unless that is not written out. */
static uint64_t sieve_of_glob(const char *glob) {
    size_t size = strcspn(glob, STEM_ENDS WILDCARDS);
    bool is_open = glob[size] && strchr(WILDCARDS, glob[size]);
    return is_open ? ANY_NAME : sieve_of_stem(glob, size);
}

static uint64_t sieve_of_list(char *const *globs) {
    uint64_t sieve = 0;
    STRV_FOREACH (glob, globs)
        sieve |= sieve_of_glob(*glob);
    return sieve;
}

uint64_t sieve_of_globs(const Requirements *requirements) {
    return requirements
               ? sieve_of_list(requirements->conflicts) | sieve_of_list(requirements->replaces)
               : 0;
}

int machine_add_globbed(ClusterMachine *machine, Placement *placement) {
    size_t size = (machine->n_globbed + 1) * sizeof(*machine->globbed);
    GlobbedPlacement *globbed = realloc(machine->globbed, size);
    if (!globbed)
        return -ENOMEM;
    globbed[machine->n_globbed++] =
        (GlobbedPlacement){.placement = placement, .sieve = placement->unit->globs_sieve};
    machine->globbed = globbed;
    return 0;
}

void machine_remove_globbed(ClusterMachine *machine, const Placement *placement) {
    for (size_t i = 0; i < machine->n_globbed; i++) {
        if (machine->globbed[i].placement != placement)
            continue;
        machine->globbed[i] = machine->globbed[--machine->n_globbed];
        return;
    }
}

Placement *neighbour_walk_next(const ClusterMachine *machine, const ClusterUnit *unit,
                               NeighbourWalk *walk) {
    while (unit->globs_sieve && walk->n_named < machine->n_placements) {
        size_t i = walk->n_named++;
        if (machine->name_sieves[i] & unit->globs_sieve)
            return machine->placements[i];
    }
    while (walk->n_globbed < machine->n_globbed) {
        const GlobbedPlacement *globbed = &machine->globbed[walk->n_globbed++];
        if (globbed->sieve & unit->name_sieve)
            return globbed->placement;
    }
    return NULL;
}
