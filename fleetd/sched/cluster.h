/* The engine's model of everything that a placement depends on. It is changed only by applying
 * events, and remembers which units a change concerns, so that planning costs what the change is
 * worth, not what the cluster is (docs/architecture.md, promise 6). Pure: no I/O, no clock, no log;
 * the same history of events gives the same plan. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/model/machine.h"
#include "fleetd/model/maintenance.h"
#include "fleetd/model/rebalance.h"
#include "fleetd/model/requirements.h"
#include "fleetd/model/unit.h"
#include "fleetd/sched/failure-step.h"
#include "fleetd/sched/kept-files.h"

typedef struct Cluster Cluster;

/* A StopAfterDisconnect= of less than agent_ttl_usec counts as that. */
Cluster *cluster_new(usec_t agent_ttl_usec);
void cluster_free(Cluster *cluster);
DEFINE_POINTER_CLEANUP(Cluster, cluster_free)

/* Events. What is told again unchanged costs nothing. Everything is copied unless the name ends in
 * _take. -ENOMEM leaves the cluster in an unknown state: throw it away.
 *
 * Tell them in the order in which the store has them, all kinds together; a cluster that is fed
 * from reads must have them of one revision before it is asked for a plan. A plan's own writes need
 * not be told again; if they are, then before anything that was planned later on the same key, or
 * the old value would be taken for somebody's change. */

/* A machine is there (running or restarting) with this effective metadata, or has changed. */
int cluster_put_machine(Cluster *cluster, const Machine *machine);
/* It is surely gone: its lease ran out and it had its time to come back. Its orders are void and
 * its units are placed anew. An id with orders that was never put counts as "not yet there": its
 * orders stand until this is called. Orders of units with StopAfterDisconnect= are suspended first,
 * and void when their time is over (cluster_end_order()); of a machine that has_left, so that it
 * has said itself that they are stopped, at once. */
int cluster_remove_machine(Cluster *cluster, const char *id, bool has_left);
bool cluster_is_gone(const Cluster *cluster, const char *id);

/* What people want of a machine, whether it is here or not. */
int cluster_put_maintenance(Cluster *cluster, const Maintenance *maintenance);
int cluster_remove_maintenance(Cluster *cluster, const char *machine_id);
/* Its drain's deadline has passed: what is still there leaves now, whatever its group's budget, and
 * whether it fits elsewhere or not. Until another maintenance is put. */
int cluster_end_drain(Cluster *cluster, const char *machine_id);

/* Orders that the machine has for units that are not global. */
size_t cluster_count_ordinary(const Cluster *cluster, const char *machine_id);
/* The units that cannot leave although it is being drained, and why, for people; NULL: there is
 * none. The caller frees. */
int cluster_name_staying(const Cluster *cluster, const char *machine_id, char **ret);
/* The units that are launched there and are not available (availability.h), or some of them, for
 * people; NULL: all are. The caller frees. */
int cluster_name_unavailable(const Cluster *cluster, const char *machine_id, char **ret);

/* How a unit does, for whoever gives it another file. Texts are borrowed until the next event. */
typedef struct UnitOutlook {
    const char *unusable; /* what is wrong with its file; NULL: nothing */
    bool is_available;    /* as it was last asked for, on one machine (availability.h) */
    bool has_failed;      /* likewise, and systemd has given up on it */
    bool may_go_down;     /* by fleet's own doing: its group's budget has room, or it is down */
    bool has_no_budget;   /* and never has room, as long as its file and group are what they are */
    bool may_stay;        /* it is up, and could run on while its next one is started elsewhere */
    const char *waits;    /* why it has no place; NULL: it has one */
    const char *machine;  /* where it is ordered to be, as it was last asked for; NULL: nowhere */
    const char *trouble;  /* what keeps it from being up there; NULL: nothing that is known */
} UnitOutlook;

/* Units that belong to a group as well, although their present files name another one. */
typedef struct GroupRest {
    size_t n_wanted, n_down;
} GroupRest;

/* rest: of the unit's group; NULL: there are none. */
void cluster_look_out(const Cluster *cluster, const char *name, const GroupRest *rest,
                      UnitOutlook *ret);

/* Whether a new file of the unit is to be started in another place first, while what was started
 * with its former one stays (beside.h). */
int cluster_set_beside(Cluster *cluster, const char *name, bool is_wanted);

/* Which files the machines of a global unit of that name keep for now; NULL: none. Taken over, also
 * on failure. */
int cluster_keep_files_take(Cluster *cluster, const char *name, KeptFiles *kept);

/* How a global unit does on one of the machines that have it. */
typedef struct MachineOutlook {
    const char *machine_id;
    const char *hash;    /* of the file that it is to have there */
    bool is_away;        /* the machine is: nothing is known */
    bool is_available;   /* as it was last ordered there, with that file */
    bool is_up;          /* likewise, or as before */
    bool has_failed;     /* systemd has given up on it, as it was last ordered */
    bool may_go_down;    /* by fleet's own doing: of all these there is room in its budget */
    const char *trouble; /* what keeps it from being up with that file; NULL: not known */
} MachineOutlook;

typedef struct GlobalOutlook {
    bool is_global;       /* as far as is known */
    const char *unusable; /* what is wrong with its file; NULL: nothing */
    bool has_no_budget;   /* no machine may be without it, by fleet's own doing */
    MachineOutlook *machines;
    size_t n_machines;
} GlobalOutlook;

/* Borrows from the cluster until the next event; the caller frees machines. -ENOMEM. */
int cluster_look_out_global(const Cluster *cluster, const char *name, GlobalOutlook *ret);

