#include "fleetctl/api/event-snapshot.h"

#include "fleetctl/api/api-objects.h"
#include "fleetctl/api/event-reader.h"

#include <errno.h>

typedef struct Snapshot {
    json_object *array;
    bool is_complete, is_timed_out;
    int result;
    Error *reterr;
} Snapshot;

static int on_line(const char *line, size_t size, void *userdata) {
    Snapshot *snapshot = userdata;
    _cleanup_json_ json_object *json = NULL;
    ApiEvent event;
    int r = api_event_parse(line, size, &json, &event, snapshot->reterr);
    if (r < 0)
        return error_prefix(snapshot->reterr, r, "Bad line in the stream of events");
    if (event.type == API_EVENT_SYNCED)
        snapshot->is_complete = true;
    if (event.type != API_EVENT_UNIT || snapshot->is_complete)
        return 0;
    if (json_object_array_add(snapshot->array, json) < 0)
        return -ENOMEM;
    json = NULL; /* the array's now */
    return 0;
}

static void on_end(int r, void *userdata) {
    ((Snapshot *) userdata)->result = r;
}

static void on_timeout(void *userdata) {
    ((Snapshot *) userdata)->is_timed_out = true;
}

static int snapshot_run(Snapshot *snapshot, ApiClient *api, const char *path, usec_t timeout_usec) {
    _cleanup_(event_reader_closep) EventReader *reader = NULL;
    _cleanup_(timer_freep) Timer *timer = NULL;
    EventHandler handler = {.on_line = on_line, .on_end = on_end, .userdata = snapshot};
    int r = timer_new(api_client_loop(api), on_timeout, snapshot, &timer);
    if (r >= 0)
        r = event_reader_open(api, path, &handler, &reader, snapshot->reterr);
    if (r < 0)
        return r;
    timer_start(timer, timeout_usec);
    while (r >= 0 && snapshot->result >= 0 && !snapshot->is_complete && !snapshot->is_timed_out)
        r = sd_event_run(api_client_event(api), UINT64_MAX);
    if (r >= 0 && snapshot->is_timed_out)
        return api_client_unreachable(api, -ETIMEDOUT, "no answer in time", snapshot->reterr);
    return r < 0 ? r : snapshot->result;
}

int event_snapshot(ApiClient *api, const char *const *names, size_t n_names, usec_t timeout_usec,
                   json_object **ret_array, Error *reterr) {
    _cleanup_free_ char *path = event_reader_path(names, n_names, 0);
    Snapshot snapshot = {.array = json_object_new_array(), .reterr = reterr};
    int r = path && snapshot.array ? snapshot_run(&snapshot, api, path, timeout_usec) : -ENOMEM;
    if (r < 0) {
        json_object_put(snapshot.array);
        return r;
    }
    *ret_array = snapshot.array;
    return 0;
}
