#include "fleetd/guard/guard-host.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"
#include "fleetd/systemd/bus-units.h"
#include "fleetd/systemd/unit-directory.h"

#include <errno.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#define PRIVATE_BUS "unix:path=/run/systemd/private"
#define CALL_TIMEOUT_USEC (3 * USEC_PER_SEC)

typedef struct TakeDown TakeDown;

typedef struct RealHost {
    GuardHost base;
    sd_event *event;
    sd_event_source *watch;
    GuardDirectory *guard;
    UnitDirectory *units;
    sd_bus *bus; /* NULL: to be made by the next call */
    TakeDown *under_way;
    void (*on_changed)(void *userdata);
    void *userdata;
} RealHost;

/* Stop, kill if that is asked for, then look. */
struct TakeDown {
    RealHost *host;
    TakeDown *next;
    char *name;
    bool by_force;
    sd_bus_slot *call;
    void (*done)(int r, bool is_down, void *userdata);
    void *userdata;
};

static RealHost *from_base(GuardHost *base) {
    return (RealHost *) base;
}

/* --- contact with systemd --- */

static int private_bus_open(sd_bus **ret) {
    sd_bus *bus;
    int r = sd_bus_new(&bus);
    if (r >= 0)
        r = sd_bus_set_address(bus, PRIVATE_BUS);
    if (r >= 0)
        r = sd_bus_start(bus);
    if (r < 0)
        sd_bus_unref(bus);
    else
        *ret = bus;
    return r;
}

static int host_connect(RealHost *host) {
    if (host->bus && sd_bus_is_open(host->bus) > 0)
        return 0;
    host->bus = sd_bus_close_unref(host->bus);
    int r = geteuid() == 0 ? private_bus_open(&host->bus) : -EPERM;
    if (r < 0)
        r = sd_bus_open_system(&host->bus);
    if (r >= 0)
        r = sd_bus_set_method_call_timeout(host->bus, CALL_TIMEOUT_USEC);
    return r < 0 ? r : sd_bus_attach_event(host->bus, host->event, SD_EVENT_PRIORITY_NORMAL);
}

static int call_systemd(TakeDown *down, sd_bus_message_handler_t on_reply, const char *member,
                        const char *types, ...) {
    sd_bus_message *m = NULL;
    va_list ap;
    int r = sd_bus_message_new_method_call(down->host->bus, &m, "org.freedesktop.systemd1",
                                           "/org/freedesktop/systemd1",
                                           "org.freedesktop.systemd1.Manager", member);
    va_start(ap, types);
    if (r >= 0)
        r = sd_bus_message_appendv(m, types, ap);
    va_end(ap);
    down->call = sd_bus_slot_unref(down->call);
    if (r >= 0)
        r = sd_bus_call_async(down->host->bus, &down->call, m, on_reply, down, 0);
    sd_bus_message_unref(m);
    return r;
}

/* --- taking down --- */

static void take_down_free(TakeDown *down) {
    sd_bus_slot_unref(down->call);
    free(down->name);
    free(down);
}

static void take_down_end(TakeDown *down, int r, bool is_down) {
    TakeDown **p = &down->host->under_way;
    while (*p != down)
        p = &(*p)->next;
    *p = down->next;
    down->done(r, is_down, down->userdata);
    take_down_free(down);
}

static int on_looked(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
    BusUnitRow row = {};
    int r = -sd_bus_message_get_errno(reply);
    if (r == 0)
        r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
    if (r > 0)
        r = bus_unit_row_read(reply, &row);
    UnitStatus status = {.active = (char *) row.active};
    take_down_end(userdata, MIN(r, 0), r > 0 && !unit_status_is_running(&status));
    return 0;
}

static int take_down_look(TakeDown *down) {
    return call_systemd(down, on_looked, "ListUnitsByNames", "as", 1, down->name);
}

