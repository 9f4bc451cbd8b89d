/* The stream of events as fleetctl follows it: each byte of the first line is the size of a piece,
 * the rest is the stream. What is made of it does not depend on the pieces, and what is waited for
 * ends only by a line that says so. */
#include "fleetctl/api/event-reader.h"
#include "fleetctl/wait/wait-tracker.h"
#include "fleetd/base/json.h"
#include "fleetd/base/log.h"
#include "tests/fakes/fed-http-client.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

typedef struct World {
    ApiClient *api;
    EventReader *reader;
    WaitTracker *tracker;
    bool has_begun, has_ended;
    FILE *told;
} World;

static void on_begin(void *userdata) {
    World *world = userdata;
    world->has_begun = true;
    wait_tracker_begin(world->tracker);
    fputs("begin\n", world->told);
}

/* What is shown has a text to be shown. */
static void event_check(const ApiEvent *event) {
    const char *machine_id, *reason;
    HOLDS(event->machine_id && event->load && event->active && event->sub && event->result);
    HOLDS(event->hash && event->desired >= 0 && event->current >= 0 && event->job >= 0);
    for (size_t i = 0; api_pending_get(&event->pending, i, &machine_id, &reason); i++)
        HOLDS(machine_id && reason);
}

static void line_read(const char *line, size_t size) {
    _cleanup_json_ json_object *json = NULL;
    _cleanup_error_ Error error = {};
    ApiEvent event = {};
    if (json_parse(line, size, &json, NULL) < 0)
        return;
    if (api_event_read(json, &event, &error) < 0)
        HOLDS(error.message);
    else if (event.type == API_EVENT_UNIT)
        event_check(&event);
}

static void tracker_feed(World *world, const char *line, size_t size) {
    WaitTracker *tracker = world->tracker;
    WaitUnit *unit;
    fprintf(world->told, "%d", wait_tracker_feed(tracker, line, size, NULL));
    size_t n_open = 0;
    for (size_t i = 0; (unit = wait_tracker_get(tracker, i)); i++) {
        HOLDS(unit->status >= 0 && unit->status < _WAIT_STATUS_MAX);
        if (unit->line)
            event_check(&unit->event);
        n_open += wait_status_is_open(unit->status);
        fprintf(world->told, " %s:%d", unit->name, unit->status);
    }
    HOLDS(n_open == wait_tracker_count_open(tracker));
    fputc('\n', world->told);
}

static int on_line(const char *line, size_t size, void *userdata) {
    World *world = userdata;
    HOLDS(world->has_begun && !world->has_ended);
    HOLDS(size > 0 && !memchr(line, '\n', size));
    line_read(line, size);
    tracker_feed(world, line, size);
    return 0;
}

static void on_lost(void *userdata) {
    fputs("lost\n", ((World *) userdata)->told);
}

static void on_end(int r, void *userdata) {
    World *world = userdata;
    HOLDS(!world->has_ended && r < 0);
    world->has_ended = true;
    fprintf(world->told, "end %d\n", r);
}

static void world_open(World *world, sd_event *event, WaitGoal goal, Error *error) {
    const ApiClientOptions options = {.name = "x", .base_url = "http://x"};
    const EventHandler handler = {on_begin, on_line, on_lost, on_end, world};
    HOLDS(api_client_new(event, &options, &world->api) == 0);
    HOLDS(wait_tracker_new(goal, &world->tracker) == 0);
    HOLDS(wait_tracker_add(world->tracker, "a.service", 10, false) == 0);
    HOLDS(wait_tracker_add(world->tracker, "b.service", 9, true) == 0);
    HOLDS(event_reader_open(world->api, "/events", &handler, &world->reader, error) == 0);
}

static void world_close(World *world) {
    event_reader_close(world->reader);
    wait_tracker_free(world->tracker);
    api_client_free(world->api);
}

static void stream_feed(FuzzInput stream, FuzzInput sizes) {
    HttpRequest *request = fed_request_find("/events");
    if (fed_request_feed_pieces(request, stream.data, stream.size, (const uint8_t *) sizes.data,
                                sizes.size))
        fed_request_end(request, 200, "", 0);
}

static char *stream_run(sd_event *event, WaitGoal goal, FuzzInput stream, FuzzInput sizes) {
    _cleanup_error_ Error error = {};
    char *text = NULL;
    size_t size;
    World world = {.told = open_memstream(&text, &size)};
    world_open(&world, event, goal, &error);
    stream_feed(stream, sizes);
    world_close(&world);
    fclose(world.told);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static sd_event *event;
    FuzzInput input = fuzz_input(data, size);
    HOLDS(event || sd_event_default(&event) >= 0);
    log_setup(LOG_EMERG);
    _cleanup_free_ char *line = fuzz_take_line(&input);
    WaitGoal goal = (unsigned char) *line % _WAIT_GOAL_MAX;
    FuzzInput sizes = {line + 1, *line ? strlen(line + 1) : 0}, bytes = {"\1", 1};
    _cleanup_free_ char *whole = stream_run(event, goal, input, (FuzzInput){}),
                        *pieces = stream_run(event, goal, input, sizes),
                        *single = stream_run(event, goal, input, bytes);
    HOLDS(streq(whole, pieces) && streq(whole, single));
    return 0;
}
