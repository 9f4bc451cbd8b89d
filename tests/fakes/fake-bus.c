#include "tests/fakes/fake-bus.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define SYSTEMD "org.freedesktop.systemd1"

typedef struct State {
    char *load, *active, *sub;
} State;

struct FakeBus {
    sd_event *event;
    int listen_fd;
    sd_event_source *listen_source;
    sd_bus *client;
    char **calls;
    char *fail_member, *fail_error;
    char *hold_member;
    sd_bus_message *held[256];
    size_t n_held;
    Map *states; /* name -> State; "" is the default */
    char **loaded;
    size_t extra_links;
    unsigned jobs;
    bool is_same_job;
    char *job_result;
};

static void state_free(void *value) {
    State *state = value;
    free(state->load);
    free(state->active);
    free(state->sub);
    free(state);
}

static void check(int r) {
    if (r >= 0)
        return;
    fprintf(stderr, "the fake bus failed: %s\n", strerror(-r));
    abort();
}

/* Answers */

typedef struct Method {
    const char *member;
    const char *arguments; /* what is noted: s a string, a an array of strings */
    int (*answer)(FakeBus *bus, sd_bus_message *call, char **arguments, sd_bus_message *reply);
} Method;

static int answer_nothing(FakeBus *bus, sd_bus_message *call, char **arguments,
                          sd_bus_message *reply) {
    return 0;
}

static int answer_hello(FakeBus *bus, sd_bus_message *call, char **arguments,
                        sd_bus_message *reply) {
    return sd_bus_message_append(reply, "s", ":1.1");
}

static int answer_job(FakeBus *bus, sd_bus_message *call, char **arguments, sd_bus_message *reply) {
    char path[64];
    if (bus->jobs == 0 || !bus->is_same_job)
        bus->jobs++;
    snprintf(path, sizeof(path), "/org/freedesktop/systemd1/job/%u", bus->jobs);
    return sd_bus_message_append(reply, "o", path);
}

