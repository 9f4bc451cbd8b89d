/* feasible -> rank -> plan, the first step: may this unit be on that machine, and if not, why? The
 * order of the rules, and the names they give, do not depend on history. Inside sched only. */
#pragma once

#include "fleetd/sched/cluster-internal.h"

typedef enum MisfitKind {
    MISFIT_NONE,
    MISFIT_RESTARTING,
    MISFIT_CORDONED,   /* name: why, or NULL */
    MISFIT_DRAINED,    /* name: likewise */
    MISFIT_UNREADABLE, /* nobody can tell whether the machine suits */
    MISFIT_MACHINE_ID, /* name: the machine that is asked for */
    MISFIT_METADATA,   /* metadata: what is asked for; found */
    MISFIT_MACHINE_OF, /* name: the unit that is not there */
    MISFIT_CONFLICT,   /* name: the unit that is there */
    MISFIT_HELD,       /* name: the unit there that replaces this one */
    MISFIT_ORPHAN,     /* name: the unit there, of another cluster, that does not bear this one */
    MISFIT_UNCLEARED,
    MISFIT_FORMER,     /* the unit is there, with its former file (beside.h) */
    MISFIT_MEMORY,     /* asked, left, capacity: bytes */
    MISFIT_CPU,        /* the same: thousandths of a core */
    MISFIT_OBSTRUCTED, /* name: the unit that would have to leave (rank.h) */
    _MISFIT_KIND_MAX,
} MisfitKind;

/* Why a unit does not fit. Borrows from the cluster: good until the next event. */
typedef struct Misfit {
    MisfitKind kind;
    const char *name;
    const MetadataRequirement *metadata;
    const char *found; /* the machine's value; NULL: it has none */
    uint64_t asked, left, capacity;
} Misfit;

/* Whether the machine suits the unit. If it does not, ret says why. For a unit that is placed there
 * the question is whether it may stay, which asks for less: its machine may be restarting, what is
 * being withdrawn is in nobody's way, and of two that conflict only one has to go. A machine that
 * is not here, or is held, cannot be judged: what is placed there stays. */
bool machine_fits(Cluster *cluster, const ClusterUnit *unit, const ClusterMachine *machine,
                  Misfit *ret);

/* Whether people say that the machine gets no units. If so, ret says it. */
bool machine_is_cordoned(const ClusterMachine *machine, Misfit *ret);

/* Whether one of them says that it never shares a machine with the other. */
bool units_conflict(const ClusterUnit *a, const ClusterUnit *b);

/* Whether another unit that counts there does not bear this one, which is there, as its own file
 * says. What this one's file says does not matter, as what is there may have another. */
bool machine_bars(Cluster *cluster, const ClusterUnit *unit, const ClusterMachine *machine);

/* Whether both are told as one; of several that lack room what is left may differ. */
bool misfit_equal(const Misfit *a, const Misfit *b);
/* As a person reads it after "the machine ..."; and as the reason for leaving a machine. NULL when
 * out of memory; the caller frees. */
char *misfit_text(const Misfit *misfit);
char *misfit_leaving_text(const Misfit *misfit);
