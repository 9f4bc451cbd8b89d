/* What users want evened out. The scheduler is told of the moves by whoever looks at the record;
 * but that another one is wanted, it hears at once, so that nothing more of the former one is
 * begun. */
#include "fleetd/engine/feed-internal.h"

static int feed_set_rebalance_take(Feed *feed, Rebalance *rebalance, int64_t revision) {
    const Rebalance *before = feed->rebalance.rebalance;
    bool goes_on = before && rebalance && before->since_usec == rebalance->since_usec &&
                   rebalance->phase == REBALANCE_MOVING;
    rebalance_free(feed->rebalance.rebalance);
    feed->rebalance = (FeedRebalance){.rebalance = rebalance, .revision = revision};
    int r = goes_on ? 0 : cluster_wish_moves(feed->cluster, NULL);
    return MIN(r, 0);
}

int feed_put_rebalance(Feed *feed, StoredRecord *record) {
    return feed_set_rebalance_take(feed, TAKE_PTR(record->rebalance), record->revision);
}

int feed_delete_rebalance(Feed *feed, _unused_ const Key *key) {
    return feed_set_rebalance_take(feed, NULL, 0);
}

const FeedRebalance *feed_rebalance(const Feed *feed) {
    return &feed->rebalance;
}
