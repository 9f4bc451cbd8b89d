#include "fleetctl/wait/reboot-tracker.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

#include <errno.h>

struct RebootTracker {
    bool is_synced;
    Map *machines; /* RebootProgress by id */
    RebootProgress **order;
    size_t n;
};

static void progress_free(void *value) {
    RebootProgress *progress = value;
    if (!progress)
        return;
    free(progress->machine_id);
    free(progress->phase);
    free(progress->why);
    free(progress->boot_id);
    free(progress);
}

int reboot_tracker_new(RebootTracker **ret) {
    _cleanup_(reboot_tracker_freep) RebootTracker *tracker = calloc(1, sizeof(RebootTracker));
    if (!tracker || !(tracker->machines = map_new(progress_free)))
        return -ENOMEM;
    *ret = TAKE_PTR(tracker);
    return 0;
}

void reboot_tracker_free(RebootTracker *tracker) {
    if (!tracker)
        return;
    map_free(tracker->machines);
    free(tracker->order);
    free(tracker);
}

int reboot_tracker_add(RebootTracker *tracker, const char *machine_id) {
    RebootProgress **order = reallocarray(tracker->order, tracker->n + 1, sizeof(*tracker->order));
    if (!order)
        return -ENOMEM;
    tracker->order = order;
    RebootProgress *progress = calloc(1, sizeof(RebootProgress));
    if (!progress || !(progress->machine_id = strdup(machine_id)) ||
        map_put(tracker->machines, machine_id, progress) < 0) {
        progress_free(progress);
        return -ENOMEM;
    }
    progress->is_told = true; /* nothing is worth telling yet */
    tracker->order[tracker->n++] = progress;
    return 0;
}

void reboot_tracker_begin(RebootTracker *tracker) {
    tracker->is_synced = false;
    for (size_t i = 0; i < tracker->n; i++)
        tracker->order[i]->is_mentioned = false;
}

static void progress_end(RebootProgress *progress, RebootEnd end) {
    if (progress->end != end)
        progress->is_told = false;
    progress->end = end;
}

/* A machine of which nothing is told is away, and not to be rebooted. But a fleetd that is older
 * tells nothing of one that is down for its reboot: what becomes of that comes later. */
static void take_silence(RebootProgress *progress) {
    bool may_be_down = progress->end == REBOOT_END_NONE && streq_ptr(progress->phase, "rebooting");
    if (progress->end != REBOOT_END_BACK && !may_be_down)
        progress_end(progress, REBOOT_END_CANCELLED);
}

static void take_synced(RebootTracker *tracker) {
    for (size_t i = 0; !tracker->is_synced && i < tracker->n; i++)
        if (!tracker->order[i]->is_mentioned)
            take_silence(tracker->order[i]);
    tracker->is_synced = true;
}

static int take_phase(RebootProgress *progress, const ApiReboot *reboot) {
    bool is_same =
        streq_ptr(progress->phase, reboot->phase) && streq_ptr(progress->why, reboot->why);
    progress_end(progress, streq(reboot->phase, "failed") ? REBOOT_END_FAILED : REBOOT_END_NONE);
    progress->is_told &= is_same;
    int r = str_replace(&progress->phase, reboot->phase);
    if (r >= 0)
        r = str_replace(&progress->why, reboot->why);
    return r < 0 ? r : str_replace(&progress->boot_id, reboot->boot_id);
}

/* Its record is gone: it is over if the machine has booted since. */
static void take_end(RebootProgress *progress, const ApiEvent *event) {
    bool is_back = progress->boot_id && event->boot_id && !streq(progress->boot_id, event->boot_id);
    if (progress->end == REBOOT_END_NONE || progress->end == REBOOT_END_FAILED)
        progress_end(progress, is_back ? REBOOT_END_BACK : REBOOT_END_CANCELLED);
}

int reboot_tracker_feed(RebootTracker *tracker, const char *line, size_t size, Error *reterr) {
    _cleanup_json_ json_object *json = NULL;
    ApiEvent event;
    int r = api_event_parse(line, size, &json, &event, reterr);
    if (r < 0)
        return r;
    if (event.type == API_EVENT_SYNCED)
        take_synced(tracker);
    RebootProgress *progress =
        event.type == API_EVENT_MACHINE ? map_get(tracker->machines, event.machine_id) : NULL;
    if (!progress)
        return 0;
    progress->is_mentioned = true;
    if (*event.reboot.phase)
        return take_phase(progress, &event.reboot);
    take_end(progress, &event);
    return 0;
}

size_t reboot_tracker_count(const RebootTracker *tracker, RebootEnd end) {
    size_t n = 0;
    for (size_t i = 0; i < tracker->n; i++)
        n += tracker->order[i]->end == end;
    return n;
}

bool reboot_tracker_is_over(const RebootTracker *tracker) {
    bool has_failed = reboot_tracker_count(tracker, REBOOT_END_FAILED) > 0;
    for (size_t i = 0; i < tracker->n; i++) {
        const RebootProgress *progress = tracker->order[i];
        bool waits = streq_ptr(progress->phase, "waiting");
        if (progress->end == REBOOT_END_NONE && !(has_failed && waits))
            return false;
    }
    return tracker->is_synced;
}

RebootProgress *reboot_tracker_get(const RebootTracker *tracker, size_t i) {
    return i < tracker->n ? tracker->order[i] : NULL;
}
