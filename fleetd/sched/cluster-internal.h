/* The records behind cluster.h, and how they hang together. Inside sched only.
 *
 * A Placement is the pair of a unit and a machine for which there is an order, an agent's answer or
 * an orphan. It hangs in two places: in its machine's array, which owns it, and in its unit's list.
 * Records of units and machines come with the first event that names them, and go when nothing does
 * any more (the ..._release() functions). */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/base/shared-text.h"
#include "fleetd/model/resources.h"
#include "fleetd/sched/cluster.h"
#include "fleetd/sched/load-index.h"
#include "fleetd/sched/metadata-index.h"
#include "fleetd/sched/work-queue.h"

typedef struct ClusterUnit ClusterUnit;
typedef struct ClusterMachine ClusterMachine;
typedef struct Placement Placement;

typedef enum MachinePresence {
    MACHINE_PRESENCE_UNKNOWN, /* only named by an order or a state: its orders stand */
    MACHINE_PRESENCE_HERE,
    MACHINE_PRESENCE_GONE, /* was removed: its orders are void */
} MachinePresence;

/* What an ordinary unit waits for. */
typedef enum WaitCause {
    WAIT_NONE,
    WAIT_FOR_MACHINE, /* none of those that are here fits */
    WAIT_FOR_TARGET,  /* a unit that its MachineOf= names is on no machine */
    WAIT_TO_MOVE,     /* it has one, on a machine that it should leave, and fits on no other */
    WAIT_FOR_BUDGET,  /* likewise, and too much of its group is down */
} WaitCause;

struct Placement {
    ClusterUnit *unit;
    ClusterMachine *machine;
    Placement *previous, *next; /* of the same unit, in no order */
    size_t position;            /* among its machine's */

    struct {
        bool exists;
        LaunchState desired; /* inactive: withdrawn */
        int64_t revision;    /* the unit's, that it carries out */
        int64_t restart;     /* likewise */
        SharedText hash;
        SharedText reason;
        usec_t stop_within_usec; /* as in the order; 0: the unit may run twice */
        bool is_suspended;
        bool is_over;      /* suspended, and its time has passed */
        bool is_unwritten; /* it stands for an orphan that is wanted, until it is decided on */
        usec_t since_usec; /* these three as in the order: they decide nothing */
        int64_t n_before;
        int64_t version;
    } order;

    struct {
        bool exists; /* and no order does */
        LaunchState desired;
        SharedText hash;         /* "": not known */
        usec_t stop_within_usec; /* of its file; 0: it may run twice, or its file is not known */
    } orphan;

    struct {
        bool has_let_go; /* the agent's state says inactive */
        int64_t revision;
    } answer;

    bool is_due;        /* it has failed there, and is to be tried anew now (retry.h) */
    bool is_ignored;    /* scratch of preempt.c and proposal.c: it counts as gone */
    bool is_spread;     /* counted in its group's (spread.h) */
    Resources reserved; /* counted in the machine's */
    struct {
        bool is_known;     /* there is a state, which is no answer */
        bool is_up;        /* and says so, of that file and request */
        bool has_ended;    /* likewise, and its work is done */
        bool is_starting;  /* it is active, and has yet to show that it is well */
        bool is_given_up;  /* by systemd: it does not come up by itself */
        bool is_restarted; /* its agent does, if the unit's file allows it */
        char *failure;     /* it says that, in these words; NULL: it does not */
        char *trouble;     /* why it is not up, as far as it says; NULL: it does not */
        int64_t revision;
        SharedText hash;
    } report;

    size_t step; /* of the plan in the making that writes the order, from 1; 0: none */
    WorkItem work;
};

struct ClusterUnit {
    const char *name;   /* the map's key */
    bool is_template;   /* by its name */
    bool is_known;      /* to the users; else only to orders, states and other units' options */
    bool is_held;       /* nobody can tell what users want, or how: no decisions */
    bool is_touched;    /* by the plan in the making */
    bool is_particular; /* its options reserve, spread or prefer something: most do not */
    uint64_t name_sieve, globs_sieve; /* neighbours.h */
    LaunchState desired;
    int64_t revision;
    int64_t restart;
    int64_t version;        /* of its file; 0: not known */
    int64_t n_places_known; /* orders on machines that it has had, as far as the store tells */
    SharedText hash;
    Requirements *requirements; /* outlive is_known: they matter until the unit has stopped */
    struct {
        int64_t revision; /* of the request for it that cannot be carried out; 0: there is none */
        char *why;        /* NULL: not held, or nobody can tell what users want */
    } held;

    Placement *placements;
    size_t n_placements;
    size_t n_orders;
    struct UnitGroup *group; /* availability.h; NULL: it counts in none */
    bool is_counted, is_available;
    Map *followers;        /* by name, the units whose MachineOf= names this one; NULL: none yet */
    Pending *pending;      /* as it stands in the store */
    Failures *failures;    /* likewise; NULL: none */
    struct MoveWish *wish; /* move-wish.h; NULL: none */
    size_t n_failing;      /* places that say that it has failed there */
    WaitCause waits;

    WorkItem work;
    size_t n_queued_placements;
    size_t search; /* scratch of replaces.c and explain.c */
    ClusterUnit *search_next;
};

typedef struct MachineMaintenance {
    bool exists; /* it gets no units */
    bool is_draining, ignores_global;
    bool is_over;  /* its deadline has passed */
    char *message; /* NULL: none */
} MachineMaintenance;

typedef struct GlobbedPlacement {
    Placement *placement;
    uint64_t sieve; /* its unit's globs_sieve */
} GlobbedPlacement;

