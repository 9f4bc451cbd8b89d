#include "fleetd/engine/scales.h"

#include "fleetd/base/log.h"
#include "fleetd/engine/scale-writer.h"

#include <errno.h>

#define RETRY_USEC (500 * USEC_PER_MSEC)

static const MetricFamily scaled = {
    "fleet_engine_scaled_unit_count_total",
    METRIC_COUNTER,
    "Instances of templates that were created, or removed, to keep as many as users want.",
    {"deed"},
};

struct Scales {
    ScalesOptions options;
    ScaleWriter writer;
    Timer *timer;
    StoreOp *op;
    ScaleStep step; /* that is being written */
    int64_t written_revision;
};

/* --- writing --- */

static void on_written(int r, const StoreTxnResult *result, void *userdata) {
    Scales *scales = userdata;
    const ScaleStep *step = &scales->step;
    scales->op = NULL;
    if (r < 0)
        log_warning("Failed to change how many instances of a template there are: %s",
                    strerror(-r));
    if (r < 0 || !result->succeeded) {
        timer_start(scales->timer, RETRY_USEC); /* what is there by then is told */
    } else {
        scales->written_revision = result->revision;
        metrics_add(scales->options.metrics, &scaled,
                    LABELS(step->is_removal ? "removed" : "created"), (double) step->n);
        scales_look(scales);
    }
    scales->options.on_through(scales->options.userdata);
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
    const Feed *feed = scales->options.feed;
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
    return scale_writer_put(&scales->writer, template, known, &step, &scales->op);
}

/* One at a time; that of which something is written has its turn again when that was told. */
static int scales_try(Scales *scales) {
    const char *template;
    _unused_ const void *nothing;
    MAP_FOREACH (template, nothing, feed_changed_scales(scales->options.feed)) {
        int r = consider(scales, template);
        if (r < 0 || scales->op)
            return r;
        feed_settle_scale(scales->options.feed, template);
    }
    return 0;
}

/* While it is not ready nothing is lost: whoever is then looks again. */
static void on_timer(void *userdata) {
    Scales *scales = userdata;
    const ScalesOptions *options = &scales->options;
    if (scales->op || !options->is_ready(scales->written_revision, options->userdata))
        return;
    bool may_begin =
        leadership_is_sure(options->leadership) && !options->is_held_back(options->userdata);
    if (!may_begin || scales_try(scales) < 0)
        timer_start(scales->timer, RETRY_USEC);
}

void scales_look(Scales *scales) {
    if (!scales->op && map_size(feed_changed_scales(scales->options.feed)) > 0)
        timer_start(scales->timer, 0);
}

int64_t scales_revision(const Scales *scales) {
    return scales->op ? INT64_MAX : scales->written_revision;
}

/* --- life --- */

void scales_declare(Metrics *metrics) {
    metrics_declare(metrics, &scaled);
}

int scales_new(const ScalesOptions *options, Scales **ret) {
    _cleanup_(scales_freep) Scales *scales = calloc(1, sizeof(Scales));
    if (!scales)
        return -ENOMEM;
    scales->options = *options;
    scales->writer = (ScaleWriter){.store = options->store,
                                   .loop = options->loop,
                                   .leadership = options->leadership,
                                   .feed = options->feed,
                                   .done = on_written,
                                   .userdata = scales};
    int r = timer_new(options->loop, on_timer, scales, &scales->timer);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(scales);
    return 0;
}

void scales_free(Scales *scales) {
    if (!scales)
        return;
    store_op_cancel(scales->op);
    timer_free(scales->timer);
    free(scales);
}
