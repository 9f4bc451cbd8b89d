/* What makes one machine better than another before their load is compared: first that the unit has
 * not failed there, or less often; then Spread=, then Prefer= and Avoid=. Inside sched only. */
#pragma once

#include "fleetd/sched/cluster-internal.h"

typedef struct Score {
    uint64_t failures;  /* of the unit, there; less is better */
    uint64_t spread;    /* of the group, on machines with the same values; less is better */
    int64_t preference; /* the sum of the weights; more is better */
} Score;

/* Below 0: a is better; above 0: b. */
static inline int score_compare(const Score *a, const Score *b) {
    if (a->failures != b->failures)
        return a->failures < b->failures ? -1 : 1;
    if (a->spread != b->spread)
        return a->spread < b->spread ? -1 : 1;
    return a->preference == b->preference ? 0 : a->preference > b->preference ? -1 : 1;
}

#define SPREAD_WITHOUT_KEY \
    (UINT64_C(1) << 48) /* of a machine that does not have it: it is last \
                         */

typedef struct SpreadKey {
    const MetadataValues *values;
    size_t *counts; /* of each */
} SpreadKey;

typedef struct Scorer {
    const ClusterUnit *unit; /* NULL: all scores are equal */
    const Ranking *ranking;  /* NULL: the unit says nothing */
    SpreadKey *keys;         /* as many as the unit spreads over */
    size_t n_keys;
    Score ideal; /* no machine has a better one; maybe none has it */
} Scorer;

/* Good until the cluster changes. The index of machines must be fresh. -ENOMEM. */
int scorer_init(Scorer *scorer, Cluster *cluster, const ClusterUnit *unit);
void scorer_done(Scorer *scorer);
#define _cleanup_scorer_ _cleanup_(scorer_done)

/* Of a scorer that has a unit. */
Score scorer_score(const Scorer *scorer, const ClusterMachine *machine);