struct ClusterMachine {
    const char *id; /* the map's key */
    MachinePresence presence;
    bool is_held;  /* what can be told of it is not enough to judge it by */
    bool has_left; /* GONE: as it said itself */
    MachineStatus status;
    Metadata metadata;
    MachineMaintenance maintenance;
    Placement **placements; /* owner; in no order */
    uint64_t *name_sieves;  /* of their units, each at its place */
    size_t n_placements, n_placements_allocated;
    size_t n_orders;
    size_t n_orphans;
    size_t load;               /* orders that are not withdrawn, and orphans */
    GlobbedPlacement *globbed; /* those that are there whose unit has Conflicts= or Replaces= */
    size_t n_globbed;
    size_t rank; /* the first by id of those that are here has 0; of load-index.h, as the next */
    LoadBucket *buckets[_LOAD_KIND_MAX]; /* nothing, while that order of the index is stale */

    uint64_t memory_bytes; /* of which percentages are */
    Resources capacity;    /* that units may reserve */
    Resources reserved;    /* by what is there */
    size_t share;          /* of it, in percent */
    bool is_relieved;      /* scratch of proposal.c: some of what is there is ignored */
};

struct Cluster {
    Map *units;    /* owner */
    Map *machines; /* owner */
    usec_t agent_ttl_usec;

    LoadIndex here;         /* the machines that are here, by load */
    MetadataIndex metadata; /* the same by what units ask for */
    Map *groups;            /* UnitGroup by name; owner */
    Map *globals;           /* known units with Global=true */
    Map *replacers;         /* known units with Replaces= */
    Map *preempters;        /* known units with Preempt=yes */
    Map *movers;            /* known units that may move others: replacers and followed ones */
    Map *waiting;           /* units whose waits is not WAIT_NONE */
    Map *obstructed; /* those of them that wait for what they replace to fit somewhere else */
    Map *spread;     /* how many of a group are where (spread.h); owner */
    Map *doubtful;   /* units whose failures have to be looked at (retry.h) */
    Map *wished;     /* set of units that are to move (move-wish.h) */
    Map *roomy;      /* machines where memory or CPU was released, for units that wait for it */
    Map *beside;     /* BesideWish of units that may run beside themselves (beside.h) */
    Map *kept;       /* KeptFiles of global units (kept.h) */
    WorkQueue queue; /* what events concern, until it is decided */
    SharedText last_hash, last_reason; /* of a unit, of an order: the next is often the same */
    size_t last_search;
    const ClusterUnit *last_taker; /* of room that was released; only to be compared */
    bool replacing_has_changed;    /* who may replace whom; the next plan looks at all of it */
};

ClusterUnit *cluster_find_unit(const Cluster *cluster, const char *name);
ClusterMachine *cluster_find_machine(const Cluster *cluster, const char *id);
Placement *cluster_find_placement(const Cluster *cluster, const char *machine_id, const char *name);
/* Takes as long as the shorter of the two has placements. unit may be NULL. */
Placement *placement_find(const ClusterUnit *unit, const ClusterMachine *machine);

/* Find or make the record. -ENOMEM. */
int cluster_need_unit(Cluster *cluster, const char *name, ClusterUnit **ret);
int cluster_need_machine(Cluster *cluster, const char *id, ClusterMachine **ret);
int cluster_need_placement(Cluster *cluster, ClusterUnit *unit, ClusterMachine *machine,
                           Placement **ret);

/* The unit has come to the machine or gone, or one of them is another: what is counted of the two
 * together, reservations (room.h) and spread (spread.h). */
int placement_recount(Cluster *cluster, Placement *placement);

/* Free the record if nothing needs it any more; a placement's unit and machine with it. */
void unit_release(Cluster *cluster, ClusterUnit *unit);
void machine_release(Cluster *cluster, ClusterMachine *machine);
void placement_release(Cluster *cluster, Placement *placement);
void placement_free(Placement *placement); /* one that hangs nowhere any more */

/* Change an order in the model and queue whomever else that concerns; the unit itself is the
 * caller's to queue. desired inactive withdraws. */
int placement_set_order(Cluster *cluster, Placement *placement, const Order *order);
int placement_clear_order(Cluster *cluster, Placement *placement);

/* If users want the orphan's unit: it has an order, which is not written yet. */
int placement_adopt(Cluster *cluster, Placement *placement);

/* The pair of a machine and a unit, with their records. */
int cluster_need_place(Cluster *cluster, const char *machine_id, const char *name, Placement **ret);
int unit_set_requirements_take(Cluster *cluster, ClusterUnit *unit, Requirements *requirements);

int machine_set_load(Cluster *cluster, ClusterMachine *machine, size_t load);
size_t machine_count_ordinary(const ClusterMachine *machine); /* orders that are not of globals */

int pending_copy(const Pending *pending, Pending **ret);

int unit_set_waits(Cluster *cluster, ClusterUnit *unit, WaitCause cause, bool is_obstructed);

bool unit_is_wanted(const ClusterUnit *unit); /* on one machine, or on all that fit */
bool unit_may_be_wanted(const ClusterUnit *unit);
bool unit_is_global(const ClusterUnit *unit);
bool unit_is_placed(const ClusterUnit *unit);  /* has an order that counts */
bool unit_is_pending(const ClusterUnit *unit); /* should have an order and has none */
bool unit_has_globs(const ClusterUnit *unit);
bool placement_is_there(const Placement *placement); /* an order or an orphan */
/* requirements_stop_within(); NULL: 0. */
usec_t cluster_stop_within(const Cluster *cluster, const Requirements *requirements);
/* How long the unit may run there without its machine; of an order that cannot be read the unit's
 * present file tells, if anything does. */
usec_t placement_stop_within(const Cluster *cluster, const Placement *placement);
bool placement_is_active(const Placement *placement); /* an order, neither withdrawn nor void */

static inline bool globs_are_empty(char *const *globs) {
    return !globs || !globs[0];
}