/* That there is nothing to kill, or that a shutdown has the unit stopped already, shows in what
 * follows. */
static int on_killed(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
    int r = take_down_look(userdata);
    if (r < 0)
        take_down_end(userdata, r, false);
    return 0;
}

static int on_stop_asked(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
    TakeDown *down = userdata;
    int r = down->by_force ? call_systemd(down, on_killed, "KillUnit", "ssi", down->name, "all",
                                          (int32_t) SIGKILL)
                           : take_down_look(down);
    if (r < 0)
        take_down_end(down, r, false);
    return 0;
}

static int host_take_down(GuardHost *base, const char *name, bool by_force,
                          void (*done)(int r, bool is_down, void *userdata), void *userdata) {
    RealHost *host = from_base(base);
    int r = host_connect(host);
    if (r < 0)
        return r;
    TakeDown *down = calloc(1, sizeof(TakeDown));
    if (!down)
        return -ENOMEM;
    *down = (TakeDown){.host = host,
                       .name = strdup(name),
                       .by_force = by_force,
                       .done = done,
                       .userdata = userdata};
    r = down->name ? call_systemd(down, on_stop_asked, "StopUnit", "ss", name, "replace") : -ENOMEM;
    if (r < 0) {
        take_down_free(down);
        return r;
    }
    down->next = host->under_way;
    host->under_way = down;
    return 0;
}

/* --- the directory --- */

static int host_walk(GuardHost *base, GuardDirectoryVisit visit, void *userdata) {
    return guard_directory_walk(from_base(base)->guard, visit, userdata);
}

/* The mark last: who sets it looks at the permit afterwards (fleetd/systemd/bus-job.c). */
static int host_forbid(GuardHost *base, const char *name) {
    RealHost *host = from_base(base);
    int r = guard_directory_forbid(host->guard, name);
    int q = unit_directory_set_launched(host->units, name, false);
    return r < 0 ? r : q;
}

static int on_inotify(sd_event_source *source, const struct inotify_event *event, void *userdata) {
    RealHost *host = userdata;
    host->on_changed(host->userdata);
    return 0;
}

static int host_watch(RealHost *host) {
    _cleanup_free_ char *path = guard_directory_records_path(host->guard);
    return path ? sd_event_add_inotify(host->event, &host->watch, path,
                                       IN_MOVED_TO | IN_DELETE | IN_ONLYDIR, on_inotify, host)
                : -ENOMEM;
}

static const GuardHostVTable real_vtable = {
    .walk = host_walk,
    .forbid = host_forbid,
    .take_down = host_take_down,
};

int guard_host_new(sd_event *event, const char *run_directory, void (*on_changed)(void *userdata),
                   void *userdata, GuardHost **ret, Error *reterr) {
    RealHost *host = calloc(1, sizeof(RealHost));
    if (!host)
        return -ENOMEM;
    *host = (RealHost){.base.vtable = &real_vtable,
                       .event = sd_event_ref(event),
                       .on_changed = on_changed,
                       .userdata = userdata};
    int r = guard_directory_open(run_directory, &host->guard, reterr);
    if (r >= 0)
        r = unit_directory_open(run_directory, &host->units, reterr);
    if (r >= 0 && (r = host_watch(host)) < 0)
        error_set(reterr, r, "cannot watch '%s/guard': %s", run_directory, strerror(-r));
    if (r < 0) {
        guard_host_free(&host->base);
        return r;
    }
    *ret = &host->base;
    return 0;
}

void guard_host_free(GuardHost *base) {
    if (!base)
        return;
    RealHost *host = from_base(base);
    while (host->under_way) {
        TakeDown *down = host->under_way;
        host->under_way = down->next;
        take_down_free(down);
    }
    sd_event_source_disable_unref(host->watch);
    sd_bus_close_unref(host->bus);
    guard_directory_free(host->guard);
    unit_directory_free(host->units);
    sd_event_unref(host->event);
    free(host);
}