/* What the group of a unit of that name is called whose file asks for that (availability.h); NULL
 * with 0: it is one of its own. requirements may be NULL. The caller frees. */
int unit_group_name(const char *name, const Requirements *requirements, char **ret);
/* The same of a unit that is to be launched, as it stands; NULL, too, if it is not; borrowed. */
const char *cluster_group_of(const Cluster *cluster, const char *name);

/* A unit as users want it. requirements is taken over, also on failure. A template, or a unit that
 * is to be inactive, gets no orders. */
int cluster_put_unit_take(Cluster *cluster, const Unit *unit, Requirements *requirements);
int cluster_remove_unit(Cluster *cluster, const char *name);

/* Something that must be known to decide is there and cannot be read. A unit that is held keeps the
 * orders that it has, as they are, and gets none; a machine that is held keeps the units that it
 * has, and gets none. Until they are put or removed. A machine that is not here cannot be held.
 * requirements count for others beside it as long as nothing else is known of it: those of the file
 * with that hash, NULL: not known; taken over, also on failure. */
int cluster_hold_unit_take(Cluster *cluster, const char *name, Requirements *requirements);
/* What users want of a unit that is held, if that is known: its pending says why nothing comes of
 * it, as long as no order answers the request. Until it is held anew. */
int cluster_explain_hold(Cluster *cluster, const Unit *unit, const char *why);
int cluster_hold_machine(Cluster *cluster, const char *id);

/* What is in the store now. An order with an empty hash stands for one that cannot be read: it
 * counts, as there may be a unit behind it, and is written anew, or withdrawn. */
int cluster_put_order(Cluster *cluster, const Order *order);
int cluster_remove_order(Cluster *cluster, const char *machine_id, const char *name);
/* Whoever feeds the cluster has waited for a suspended order's stop_within_usec, and
 * STOP_MARGIN_USEC, since that order was there: the unit surely runs there no more. */
int cluster_end_order(Cluster *cluster, const char *machine_id, const char *name);
int cluster_put_pending(Cluster *cluster, const Pending *pending);
int cluster_remove_pending(Cluster *cluster, const char *name);

/* A unit that is on a machine for another cluster. Nobody here moves or stops it; what does not
 * bear it beside it gets no place there. If users want a unit of that name, what is there is as
 * good as ordered: it is kept where it is, or withdrawn and then placed. requirements are those of
 * its file, NULL: not known; taken over, also on failure. Where there is an order there is no
 * orphan. */
int cluster_put_orphan_take(Cluster *cluster, const Orphan *orphan, Requirements *requirements);
int cluster_remove_orphan(Cluster *cluster, const char *machine_id, const char *name);

/* What an agent says of a unit: whether it has let go of it (current inactive), which is what
 * a withdrawn order waits for; and whether it is available (availability.h). An agent says so of a
 * withdrawn order only, also if it never had the unit, with the order's unit_revision; and removes
 * its state once the order is gone (settle.c). */
int cluster_put_state(Cluster *cluster, const UnitState *state);
int cluster_remove_state(Cluster *cluster, const char *machine_id, const char *name);

/* Where a unit has failed, as it is remembered: it is placed there only when nothing else fits, and
 * nowhere as long as it says that the unit is still to be tried anew there and it is not there. */
int cluster_put_failures(Cluster *cluster, const Failures *failures);
int cluster_remove_failures(Cluster *cluster, const char *name);
/* It is failing there, and it is time to try it anew, elsewhere if there is a place: until its
 * failures are put or removed. */
int cluster_retry(Cluster *cluster, const char *machine_id, const char *name);
/* The facts for failure_step(), which borrow from the cluster until the next event. -ENOMEM. */
int cluster_get_failure_facts(const Cluster *cluster, const char *name, FailureFacts *ret);
/* The units for which they may have changed, by name, until it is settled. */
const Map *cluster_doubtful(const Cluster *cluster);
void cluster_settle_doubt(Cluster *cluster, const char *name);
int cluster_doubt(Cluster *cluster, const char *name);
size_t cluster_count_failing(const Cluster *cluster); /* units that are to be tried anew */

/* Those moves of the rebalance that are to be made, in place of all that were told before; NULL:
 * none. A unit goes as soon as it fits there, if that helps, and its group's budget
 * has room. 1: something has changed; -ENOMEM. */
int cluster_wish_moves(Cluster *cluster, const Rebalance *rebalance);

/* For whoever feeds the cluster: of the file that an order of the unit names; NULL: none does.
 * Borrowed until the next event. */
const char *cluster_ordered_hash(const Cluster *cluster, const char *name);
/* Likewise: units that have an order and that users do not know, or not any more: names ending in
 * NULL, borrowed until the next event in an array that the caller frees. -ENOMEM. */
int cluster_leaving_units(const Cluster *cluster, const char ***ret_names);
/* What the file asks for that such a unit was ordered with: what comes beside it goes by that until
 * it has stopped. Of any other unit this says nothing. */
int cluster_learn_leaving_take(Cluster *cluster, const char *name, Requirements *requirements);
/* For whoever feeds the cluster: machines that have orders but were never put, or not since; sorted
 * ids ending in NULL, borrowed until the next event in an array that the caller frees. */
int cluster_missing_machines(const Cluster *cluster, const char ***ret_ids);
/* Units that are not up, and have a place on a machine that is here and can start them. */
size_t cluster_count_starting(const Cluster *cluster);
size_t cluster_count_pending(const Cluster *cluster); /* units that wait for a place */
bool cluster_has_orders(const Cluster *cluster, const char *machine_id);
