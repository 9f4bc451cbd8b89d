/* What makes one machine better than another before their load is compared: first Spread=, then
 * Prefer= and Avoid=. Inside sched only. */
#pragma once

#include "fleetd/sched/cluster-internal.h"

typedef struct Score {
    uint64_t spread;    /* of the group, on machines with the same values; less is better */
    int64_t preference; /* the sum of the weights; more is better */
} Score;

/* Below 0: a is better; above 0: b. */
static inline int score_compare(const Score *a, const Score *b) {
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
    const Ranking *ranking; /* NULL: the unit says nothing, and all scores are equal */
    SpreadKey *keys;        /* as many as the unit spreads over */
    size_t n_keys;
    Score ideal; /* no machine has a better one; maybe none has it */
} Scorer;

/* Good until the cluster changes. The index of machines must be fresh. -ENOMEM. */
int scorer_init(Scorer *scorer, Cluster *cluster, const ClusterUnit *unit);
void scorer_done(Scorer *scorer);
#define _cleanup_scorer_ _cleanup_(scorer_done)

/* Of a scorer that has a ranking. */
Score scorer_score(const Scorer *scorer, const ClusterMachine *machine);
