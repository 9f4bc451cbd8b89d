/* That so many instances of templates are to be kept, and which there are. Of a template that
 * nobody wants that of, nothing is counted. The scheduler is told nothing: it is told of the
 * instances. */
#include "fleetd/engine/feed-internal.h"

#include "fleetd/model/unit-name.h"

void feed_scale_free(void *p) {
    FeedScale *known = p;
    template_scale_free(known->scale);
    map_free(known->instances);
    free(known);
}

static int feed_change_scale(Feed *feed, const char *template) {
    int r = map_put(feed->changed_scales, template, NULL);
    return MIN(r, 0);
}

/* A template: it may be had again. An instance: it may be new. */
int feed_scale_unit_put(Feed *feed, const char *name) {
    _cleanup_free_ char *template = NULL;
    if (map_size(feed->scales) == 0)
        return 0;
    if (unit_name_is_template(name))
        return map_has(feed->scales, name) ? feed_change_scale(feed, name) : 0;
    int r = unit_name_is_instance(name) ? unit_name_template(name, &template) : 0;
    FeedScale *known = template ? map_get(feed->scales, template) : NULL;
    if (r < 0 || !known || template_instance_number(template, name) == 0)
        return r;
    r = map_put(known->instances, name, NULL);
    return r > 0 ? feed_change_scale(feed, template) : r;
}

int feed_scale_unit_deleted(Feed *feed, const char *name) {
    _cleanup_free_ char *template = NULL;
    if (map_size(feed->scales) == 0 || !unit_name_is_instance(name))
        return 0;
    int r = unit_name_template(name, &template);
    FeedScale *known = r < 0 ? NULL : map_get(feed->scales, template);
    if (!known || !map_remove(known->instances, name))
        return r;
    return feed_change_scale(feed, template);
}

/* Those that are there already. */
static int gather(FeedScale *known, const char *template, const Map *units) {
    const char *name;
    _unused_ const void *unit;
    int r = 0;
    MAP_FOREACH (name, unit, units)
        if (r >= 0 && template_instance_number(template, name) > 0)
            r = map_put(known->instances, name, NULL);
    return r;
}

static int feed_need_scale(Feed *feed, const char *template, FeedScale **ret) {
    FeedScale *known = map_get(feed->scales, template);
    if (!known) {
        known = calloc(1, sizeof(FeedScale));
        if (!known || !(known->instances = map_new(NULL)) ||
            gather(known, template, feed->units) < 0 ||
            gather(known, template, feed->unreadable_units) < 0 ||
            map_put(feed->scales, template, known) < 0) {
            if (known)
                feed_scale_free(known);
            return -ENOMEM;
        }
    }
    *ret = known;
    return 0;
}

int feed_put_scale(Feed *feed, StoredRecord *record) {
    FeedScale *known;
    int r = feed_need_scale(feed, record->key.name, &known);
    if (r < 0)
        return r;
    template_scale_free(known->scale);
    known->scale = TAKE_PTR(record->scale);
    known->revision = record->revision;
    return feed_change_scale(feed, record->key.name);
}

int feed_delete_scale(Feed *feed, const Key *key) {
    map_remove(feed->scales, key->name);
    map_remove(feed->changed_scales, key->name);
    return 0;
}

const FeedScale *feed_find_scale(const Feed *feed, const char *template) {
    return map_get(feed->scales, template);
}

const Map *feed_changed_scales(const Feed *feed) {
    return feed->changed_scales;
}

void feed_settle_scale(Feed *feed, const char *template) {
    map_remove(feed->changed_scales, template);
}
