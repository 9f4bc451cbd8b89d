/* feasible -> rank -> plan, the second step: of the machines that fit, the one with the fewest
 * units, and of equals the one with the smallest id. Of a unit that reserves memory or CPU the one
 * with the smallest share reserved, the unit included, goes before that; and before all, what the
 * unit says of spreading and preferring (score.h). Inside sched only. */
#pragma once

#include "fleetd/sched/feasible.h"
#include "fleetd/sched/score.h"

/* So many machines are looked at to say how many fit, and to compare their shares: those with the
 * smallest share that fit. In a larger cluster a unit that asks for no metadata is not told how
 * many fit. The choice itself looks at as many as it must. */
#define RANK_COUNT_MAX 8

typedef struct Choice {
    ClusterMachine *machine;             /* NULL: none fits */
    size_t load;                         /* of it */
    bool is_by_share;                    /* as the unit reserves something */
    size_t share;                        /* with the unit */
    bool is_by_failures;                 /* as the unit has failed somewhere */
    bool is_by_spread, is_by_preference; /* as the unit says so */
    Score score;
    size_t n_enough;      /* so many are looked at in any case */
    size_t n_seen, n_fit; /* it is known of so many whether they fit, and of so many that they do */
    bool is_obstructed;   /* some would fit if what the unit replaces could go elsewhere */
} Choice;

/* -ENOMEM. */
int rank_machines(Cluster *cluster, const ClusterUnit *unit, Choice *ret);

/* machine_fits(), for a unit that comes, and that what it replaces there can go elsewhere. */
bool machine_can_take(Cluster *cluster, const ClusterUnit *unit, const ClusterMachine *machine,
                      Misfit *ret);

/* Why this one, for people. */
#define CHOICE_REASON_SIZE 192
void choice_reason(const Cluster *cluster, const Choice *choice, char ret[CHOICE_REASON_SIZE]);
