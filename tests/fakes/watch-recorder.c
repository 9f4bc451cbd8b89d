#include "tests/fakes/watch-recorder.h"

#include "fleetd/base/strv.h"

/* Longer than any lease that a test waits for. */
#define WAIT_MAX_USEC (30 * USEC_PER_SEC)

static void on_created(int64_t revision, void *userdata) {
    WatchRecorder *recorder = userdata;
    recorder->is_broken |= recorder->n_created > 0 || recorder->n_events > 0;
    recorder->n_created++;
    recorder->created_revision = revision;
}

static void record(WatchRecorder *recorder, const StoreEvent *event) {
    const char *separator = recorder->log ? " " : "", *before = str_or(recorder->log, "");
    char *log =
        event->kind == STORE_EVENT_PUT
            ? str_printf("%s%s+%s=%s", before, separator, event->entry.key, event->entry.value)
            : str_printf("%s%s-%s", before, separator, event->entry.key);
    int64_t *revisions =
        realloc(recorder->revisions, (recorder->n_events + 1) * sizeof(*revisions));
    if (!log || !revisions)
        abort();
    revisions[recorder->n_events++] = event->entry.mod_revision;
    recorder->revisions = revisions;
    free(recorder->log);
    recorder->log = log;
}

static int64_t last_revision(const WatchRecorder *recorder) {
    return recorder->n_events > 0 ? recorder->revisions[recorder->n_events - 1] : 0;
}

static void on_events(const StoreEvent *events, size_t n_events, int64_t revision, void *userdata) {
    WatchRecorder *recorder = userdata;
    recorder->is_broken |= n_events == 0 || recorder->n_closed > 0 || recorder->n_created == 0;
    /* The rest of a revision that was told before would be a revision that was split. */
    recorder->is_broken |= n_events > 0 && events[0].entry.mod_revision <= last_revision(recorder);
    for (size_t i = 0; i < n_events; i++) {
        recorder->is_broken |= events[i].entry.mod_revision < last_revision(recorder);
        record(recorder, &events[i]);
    }
    recorder->is_broken |= revision != last_revision(recorder);
    recorder->n_batches++;
    if (recorder->cancels_itself)
        store_op_cancel(TAKE_PTR(recorder->op));
}

static void on_closed(int r, void *userdata) {
    WatchRecorder *recorder = userdata;
    recorder->is_broken |= r >= 0 || recorder->n_closed > 0;
    recorder->n_closed++;
    recorder->closed_r = r;
    recorder->op = NULL;
}

int watch_recorder_start(WatchRecorder *recorder, const StoreSync *sync, const StoreWatch *watch) {
    static const StoreWatchCallbacks callbacks = {
        .on_created = on_created, .on_events = on_events, .on_closed = on_closed};
    recorder->sync = sync;
    return store_watch(sync->store, watch, &callbacks, recorder, &recorder->op);
}

typedef struct Wait {
    WatchRecorder *recorder;
    size_t n_events;
} Wait;

static bool has_events(void *userdata) {
    Wait *wait = userdata;
    return wait->recorder->n_events >= wait->n_events;
}

static bool has_created(void *userdata) {
    return ((WatchRecorder *) userdata)->n_created > 0;
}

static bool has_closed(void *userdata) {
    return ((WatchRecorder *) userdata)->n_closed > 0;
}

static bool recorder_wait(WatchRecorder *recorder, bool (*predicate)(void *), void *userdata) {
    const StoreSync *sync = recorder->sync;
    return sync->run_until(sync->loop, predicate, userdata, WAIT_MAX_USEC) && !recorder->is_broken;
}

bool watch_recorder_wait_events(WatchRecorder *recorder, size_t n_events) {
    return recorder_wait(recorder, has_events, &(Wait){recorder, n_events});
}

bool watch_recorder_wait_created(WatchRecorder *recorder) {
    return recorder_wait(recorder, has_created, recorder);
}

bool watch_recorder_wait_closed(WatchRecorder *recorder) {
    return recorder_wait(recorder, has_closed, recorder);
}

void watch_recorder_done(WatchRecorder *recorder) {
    store_op_cancel(recorder->op);
    free(recorder->log);
    free(recorder->revisions);
    *recorder = (WatchRecorder){};
}