static int links_append(sd_bus_message *reply, size_t n) {
    int r = sd_bus_message_open_container(reply, 'a', "(sss)");
    for (size_t i = 0; r >= 0 && i < n; i++)
        r = sd_bus_message_append(reply, "(sss)", "symlink", "/x", "/y");
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int answer_links(FakeBus *bus, sd_bus_message *call, char **arguments,
                        sd_bus_message *reply) {
    return links_append(reply, strv_length(arguments) + bus->extra_links);
}

static int answer_enabled(FakeBus *bus, sd_bus_message *call, char **arguments,
                          sd_bus_message *reply) {
    int r = sd_bus_message_append(reply, "b", true);
    return r < 0 ? r : links_append(reply, bus->extra_links);
}

static int rows_append(FakeBus *bus, char **names, sd_bus_message *reply) {
    int r = sd_bus_message_open_container(reply, 'a', "(ssssssouso)");
    STRV_FOREACH (name, names) {
        const State *state = map_get(bus->states, *name);
        if (!state)
            state = map_get(bus->states, "");
        if (r >= 0)
            r = sd_bus_message_append(reply, "(ssssssouso)", *name, "", state->load, state->active,
                                      state->sub, "", "/", 0, "", "/");
    }
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int answer_by_names(FakeBus *bus, sd_bus_message *call, char **arguments,
                           sd_bus_message *reply) {
    return rows_append(bus, arguments, reply);
}

static int answer_loaded(FakeBus *bus, sd_bus_message *call, char **arguments,
                         sd_bus_message *reply) {
    return rows_append(bus, bus->loaded, reply);
}

static int answer_property(FakeBus *bus, sd_bus_message *call, char **arguments,
                           sd_bus_message *reply) {
    bool is_state = strv_contains(arguments, "SystemState");
    return sd_bus_message_append(reply, "v", "s", is_state ? "running" : "exit-code");
}

static const Method methods[] = {
    {"Hello", "", answer_hello},
    {"AddMatch", "", answer_nothing},
    {"RemoveMatch", "", answer_nothing},
    {"Subscribe", "", answer_nothing},
    {"Reload", "", answer_nothing},
    {"ListUnitsByNames", "a", answer_by_names},
    {"ListUnitsByPatterns", "aa", answer_loaded},
    {"LinkUnitFiles", "a", answer_links},
    {"EnableUnitFiles", "a", answer_enabled},
    {"DisableUnitFiles", "a", answer_links},
    {"ResetFailedUnit", "s", answer_nothing},
    {"StartUnit", "s", answer_job},
    {"StopUnit", "s", answer_job},
    {"TryRestartUnit", "s", answer_job},
    {"Get", "ss", answer_property},
};

static const Method *method_find(const char *member) {
    for (size_t i = 0; i < ELEMENTSOF(methods); i++)
        if (streq(methods[i].member, member))
            return &methods[i];
    return NULL;
}

static int array_read(sd_bus_message *call, char ***ret) {
    const char *text;
    int r = sd_bus_message_enter_container(call, 'a', "s");
    while (r >= 0 && (r = sd_bus_message_read(call, "s", &text)) > 0)
        r = strv_push(ret, text);
    return r < 0 ? r : sd_bus_message_exit_container(call);
}

static int arguments_read(const Method *method, sd_bus_message *call, char ***ret) {
    int r = sd_bus_message_rewind(call, true);
    for (const char *type = method->arguments; r >= 0 && *type; type++) {
        const char *text;
        if (*type == 'a')
            r = array_read(call, ret);
        else if ((r = sd_bus_message_read(call, "s", &text)) > 0)
            r = strv_push(ret, text);
    }
    return r;
}

static int call_answer(FakeBus *bus, sd_bus_message *call) {
    const Method *method = method_find(sd_bus_message_get_member(call));
    _cleanup_(strv_freep) char **arguments = NULL;
    sd_bus_message *reply = NULL;
    check(arguments_read(method, call, &arguments));
    if (streq_ptr(bus->fail_member, method->member)) {
        free(TAKE_PTR(bus->fail_member));
        check(sd_bus_message_new_method_errorf(call, &reply, bus->fail_error, "as scripted"));
    } else {
        check(sd_bus_message_new_method_return(call, &reply));
        check(method->answer(bus, call, arguments, reply));
    }
    check(sd_bus_message_set_sender(reply, SYSTEMD));
    bool has_job = method->answer == answer_job && !sd_bus_message_is_method_error(reply, NULL);
    int r = sd_bus_send(bus->client, reply, NULL); /* the client may be gone */
    sd_bus_message_unref(reply);
    if (r >= 0 && has_job && bus->job_result)
        fake_bus_emit_job_removed(bus, bus->jobs, arguments[0], bus->job_result);
    return 1;
}

static void call_note(FakeBus *bus, const Method *method, sd_bus_message *call) {
    _cleanup_(strv_freep) char **words = NULL;
    check(strv_push(&words, method->member));
    check(arguments_read(method, call, &words));
    _cleanup_free_ char *text = strv_join(words, " ");
    check(text ? strv_push(&bus->calls, text) : -ENOMEM);
}

static bool is_of_the_bus(const Method *method) {
    return streq(method->member, "Hello") || strstr(method->member, "Match");
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
    FakeBus *bus = userdata;
    uint8_t type;
    check(sd_bus_message_get_type(m, &type));
    const char *member = sd_bus_message_get_member(m);
    const Method *method = member ? method_find(member) : NULL;
    if (type != SD_BUS_MESSAGE_METHOD_CALL || !method)
        return 0;
    if (!is_of_the_bus(method))
        call_note(bus, method, m);
    if (!streq_ptr(bus->hold_member, member) || bus->n_held == ELEMENTSOF(bus->held))
        return call_answer(bus, m);
    bus->held[bus->n_held++] = sd_bus_message_ref(m);
    return 1;
}

/* The client */

static int on_connect(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
    static const sd_id128_t id =
        SD_ID128_MAKE(f1, ee, 70, 00, 00, 00, 40, 00, 80, 00, 00, 00, 00, 00, 00, 01);
    FakeBus *bus = userdata;
    int client_fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    check(client_fd < 0 ? -errno : 0);
    fake_bus_disconnect(bus);
    check(sd_bus_new(&bus->client));
    check(sd_bus_set_fd(bus->client, client_fd, client_fd));
    check(sd_bus_set_server(bus->client, true, id));
    check(sd_bus_set_anonymous(bus->client, true));
    check(sd_bus_add_filter(bus->client, NULL, on_message, bus));
    check(sd_bus_start(bus->client));
    check(sd_bus_attach_event(bus->client, bus->event, 0));
    return 0;
}

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd < 0 ? -errno : 0);
    check(bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ? -errno : 0);
    check(listen(fd, 8) < 0 ? -errno : 0);
    return fd;
}

int fake_bus_new(sd_event *event, const char *socket_path, FakeBus **ret) {
    FakeBus *bus = calloc(1, sizeof(FakeBus));
    if (!bus)
        return -ENOMEM;
    bus->event = sd_event_ref(event);
    bus->states = map_new(state_free);
    bus->listen_fd = listen_at(socket_path);
    check(bus->listen_fd);
    check(sd_event_add_io(event, &bus->listen_source, bus->listen_fd, EPOLLIN, on_connect, bus));
    check(fake_bus_set_state(bus, NULL, "loaded", "inactive", "dead"));
    *ret = bus;
    return 0;
}

void fake_bus_free(FakeBus *bus) {
    if (!bus)
        return;
    fake_bus_disconnect(bus);
    sd_event_source_disable_unref(bus->listen_source);
    close(bus->listen_fd);
    sd_event_unref(bus->event);
    map_free(bus->states);
    strv_free(bus->calls);
    strv_free(bus->loaded);
    free(bus->fail_member);
    free(bus->fail_error);
    free(bus->hold_member);
    free(bus->job_result);
    free(bus);
}

void fake_bus_disconnect(FakeBus *bus) {
    while (bus->n_held > 0)
        sd_bus_message_unref(bus->held[--bus->n_held]);
    bus->client = sd_bus_flush_close_unref(bus->client);
}

