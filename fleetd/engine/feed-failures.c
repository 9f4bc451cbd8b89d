/* What is remembered of units that have failed. What cannot be read is as good as nothing to the
 * scheduler; whoever looks at it writes it anew, or takes it away. */
#include "fleetd/engine/feed-internal.h"

void feed_failures_free(void *p) {
    FeedFailures *known = p;
    failures_free(known->failures);
    free(known);
}

int feed_put_failures(Feed *feed, StoredRecord *record) {
    const char *name = record->key.name;
    FeedFailures *known = calloc(1, sizeof(FeedFailures));
    if (!known || map_put(feed->failures, name, known) < 0) {
        free(known);
        return -ENOMEM;
    }
    *known = (FeedFailures){.failures = TAKE_PTR(record->failures), .revision = record->revision};
    const Failures nothing = {.name = (char *) name};
    return cluster_put_failures(feed->cluster, known->failures ? known->failures : &nothing);
}

int feed_delete_failures(Feed *feed, const Key *key) {
    map_remove(feed->failures, key->name);
    return cluster_remove_failures(feed->cluster, key->name);
}

const Map *feed_failures(const Feed *feed) {
    return feed->failures;
}
