#include "fleetd/engine/reboots.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/model/keys.h"
#include "fleetd/sched/reboot-phase.h"

#include <errno.h>

struct Reboots {
    SideWork work;
    const Feed *feed;
    const Cluster *cluster;
};

/* --- facts --- */

/* What is the same for all of them. */
typedef struct Census {
    size_t n_places;
    const char *holder; /* of those that have a place, the smallest id */
    const char *next;   /* of those that wait and are here, the one that was asked for first */
    usec_t next_since_usec;
} Census;

/* One that cannot be read may have a place. */
static bool has_place(const FeedReboot *known) {
    return !known->reboot || reboot_is_under_way(known->reboot);
}

static bool is_before(const Census *census, const Reboot *reboot, const char *id) {
    if (!census->next || reboot->since_usec != census->next_since_usec)
        return !census->next || reboot->since_usec < census->next_since_usec;
    return strcmp(id, census->next) < 0;
}

static Census reboots_count(const Reboots *reboots) {
    Census census = {};
    const char *id;
    const FeedReboot *known;
    MAP_FOREACH (id, known, feed_reboots(reboots->feed)) {
        if (has_place(known)) {
            census.n_places++;
            if (!census.holder || strcmp(id, census.holder) < 0)
                census.holder = id;
        } else if (feed_find_presence(reboots->feed, id) == FEED_PRESENCE_HERE &&
                   is_before(&census, known->reboot, id)) {
            census.next = id;
            census.next_since_usec = known->reboot->since_usec;
        }
    }
    return census;
}

/* But for what is told of units. */
static RebootFacts facts_gather(const Reboots *reboots, const Census *census, const char *id) {
    const char *boot_id = feed_boot_id(reboots->feed, id);
    return (RebootFacts){
        .now_usec = side_work_now(&reboots->work),
        .n_places = census->n_places,
        .holder = census->holder,
        .is_next = streq_ptr(census->next, id),
        .is_held = side_work_is_held_back(&reboots->work),
        .is_here = boot_id != NULL,
        .boot_id = boot_id,
        .n_ordinary = cluster_count_ordinary(reboots->cluster, id),
    };
}

/* --- writing --- */

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    Reboots *reboots = userdata;
    const SideWorkOptions *options = &reboots->work.options;
    r = side_work_end(&reboots->work, r, result);
    if (r > 0)
        reboots_look(reboots);
    if (r >= 0)
        return;
    log_warning("Failed to write how far the reboot of a machine is: %s", strerror(-r));
    options->on_unsure(options->userdata); /* another one must not be given its place */
}

/* value NULL: the record goes. */
static int reboots_write(Reboots *reboots, const char *id, int64_t revision, const char *value) {
    _cleanup_free_ char *key = key_reboot(id);
    return key ? side_work_write_record(&reboots->work, key, revision, value, on_written) : -ENOMEM;
}

static void log_phase(const char *id, RebootPhase phase, const char *why) {
    LogFields fields = {.machine = id};
    if (phase == REBOOT_OVER)
        log_write(LOG_NOTICE, fields, "Machine %s has been rebooted, and its units are up", id);
    else if (phase == REBOOT_FAILED)
        log_write(LOG_WARNING, fields, "The reboot of machine %s has failed: %s", id,
                  str_or(why, "no reason known"));
    else
        log_write(LOG_NOTICE, fields, "The reboot of machine %s: %s", id,
                  reboot_phase_to_string(phase));
}

static int reboots_enter(Reboots *reboots, const char *id, const FeedReboot *known,
                         RebootPhase phase, char *why) {
    Reboot next = *known->reboot;
    bool is_new = phase != next.phase;
    if (is_new)
        log_phase(id, phase, why);
    if (phase == REBOOT_OVER)
        return reboots_write(reboots, id, known->revision, NULL);
    next.phase = phase;
    next.why = why;
    if (is_new)
        next.phase_since_usec = side_work_now(&reboots->work);
    next.has_returned |= phase == REBOOT_RETURNING;
    _cleanup_free_ char *value = reboot_format(&next);
    return value ? reboots_write(reboots, id, known->revision, value) : -ENOMEM;
}

/* --- looking --- */

/* 1: it goes on to another phase, and that is being written; 0: not before *next_look. */
static int reboots_consider(Reboots *reboots, const Census *census, const char *id,
                            const FeedReboot *known, usec_t *next_look) {
    _cleanup_free_ char *unavailable = NULL, *staying = NULL, *why = NULL;
    RebootPhase phase;
    usec_t look_at;
    int r = cluster_name_unavailable(reboots->cluster, id, &unavailable);
    if (r >= 0)
        r = cluster_name_staying(reboots->cluster, id, &staying);
    if (r < 0)
        return r;
    RebootFacts facts = facts_gather(reboots, census, id);
    facts.unavailable = unavailable;
    facts.staying = staying;
    r = reboot_next_phase(known->reboot, &facts, &phase, &why, &look_at);
    if (r < 0)
        return r;
    if (phase == known->reboot->phase && streq_ptr(why, known->reboot->why)) {
        *next_look = MIN(*next_look, look_at);
        return 0;
    }
    r = reboots_enter(reboots, id, known, phase, why);
    return r < 0 ? r : 1;
}

static int act(void *userdata) {
    Reboots *reboots = userdata;
    Census census = reboots_count(reboots);
    usec_t next_look = USEC_INFINITY;
    const char *id;
    const FeedReboot *known;
    MAP_FOREACH (id, known, feed_reboots(reboots->feed)) {
        int r = known->reboot ? reboots_consider(reboots, &census, id, known, &next_look) : 0;
        if (r != 0)
            return MIN(r, 0);
    }
    side_work_look_at(&reboots->work, next_look);
    return 0;
}

void reboots_look(Reboots *reboots) {
    if (map_size(feed_reboots(reboots->feed)) > 0)
        side_work_look(&reboots->work);
}

bool reboots_is_writing(const Reboots *reboots) {
    return reboots->work.op != NULL;
}

int reboots_new(const SideWorkOptions *options, Reboots **ret) {
    _cleanup_(reboots_freep) Reboots *reboots = calloc(1, sizeof(Reboots));
    if (!reboots)
        return -ENOMEM;
    reboots->feed = options->feed;
    reboots->cluster = options->cluster;
    int r = side_work_init(&reboots->work, options, act, reboots);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(reboots);
    return 0;
}

void reboots_free(Reboots *reboots) {
    if (!reboots)
        return;
    side_work_done(&reboots->work);
    free(reboots);
}
