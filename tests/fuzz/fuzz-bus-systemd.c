/* A whole conversation with systemd, who says and answers what nobody asked for. Each line of the
 * input is a step: its first letter says what happens, the rest of the line is its text. Whatever
 * was asked for is answered exactly once, and the unit manager is of use again after it. */
#include "fleetd/base/log.h"
#include "fleetd/systemd/bus-unit-manager.h"
#include "tests/fakes/fake-bus.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/temporary-directory.h"

#define STEPS_MAX 40
#define UNIT "a.service"

typedef struct World {
    char *directory;
    sd_event *event;
    FakeBus *bus;
    UnitManager *um;
    size_t n_asked, n_answered, n_listed;
} World;

static void world_turn(World *world) {
    while (sd_event_run(world->event, 0) > 0)
        ;
}

static void on_changed(const UnitStatus *status, void *userdata) {
    HOLDS(status->name);
}

static void on_reset(void *userdata) {
}

static void on_done(int r, const char *message, void *userdata) {
    ((World *) userdata)->n_answered++;
}

static void on_list(int r, const UnitStatus *const *statuses, size_t n, void *userdata) {
    World *world = userdata;
    world->n_answered++;
    world->n_listed += r >= 0;
    for (size_t i = 0; r >= 0 && i < n; i++)
        HOLDS(statuses[i]->name);
}

static void on_job(JobResult result, const char *message, char *const *log, void *userdata) {
    HOLDS(job_result_is_final(result));
    ((World *) userdata)->n_answered++;
}

static void start(World *world, const char *text) {
    HOLDS(unit_manager_start(world->um, UNIT, on_job, world) == 0);
    world->n_asked++;
}

static void stop(World *world, const char *text) {
    HOLDS(unit_manager_stop(world->um, UNIT, on_job, world) == 0);
    world->n_asked++;
}

static void write_file(World *world, const char *text) {
    UnitFileWrite file = {UNIT, text, strlen(text)};
    HOLDS(unit_manager_write(world->um, &file, 1, on_done, world) == 0);
    world->n_asked++;
}

static void remove_file(World *world, const char *text) {
    HOLDS(unit_manager_remove(world->um, UNIT, on_done, world) == 0);
    world->n_asked++;
}

static void list(World *world, const char *text) {
    HOLDS(unit_manager_list(world->um, on_list, world) == 0);
    world->n_asked++;
}

static void turn(World *world, const char *text) {
    world_turn(world);
}

/* Only who is connected can be told anything. D-Bus carries no text that is not UTF-8. */
static bool can_hear(World *world, const char *text) {
    return fake_bus_has_client(world->bus) && fuzz_is_clean(text);
}

static void job_removed(World *world, const char *text) {
    if (*text && can_hear(world, text + 1))
        fake_bus_emit_job_removed(world->bus, (unsigned) (*text - '0') % 10, UNIT, text + 1);
}

static void job_new(World *world, const char *text) {
    if (can_hear(world, text))
        fake_bus_emit_job_new(world->bus, 1, text);
}

static void properties(World *world, const char *text) {
    const char *const pairs[] = {"ActiveState", text, "SubState", text, "Result", text, NULL};
    if (can_hear(world, text))
        fake_bus_emit_properties(world->bus, UNIT, "org.freedesktop.systemd1.Unit", pairs);
}

static void owner_changes(World *world, const char *text) {
    if (fake_bus_has_client(world->bus))
        fake_bus_emit_owner_changes(world->bus);
}

static void disconnect(World *world, const char *text) {
    fake_bus_disconnect(world->bus);
}

static void state(World *world, const char *text) {
    if (fuzz_is_clean(text))
        fake_bus_set_state(world->bus, UNIT, text, "active", text);
}

/* An error's name that is none cannot be sent. */
static void fail_next(World *world, const char *text) {
    static const char *const members[] = {"StartUnit", "StopUnit",         "LinkUnitFiles",
                                          "Reload",    "ListUnitsByNames", "DisableUnitFiles"};
    if (*text)
        fake_bus_fail_next(world->bus, members[(unsigned char) *text % ELEMENTSOF(members)],
                           "org.freedesktop.systemd1.NoSuchUnit");
}

static void hold(World *world, const char *text) {
    fake_bus_hold(world->bus, *text == '1' ? "StartUnit" : "ListUnitsByNames");
}

static void release(World *world, const char *text) {
    if (fake_bus_has_client(world->bus))
        fake_bus_release(world->bus);
}

static const struct {
    char letter;
    void (*take)(World *world, const char *text);
} steps[] = {
    {'s', start},      {'S', stop},          {'w', write_file},  {'r', remove_file},
    {'l', list},       {'t', turn},          {'j', job_removed}, {'n', job_new},
    {'p', properties}, {'o', owner_changes}, {'d', disconnect},  {'a', state},
    {'f', fail_next},  {'h', hold},          {'u', release},
};

static void step_take(World *world, const char *line) {
    for (size_t i = 0; i < ELEMENTSOF(steps); i++)
        if (steps[i].letter == *line)
            steps[i].take(world, line + 1);
}

static void world_open(World *world) {
    static const UnitManagerCallbacks callbacks = {.on_changed = on_changed, .on_reset = on_reset};
    char run[64], socket[64], address[80];
    *world = (World){.directory = temporary_directory_new()};
    snprintf(run, sizeof(run), "%s/run", world->directory);
    snprintf(socket, sizeof(socket), "%s/bus", world->directory);
    snprintf(address, sizeof(address), "unix:path=%s", socket);
    const BusUnitManagerOptions options = {.run_directory = run, .bus_address = address};
    HOLDS(sd_event_new(&world->event) >= 0);
    HOLDS(fake_bus_new(world->event, socket, &world->bus) == 0);
    HOLDS(bus_unit_manager_new(world->event, &options, &world->um, NULL) == 0);
    unit_manager_set_callbacks(world->um, &callbacks, world);
    world_turn(world);
    list(world, "");
    world_turn(world);
    HOLDS(world->n_listed == 1);
}

static void world_close(World *world) {
    unit_manager_free(world->um);
    fake_bus_free(world->bus);
    sd_event_unref(world->event);
    temporary_directory_free(world->directory);
}

/* Contact that is lost ends all that waits. */
static void end_check(World *world) {
    fake_bus_disconnect(world->bus);
    world_turn(world);
    HOLDS(world->n_answered == world->n_asked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzInput input = fuzz_input(data, size);
    World world;
    log_setup(LOG_EMERG);
    world_open(&world);
    for (int i = 0; i < STEPS_MAX && input.size > 0; i++) {
        _cleanup_free_ char *line = fuzz_take_line(&input);
        step_take(&world, line);
        HOLDS(world.n_answered <= world.n_asked);
    }
    end_check(&world);
    world_close(&world);
    return 0;
}
