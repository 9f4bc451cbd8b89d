/* Deployments, and how far they have come. Of them the scheduler is only told which units may run
 * in two places for a while, and which files machines keep: they change units, and those are told.
 */
#include "fleetd/engine/feed-internal.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/unit-name.h"

/* What its units would go back to, and machines have, which may be nobody's version any more, is
 * kept. */
static int feed_use_former_files(Feed *feed, const Rollout *rollout) {
    int r = rollout && rollout->before ? feed_use_file(feed, rollout->before) : 0;
    for (size_t i = 0; r >= 0 && rollout && i < rollout->n_units; i++) {
        const RolloutUnit *unit = &rollout->units[i];
        r = unit->before ? feed_use_file(feed, unit->before) : 0;
        if (r >= 0 && unit->keeps)
            r = feed_use_file(feed, unit->keeps);
    }
    return r;
}

static void feed_leave_former_files(Feed *feed, const Rollout *rollout) {
    if (rollout && rollout->before)
        feed_leave_file(feed, rollout->before);
    for (size_t i = 0; rollout && i < rollout->n_units; i++) {
        if (rollout->units[i].before)
            feed_leave_file(feed, rollout->units[i].before);
        if (rollout->units[i].keeps)
            feed_leave_file(feed, rollout->units[i].keeps);
    }
}

/* --- what machines keep --- */

static int feed_add_kept_file(const Feed *feed, const char *name, const char *hash,
                              KeptFiles *kept) {
    const UnitFile *file = hash && !kept_files_has(kept, hash) ? feed_file(feed, hash) : NULL;
    Requirements *requirements = NULL;
    int r = file ? requirements_parse(file, name, &requirements, NULL) : 0;
    if (!requirements)
        return r == -ENOMEM ? r : 0;
    return kept_files_add_take(kept, hash, requirements);
}

static int feed_make_kept(const Feed *feed, const char *name, const Rollout *rollout,
                          KeptFiles **ret) {
    _cleanup_(kept_files_freep) KeptFiles *kept = NULL;
    int r = kept_files_new(rollout, &kept);
    if (r >= 0 && rollout)
        r = feed_add_kept_file(feed, name, rollout->before, kept);
    for (size_t i = 0; r >= 0 && rollout && i < rollout->n_units; i++)
        r = feed_add_kept_file(feed, name, rollout->units[i].keeps, kept);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(kept);
    return 0;
}

/* A record without a deployment is of a unit that was destroyed. */
static bool feed_has_kept(const FeedRollout *known) {
    if (!known || known->deployment_revision == 0 || known->rollout_revision == 0)
        return false;
    const Rollout *rollout = known->rollout;
    return !rollout || rollout_keeps_files(rollout);
}

static int feed_tell_kept(Feed *feed, const char *name) {
    const FeedRollout *known = map_get(feed->rollouts, name);
    KeptFiles *kept = NULL;
    int r = feed_has_kept(known) ? feed_make_kept(feed, name, known->rollout, &kept) : 0;
    return r < 0 ? r : cluster_keep_files_take(feed->cluster, name, kept);
}

int feed_tell_all_kept(Feed *feed) {
    const char *name;
    _unused_ const FeedRollout *known;
    int r = 0;
    MAP_FOREACH (name, known, feed->rollouts)
        if (r >= 0)
            r = feed_tell_kept(feed, name);
    return r;
}

/* --- what may be in two places --- */

/* Whether it may run in two places, as that record has it. */
static bool unit_is_beside(const Rollout *rollout, const char *name) {
    bool is_over = !rollout || rollout_phase_is_over(rollout->phase);
    const RolloutUnit *unit = is_over ? NULL : rollout_find_unit(rollout, name);
    return unit && unit->is_beside;
}

/* As one that is rolled out under that name has it; changed: it is told otherwise. */
static bool name_lets_beside(const Feed *feed, const char *name, const FeedRollout *changed,
                             const char *unit) {
    const FeedRollout *known = map_get(feed->rollouts, name);
    return known && known != changed && unit_is_beside(known->rollout, unit);
}

/* A unit has one of its own, and one of its template. */
static int others_let_beside(const Feed *feed, const FeedRollout *changed, const char *unit,
                             bool *ret) {
    _cleanup_free_ char *template = NULL;
    int r = unit_name_is_instance(unit) ? unit_name_template(unit, &template) : 0;
    if (r < 0)
        return r;
    *ret = name_lets_beside(feed, unit, changed, unit) ||
           (template && name_lets_beside(feed, template, changed, unit));
    return 0;
}

