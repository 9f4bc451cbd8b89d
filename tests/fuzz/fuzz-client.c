/* What fleetctl makes of fleetd's answers. The first line names what is asked for; then come the
 * answers, with a line "--" between them, each with its status in the first three characters. */
#include "fleetctl/api/api-changes.h"
#include "fleetctl/api/api-list.h"
#include "fleetctl/api/api-units.h"
#include "fleetd/base/json.h"
#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "tests/fakes/fed-http-client.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

typedef struct World {
    ApiClient *api;
    FuzzInput answers;
} World;

/* Answers whatever is asked, until there are no answers any more. */
static int on_turn(sd_event_source *source, void *userdata) {
    World *world = userdata;
    HttpRequest *request = fed_request_find("/fleet/v1/");
    if (!request)
        return 0;
    FuzzInput answer = fuzz_take_part(&world->answers);
    unsigned status = 0;
    for (size_t i = 0; i < 3 && i < answer.size; i++)
        status = 10 * status + (unsigned) (answer.data[i] - '0') % 10;
    if (answer.size <= 3)
        fed_request_fail(request, -ECONNREFUSED, "");
    else
        fed_request_end(request, status, answer.data + 3, answer.size - 3);
    return 0;
}

static void list_try(World *world, ApiResource resource) {
    _cleanup_json_ json_object *array = NULL;
    _cleanup_error_ Error error = {};
    if (api_list(world->api, resource, &array, &error) < 0)
        HOLDS(error.message && !array);
    else
        HOLDS(json_object_is_type(array, json_type_array));
}

static void states_try(World *world) {
    list_try(world, API_STATES);
}

static void machines_try(World *world) {
    list_try(world, API_MACHINES);
}

static void unit_check(const ApiUnit *unit) {
    const char *machine_id, *reason;
    if (!unit->name)
        return;
    HOLDS(unit->machine_id && unit->hash && unit->desired >= 0 && unit->current >= 0);
    api_unit_option(unit, "Unit", "Description");
    for (size_t i = 0; api_pending_get(&unit->pending, i, &machine_id, &reason); i++)
        HOLDS(machine_id && reason);
}

static void units_try(World *world) {
    _cleanup_api_units_ ApiUnits units = {};
    _cleanup_error_ Error error = {};
    if (api_list_units(world->api, &units, &error) < 0)
        HOLDS(error.message);
    for (size_t i = 0; i < units.n; i++) {
        HOLDS(units.items[i].name);
        unit_check(&units.items[i]);
    }
}

static void single_units_try(World *world) {
    static char *const names[] = {(char *) "a.service", (char *) "b.service", NULL};
    _cleanup_api_units_ ApiUnits units = {};
    _cleanup_error_ Error error = {};
    if (api_get_units(world->api, names, &units, &error) < 0)
        HOLDS(error.message);
    else
        HOLDS(units.n == 2);
    for (size_t i = 0; i < units.n; i++)
        unit_check(&units.items[i]);
}

static void changes_try(World *world) {
    ApiChange changes[] = {
        {.name = "a.service", .desired = LAUNCH_STATE_LAUNCHED, .text = "[A]\n", .text_size = 4},
        {.name = "b.service", .is_removal = true},
    };
    _cleanup_error_ Error error = {};
    int r = api_send_changes(world->api, changes, ELEMENTSOF(changes), &error);
    HOLDS(r >= 0 || error.message);
    for (size_t i = 0; r >= 0 && i < ELEMENTSOF(changes); i++)
        HOLDS((changes[i].outcome == API_OUTCOME_REFUSED) == !!changes[i].refusal);
    api_changes_done(changes, ELEMENTSOF(changes));
}

static const struct {
    const char *name;
    void (*attempt)(World *world);
} kinds[] = {
    {"units", units_try},      {"states", states_try},   {"machines", machines_try},
    {"get", single_units_try}, {"changes", changes_try},
};

static void kind_try(void (*attempt)(World *world), FuzzInput answers) {
    World world = {.answers = answers};
    sd_event *event = NULL;
    sd_event_source *source = NULL;
    const ApiClientOptions options = {.name = "x", .base_url = "http://x"};
    HOLDS(sd_event_new(&event) >= 0);
    HOLDS(sd_event_add_defer(event, &source, on_turn, &world) >= 0);
    HOLDS(sd_event_source_set_enabled(source, SD_EVENT_ON) >= 0);
    HOLDS(api_client_new(event, &options, &world.api) == 0);
    attempt(&world);
    api_client_free(world.api);
    sd_event_source_unref(source);
    sd_event_unref(event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    log_setup(LOG_EMERG);
    _cleanup_free_ char *name = fuzz_take_line(&input);
    for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
        if (streq(kinds[i].name, name))
            kind_try(kinds[i].attempt, input);
    return 0;
}
