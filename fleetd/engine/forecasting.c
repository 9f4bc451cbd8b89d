#include "fleetd/engine/forecasting.h"

#include "fleetd/engine/feed.h"
#include "fleetd/engine/forecast-wishes.h"
#include "fleetd/sched/rehearsal.h"
#include "fleetd/store/mirror.h"

#include <errno.h>
#include <malloc.h>

#define STEP_UNITS_MAX 1000 /* at a time, so that the loop stays responsive */
/* A cluster of thousands that drains one unit at a time takes a few steps for each; one that needs
 * more has found a way not to come to rest. */
#define STEPS_MAX 100000

typedef enum ForecastPhase {
    FORECAST_LOADING,  /* the model is not whole yet */
    FORECAST_SETTLING, /* what is under way is carried out */
    FORECAST_PLAYING,  /* and now what was asked for */
} ForecastPhase;

struct Forecasting {
    ForecastingOptions options;
    ForecastPhase phase;
    Mirror *mirror;
    Cluster *cluster;
    Feed *feed;
    Map *deadlines; /* by machine, when its drain is over */
    Rehearsal *rehearsal;
    ForecastWishes *wishes;
    Timer *timer;
    size_t n_steps;
    Forecast forecast;
    int failure; /* while it was being loaded */
};

static void forecasting_end(Forecasting *forecasting, int r, const char *why) {
    forecasting->options.done(r, r < 0 ? NULL : &forecasting->forecast, why,
                              forecasting->options.userdata);
}

/* --- reading --- */

static void on_machine(_unused_ const char *id, _unused_ void *userdata) {
}

static void on_order(_unused_ const Key *key, _unused_ const Order *order,
                     _unused_ int64_t revision, _unused_ void *userdata) {
}

static void on_brake(_unused_ const BrakeRecord *record, _unused_ int64_t revision,
                     _unused_ void *userdata) {
}

static void on_maintenance(const char *id, const Maintenance *maintenance, void *userdata) {
    Forecasting *forecasting = userdata;
    map_remove(forecasting->deadlines, id);
    if (!maintenance || !maintenance->is_draining || maintenance->deadline_usec == 0)
        return;
    usec_t *deadline = malloc(sizeof(usec_t));
    if (deadline)
        *deadline = maintenance->deadline_usec;
    if (!deadline || map_put(forecasting->deadlines, id, deadline) < 0) {
        free(deadline);
        forecasting->failure = -ENOMEM;
    }
}

static void on_put(const StoreEntry *entry, void *userdata) {
    Forecasting *forecasting = userdata;
    if (forecasting->failure >= 0)
        forecasting->failure = feed_put(forecasting->feed, entry);
}

static void on_delete(const char *key, _unused_ int64_t revision, void *userdata) {
    Forecasting *forecasting = userdata;
    if (forecasting->failure >= 0)
        forecasting->failure = feed_delete(forecasting->feed, key);
}

/* It is of one revision, and stays so. */
static void on_synced(int64_t revision, void *userdata) {
    Forecasting *forecasting = userdata;
    forecasting->forecast.revision = revision;
    if (forecasting->failure >= 0)
        forecasting->failure = feed_learn_all_leaving(forecasting->feed);
    mirror_free(TAKE_PTR(forecasting->mirror));
    timer_start(forecasting->timer, 0);
}

/* --- playing --- */

/* A machine that said so has left: nobody has to wait for it. Of any other that is not here it is
 * not known, and its orders stand. */
static int give_up_the_left(Forecasting *forecasting) {
    _cleanup_free_ const char **ids = NULL;
    int r = cluster_missing_machines(forecasting->cluster, &ids);
    for (const char **id = ids; r >= 0 && *id; id++)
        if (feed_find_presence(forecasting->feed, *id) == FEED_PRESENCE_LEFT)
            r = cluster_remove_machine(forecasting->cluster, *id, true);
    return r;
}

static int end_drains(Forecasting *forecasting) {
    usec_t now = loop_realtime(forecasting->options.loop);
    const char *id;
    const usec_t *deadline;
    int r = 0;
    MAP_FOREACH (id, deadline, forecasting->deadlines)
        if (r >= 0 && *deadline <= now)
            r = cluster_end_drain(forecasting->cluster, id);
    return r;
}