bool fake_bus_has_client(const FakeBus *bus) {
    return bus->client;
}

/* What the test says */

char *const *fake_bus_calls(const FakeBus *bus) {
    return bus->calls;
}

size_t fake_bus_count(const FakeBus *bus, const char *member) {
    size_t n = 0;
    STRV_FOREACH (call, bus->calls)
        n += strncmp(*call, member, strlen(member)) == 0 &&
             ((*call)[strlen(member)] == ' ' || !(*call)[strlen(member)]);
    return n;
}

void fake_bus_forget_calls(FakeBus *bus) {
    strv_free(bus->calls);
    bus->calls = NULL;
}

void fake_bus_fail_next(FakeBus *bus, const char *member, const char *error_name) {
    check(str_replace(&bus->fail_member, member));
    check(str_replace(&bus->fail_error, error_name));
}

void fake_bus_hold(FakeBus *bus, const char *member) {
    check(str_replace(&bus->hold_member, member));
}

void fake_bus_release(FakeBus *bus) {
    size_t n = bus->n_held;
    fake_bus_hold(bus, NULL);
    bus->n_held = 0;
    for (size_t i = 0; i < n; i++) {
        call_answer(bus, bus->held[i]);
        sd_bus_message_unref(bus->held[i]);
    }
}

int fake_bus_set_state(FakeBus *bus, const char *name, const char *load, const char *active,
                       const char *sub) {
    State *state = calloc(1, sizeof(State));
    if (!state)
        return -ENOMEM;
    *state = (State){strdup(load), strdup(active), strdup(sub)};
    return map_put(bus->states, str_or(name, ""), state);
}

int fake_bus_set_loaded(FakeBus *bus, const char *name) {
    return strv_push(&bus->loaded, name);
}

void fake_bus_set_extra_links(FakeBus *bus, size_t n) {
    bus->extra_links = n;
}

void fake_bus_set_job_result(FakeBus *bus, const char *result) {
    check(str_replace(&bus->job_result, result));
}

void fake_bus_set_same_job(FakeBus *bus, bool is_same_job) {
    bus->is_same_job = is_same_job;
}

static void signal_send_unref(FakeBus *bus, sd_bus_message *m, const char *sender) {
    check(sd_bus_message_set_sender(m, sender));
    check(sd_bus_send(bus->client, m, NULL));
    sd_bus_message_unref(m);
}

static sd_bus_message *manager_signal(FakeBus *bus, const char *member, unsigned job) {
    char path[64];
    sd_bus_message *m;
    check(sd_bus_message_new_signal(bus->client, &m, "/org/freedesktop/systemd1",
                                    SYSTEMD ".Manager", member));
    snprintf(path, sizeof(path), "/org/freedesktop/systemd1/job/%u", job);
    check(sd_bus_message_append(m, "uo", job, path));
    return m;
}

void fake_bus_emit_job_removed(FakeBus *bus, unsigned job, const char *unit, const char *result) {
    sd_bus_message *m = manager_signal(bus, "JobRemoved", job);
    check(sd_bus_message_append(m, "ss", unit, result));
    signal_send_unref(bus, m, SYSTEMD);
}

void fake_bus_emit_job_new(FakeBus *bus, unsigned job, const char *unit) {
    sd_bus_message *m = manager_signal(bus, "JobNew", job);
    check(sd_bus_message_append(m, "s", unit));
    signal_send_unref(bus, m, SYSTEMD);
}

void fake_bus_emit_properties(FakeBus *bus, const char *unit, const char *interface,
                              const char *const *pairs) {
    _cleanup_free_ char *path = NULL;
    sd_bus_message *m;
    check(sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path));
    check(sd_bus_message_new_signal(bus->client, &m, path, "org.freedesktop.DBus.Properties",
                                    "PropertiesChanged"));
    check(sd_bus_message_append(m, "s", interface));
    check(sd_bus_message_open_container(m, 'a', "{sv}"));
    check(sd_bus_message_append(m, "{sv}", "NRestarts", "u", 7));
    for (; *pairs; pairs += 2)
        if (streq(pairs[1], "yes") || streq(pairs[1], "no"))
            check(sd_bus_message_append(m, "{sv}", pairs[0], "b", streq(pairs[1], "yes")));
        else
            check(sd_bus_message_append(m, "{sv}", pairs[0], "s", pairs[1]));
    check(sd_bus_message_close_container(m));
    check(sd_bus_message_append(m, "as", 0));
    signal_send_unref(bus, m, SYSTEMD);
}

static void owner_emit(FakeBus *bus, const char *old_owner, const char *new_owner) {
    sd_bus_message *m;
    check(sd_bus_message_new_signal(bus->client, &m, "/org/freedesktop/DBus",
                                    "org.freedesktop.DBus", "NameOwnerChanged"));
    check(sd_bus_message_append(m, "sss", SYSTEMD, old_owner, new_owner));
    signal_send_unref(bus, m, "org.freedesktop.DBus");
}

void fake_bus_emit_owner_changes(FakeBus *bus) {
    owner_emit(bus, ":1.0", "");
    owner_emit(bus, "", ":1.2");
}