static int feed_tell_unit_beside(Feed *feed, const FeedRollout *changed, const Rollout *rollout,
                                 const char *unit) {
    bool is_let = unit_is_beside(rollout, unit);
    int r = is_let ? 0 : others_let_beside(feed, changed, unit, &is_let);
    return r < 0 ? r : cluster_set_beside(feed->cluster, unit, is_let);
}

/* rollout: from now on; NULL: none. */
static int feed_tell_beside(Feed *feed, const FeedRollout *changed, const Rollout *rollout) {
    const Rollout *former = changed->rollout;
    int r = 0;
    for (size_t i = 0; r >= 0 && rollout && i < rollout->n_units; i++)
        r = feed_tell_unit_beside(feed, changed, rollout, rollout->units[i].name);
    for (size_t i = 0; r >= 0 && former && i < former->n_units; i++)
        if (former->units[i].is_beside)
            r = feed_tell_unit_beside(feed, changed, rollout, former->units[i].name);
    return r;
}

void feed_rollout_free(void *p) {
    FeedRollout *known = p;
    deployment_free(known->deployment);
    rollout_free(known->rollout);
    free(known);
}

static int feed_need_rollout(Feed *feed, const char *name, FeedRollout **ret) {
    FeedRollout *known = map_get(feed->rollouts, name);
    if (!known) {
        known = calloc(1, sizeof(FeedRollout));
        if (!known || map_put(feed->rollouts, name, known) < 0) {
            free(known);
            return -ENOMEM;
        }
    }
    *ret = known;
    return 0;
}

static void feed_drop_rollout_if_void(Feed *feed, const char *name) {
    const FeedRollout *known = map_get(feed->rollouts, name);
    if (known && known->deployment_revision == 0 && known->rollout_revision == 0)
        map_remove(feed->rollouts, name);
}

static void feed_forget_deployment(Feed *feed, FeedRollout *known) {
    if (known->deployment && known->deployment->hash)
        feed_release_file(feed, known->deployment->hash);
    deployment_free(TAKE_PTR(known->deployment));
    known->deployment_revision = 0;
}

/* Its file is kept, as it may have yet to be anybody's. */
int feed_put_deployment(Feed *feed, StoredRecord *record) {
    FeedRollout *known;
    int r = feed_need_rollout(feed, record->key.name, &known);
    if (r >= 0 && record->deployment && record->deployment->hash)
        r = feed_use_file(feed, record->deployment->hash); /* before the former lets go of it */
    if (r < 0)
        return r;
    feed_forget_deployment(feed, known);
    known->deployment = TAKE_PTR(record->deployment);
    known->deployment_revision = record->revision;
    return feed_tell_kept(feed, record->key.name);
}

int feed_delete_deployment(Feed *feed, const Key *key) {
    FeedRollout *known = map_get(feed->rollouts, key->name);
    if (!known)
        return 0;
    feed_forget_deployment(feed, known);
    feed_drop_rollout_if_void(feed, key->name);
    return feed_tell_kept(feed, key->name);
}

int feed_put_rollout(Feed *feed, StoredRecord *record) {
    FeedRollout *known;
    if (record->rollout && record->rollout->unit_revision == 0)
        record->rollout->unit_revision = record->revision;
    int r = feed_need_rollout(feed, record->key.name, &known);
    if (r >= 0)
        r = feed_use_former_files(feed, record->rollout); /* before the last one lets go of them */
    if (r >= 0)
        r = feed_tell_beside(feed, known, record->rollout);
    if (r < 0)
        return r;
    feed_leave_former_files(feed, known->rollout);
    rollout_free(known->rollout);
    known->rollout = TAKE_PTR(record->rollout);
    known->rollout_revision = record->revision;
    return feed_tell_kept(feed, record->key.name);
}

int feed_delete_rollout(Feed *feed, const Key *key) {
    FeedRollout *known = map_get(feed->rollouts, key->name);
    if (!known)
        return 0;
    int r = feed_tell_beside(feed, known, NULL);
    feed_leave_former_files(feed, known->rollout);
    rollout_free(TAKE_PTR(known->rollout));
    known->rollout_revision = 0;
    feed_drop_rollout_if_void(feed, key->name);
    return r < 0 ? r : feed_tell_kept(feed, key->name);
}

const Map *feed_rollouts(const Feed *feed) {
    return feed->rollouts;
}