static int begin_to_settle(Forecasting *forecasting, _unused_ Error *reterr) {
    int r = forecasting->failure;
    if (r >= 0)
        r = give_up_the_left(forecasting);
    if (r >= 0)
        r = end_drains(forecasting);
    if (r >= 0)
        r = rehearsal_new(forecasting->cluster, &forecasting->rehearsal);
    forecasting->phase = FORECAST_SETTLING;
    return r < 0 ? r : 1;
}

static int begin_to_play(Forecasting *forecasting, Error *reterr) {
    Forecast *forecast = &forecasting->forecast;
    int r = rehearsal_mark(forecasting->rehearsal);
    if (r >= 0)
        r = forecast_wishes_new(forecasting->feed, forecasting->cluster,
                                forecasting->options.request, forecast->revision + 1,
                                &forecasting->wishes);
    if (r >= 0)
        r = forecast_wishes_tell(forecasting->wishes, &forecast->has_changes, reterr);
    forecasting->phase = FORECAST_PLAYING;
    return r < 0 ? r : 1;
}

static int go_on_or_tell(Forecasting *forecasting) {
    int r = forecast_wishes_go_on(forecasting->wishes);
    return r != 0 ? r : rehearsal_tell(forecasting->rehearsal, &forecasting->forecast);
}

/* 1: go on; 0: the forecast is there. */
static int forecasting_step(Forecasting *forecasting, Error *reterr) {
    if (forecasting->phase == FORECAST_LOADING)
        return begin_to_settle(forecasting, reterr);
    int r = rehearsal_step(forecasting->rehearsal, STEP_UNITS_MAX);
    if (r > 0 && ++forecasting->n_steps == STEPS_MAX)
        return error_set(reterr, -ELOOP, "the cluster would not come to rest");
    if (r != 0)
        return r;
    return forecasting->phase == FORECAST_SETTLING ? begin_to_play(forecasting, reterr)
                                                   : go_on_or_tell(forecasting);
}

static void on_timer(void *userdata) {
    Forecasting *forecasting = userdata;
    _cleanup_error_ Error error = {};
    int r = forecasting_step(forecasting, &error);
    if (r > 0)
        timer_start(forecasting->timer, 0);
    else
        forecasting_end(forecasting, r, error.message);
}

/* --- making --- */

static int forecasting_open(Forecasting *forecasting) {
    static const FeedCallbacks feed_callbacks = {.on_machine_here = on_machine,
                                                 .on_machine_away = on_machine,
                                                 .on_machine_missing = on_machine,
                                                 .on_order = on_order,
                                                 .on_maintenance = on_maintenance,
                                                 .on_brake = on_brake};
    static const MirrorCallbacks mirror_callbacks = {
        .on_put = on_put, .on_delete = on_delete, .on_synced = on_synced};
    const ForecastingOptions *options = &forecasting->options;
    forecasting->cluster = cluster_new(options->agent_ttl_usec);
    forecasting->deadlines = map_new(free);
    if (!forecasting->cluster || !forecasting->deadlines)
        return -ENOMEM;
    int r = feed_new(forecasting->cluster, &feed_callbacks, forecasting, &forecasting->feed);
    if (r >= 0)
        r = timer_new(options->loop, on_timer, forecasting, &forecasting->timer);
    if (r >= 0)
        r = mirror_new(
            options->store, options->loop,
            &(MirrorKeys){.prefix = "", .before = KEY_FIRST_OF_PAST, .cuts = key_kind_cuts},
            &mirror_callbacks, forecasting, &forecasting->mirror);
    return r;
}

int forecasting_begin(const ForecastingOptions *options, Forecasting **ret) {
    _cleanup_(forecasting_freep) Forecasting *forecasting = calloc(1, sizeof(Forecasting));
    if (!forecasting)
        return -ENOMEM;
    forecasting->options = *options;
    int r = forecasting_open(forecasting);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(forecasting);
    return 0;
}

/* A copy of the whole cluster goes back to the system. */
void forecasting_free(Forecasting *forecasting) {
    if (!forecasting)
        return;
    mirror_free(forecasting->mirror);
    timer_free(forecasting->timer);
    rehearsal_free(forecasting->rehearsal);
    forecast_wishes_free(forecasting->wishes);
    feed_free(forecasting->feed);
    cluster_free(forecasting->cluster);
    map_free(forecasting->deadlines);
    forecast_done(&forecasting->forecast);
    free(forecasting);
    malloc_trim(0);
}
