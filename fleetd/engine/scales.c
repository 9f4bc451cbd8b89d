#include "fleetd/engine/scales.h"

#include "fleetd/base/log.h"
#include "fleetd/engine/scale-writer.h"

#include <errno.h>

static const MetricFamily scaled = {
    "fleet_engine_scaled_unit_count_total",
    METRIC_COUNTER,
    "Instances of templates that were created, or removed, to keep as many as users want.",
    {"deed"},
};

struct Scales {
    SideWork work;
    ScaleStep step; /* that is being written */
};

/* --- writing --- */

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    Scales *scales = userdata;
    const SideWorkOptions *options = &scales->work.options;
    const ScaleStep *step = &scales->step;
    r = side_work_end(&scales->work, r, result);
    if (r < 0)
        log_warning("Failed to change how many instances of a template there are: %s",
                    strerror(-r));
    if (r > 0) {
        metrics_add(options->metrics, &scaled, LABELS(step->is_removal ? "removed" : "created"),
                    (double) step->n);
        scales_look(scales);
    }
    options->on_through(options->userdata);
}

/* --- looking --- */

typedef struct Facts {
    ScaleFact *items;
    size_t n;
} Facts;

static int facts_gather(const Feed *feed, const char *template, const FeedScale *known,
                        Facts *ret) {
    size_t n = map_size(known->instances);
    const char *name;
    _unused_ const void *nothing;
    *ret = (Facts){.items = calloc(n + 1, sizeof(ScaleFact))};
    if (!ret->items)
        return -ENOMEM;
    MAP_FOREACH (name, nothing, known->instances)
        ret->items[ret->n++] = (ScaleFact){.number = template_instance_number(template, name),
                                           .is_held = map_has(feed_unreadable_units(feed), name)};
    qsort(ret->items, ret->n, sizeof(ScaleFact), scale_fact_compare);
    return 0;
}

/* Why no instances can be made; NULL: they can. */
static const char *find_obstacle(const Feed *feed, const char *template) {
    const Unit *unit = map_get(feed_units(feed), template);
    if (!unit)
        return map_has(feed_unreadable_units(feed), template) ? "the template cannot be read"
                                                              : "there is no such template";
    return feed_file_revision(feed, unit->hash) > 0 ? NULL : "its file is not in the store";
}

static void log_step(const char *template, const FeedScale *known, const ScaleStep *step) {
    for (size_t i = 0; i < step->n; i++) {
        _cleanup_free_ char *name = template_instance_name(template, step->numbers[i]);
        if (name)
            log_unit(LOG_NOTICE, name,
                     "Unit '%s' is %s: %llu instances of '%s' are wanted, and "
                     "there are %zu",
                     name, step->is_removal ? "removed" : "created",
                     (unsigned long long) known->scale->count, template,
                     map_size(known->instances));
    }
}

static int consider(Scales *scales, const char *template) {
    const Feed *feed = scales->work.options.feed;
    const FeedScale *known = feed_find_scale(feed, template);
    if (!known->scale)
        return 0;
    Facts facts;
    int r = facts_gather(feed, template, known, &facts);
    if (r < 0)
        return r;
    const char *obstacle = find_obstacle(feed, template);
    uint64_t wanted = known->scale->count;
    ScaleStep step = scale_step(wanted, facts.items, facts.n, !obstacle);
    free(facts.items);
    if (obstacle && facts.n < wanted)
        log_unit(LOG_NOTICE, template,
                 "%llu instances of '%s' are wanted, and there are %zu; no more can be made: %s",
                 (unsigned long long) wanted, template, facts.n, obstacle);
    if (step.n == 0)
        return 0;
    log_step(template, known, &step);
    scales->step = step;
    return scale_writer_put(&scales->work, template, known, &step, on_written);
}

/* One at a time; that of which something is written has its turn again when that was told. */
static int act(void *userdata) {
    Scales *scales = userdata;
    Feed *feed = scales->work.options.feed;
    const char *template;
    _unused_ const void *nothing;
    if (side_work_is_held_back(&scales->work))
        return -EAGAIN;
    MAP_FOREACH (template, nothing, feed_changed_scales(feed)) {
        int r = consider(scales, template);
        if (r < 0 || scales->work.op)
            return r;
        feed_settle_scale(feed, template);
    }
    return 0;
}

void scales_look(Scales *scales) {
    if (map_size(feed_changed_scales(scales->work.options.feed)) > 0)
        side_work_look(&scales->work);
}

int64_t scales_revision(const Scales *scales) {
    return side_work_revision(&scales->work);
}

/* --- life --- */

void scales_declare(Metrics *metrics) {
    metrics_declare(metrics, &scaled);
}

int scales_new(const SideWorkOptions *options, Scales **ret) {
    _cleanup_(scales_freep) Scales *scales = calloc(1, sizeof(Scales));
    if (!scales)
        return -ENOMEM;
    int r = side_work_init(&scales->work, options, act, scales);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(scales);
    return 0;
}

void scales_free(Scales *scales) {
    if (!scales)
        return;
    side_work_done(&scales->work);
    free(scales);
}
