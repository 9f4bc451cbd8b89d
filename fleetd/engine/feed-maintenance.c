/* What is wanted of machines beside their units: people cordon and drain them, and reboots drain
 * them as well. The scheduler is told of one maintenance, which is made of both here. */
#include "fleetd/engine/feed-internal.h"

#include "fleetd/base/strv.h"

void feed_reboot_free(void *p) {
    FeedReboot *known = p;
    reboot_free(known->reboot);
    free(known);
}

/* --- what comes of both --- */

static usec_t earlier(usec_t a, usec_t b) {
    return a == 0 || b == 0 ? MAX(a, b) : MIN(a, b);
}

/* Global units stay, and end with the machine. */
static void drain_for_reboot(Maintenance *maintenance, const Reboot *reboot) {
    bool is_draining_all = maintenance->is_draining && !maintenance->ignore_global;
    usec_t deadline_usec = reboot->phase == REBOOT_DRAINING && reboot->drain_usec > 0
                               ? reboot->phase_since_usec + reboot->drain_usec
                               : 0;
    maintenance->deadline_usec = maintenance->is_draining
                                     ? earlier(maintenance->deadline_usec, deadline_usec)
                                     : deadline_usec;
    maintenance->is_draining = true;
    maintenance->ignore_global = !is_draining_all;
    if (!maintenance->message)
        maintenance->message =
            reboot->message ? reboot->message : (char *) "it is about to be rebooted";
}

/* One that cannot be read may be in any phase: its machine keeps what it has, and gets no more. */
static bool feed_combine(const Feed *feed, const char *id, Maintenance *ret) {
    static const char unreadable[] = "how far its reboot has come cannot be read";
    const Maintenance *wanted = map_get(feed->maintenance, id);
    const FeedReboot *known = map_get(feed->reboots, id);
    *ret = wanted ? *wanted : (Maintenance){.machine_id = (char *) id};
    if (known && !known->reboot && !ret->message)
        ret->message = (char *) unreadable;
    if (known && known->reboot && reboot_drains(known->reboot))
        drain_for_reboot(ret, known->reboot);
    return wanted || ret->is_draining || (known && !known->reboot);
}

static int feed_tell_maintenance(Feed *feed, const char *id) {
    Maintenance maintenance;
    bool exists = feed_combine(feed, id, &maintenance);
    feed->callbacks.on_maintenance(id, exists ? &maintenance : NULL, feed->userdata);
    return exists ? cluster_put_maintenance(feed->cluster, &maintenance)
                  : cluster_remove_maintenance(feed->cluster, id);
}

/* --- what stands in the store --- */

/* That somebody wanted something of the machine is known; that it be drained is not. */
static int unreadable_maintenance(const char *id, Maintenance **ret) {
    static const char text[] = "{\"message\":\"what is wanted of it cannot be read\"}";
    return maintenance_parse(id, text, strlen(text), ret, NULL);
}

int feed_put_maintenance(Feed *feed, StoredRecord *record) {
    const char *id = record->key.machine_id;
    int r = record->maintenance ? 0 : unreadable_maintenance(id, &record->maintenance);
    if (r >= 0)
        r = map_put(feed->maintenance, id, record->maintenance);
    if (r < 0)
        return r;
    TAKE_PTR(record->maintenance);
    return feed_tell_maintenance(feed, id);
}

int feed_delete_maintenance(Feed *feed, const Key *key) {
    map_remove(feed->maintenance, key->machine_id);
    return feed_tell_maintenance(feed, key->machine_id);
}

int feed_put_reboot(Feed *feed, StoredRecord *record) {
    const char *id = record->key.machine_id;
    FeedReboot *known = calloc(1, sizeof(FeedReboot));
    if (!known || map_put(feed->reboots, id, known) < 0) {
        free(known);
        return -ENOMEM;
    }
    *known = (FeedReboot){.reboot = TAKE_PTR(record->reboot), .revision = record->revision};
    return feed_tell_maintenance(feed, id);
}

int feed_delete_reboot(Feed *feed, const Key *key) {
    map_remove(feed->reboots, key->machine_id);
    return feed_tell_maintenance(feed, key->machine_id);
}

const Map *feed_reboots(const Feed *feed) {
    return feed->reboots;
}

const Maintenance *feed_find_maintenance(const Feed *feed, const char *machine_id) {
    return map_get(feed->maintenance, machine_id);
}
