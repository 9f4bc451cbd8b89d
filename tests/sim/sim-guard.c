#include "tests/sim/sim-guard.h"

#include "fleetd/base/strv.h"

struct SimGuard {
    FakeSystemd *systemd;
    Loop *world;
    FakeGuardHost *host; /* NULL: it does not run */
    Guard *guard;
    Timer *restart;
};

static void on_changed(void *userdata) {
    guard_look(userdata);
}

static void guard_start(void *userdata) {
    SimGuard *guard = userdata;
    if (fake_guard_host_new(guard->systemd, guard->world, &guard->host) < 0 ||
        guard_new(guard->world, fake_guard_host_base(guard->host), &guard->guard) < 0)
        abort();
    fake_systemd_watch_guarded(guard->systemd, on_changed, guard->guard);
    guard_look(guard->guard);
}

static void guard_end(SimGuard *guard) {
    timer_stop(guard->restart);
    fake_systemd_watch_guarded(guard->systemd, NULL, NULL);
    fake_guard_host_free(TAKE_PTR(guard->host));
    guard_free(TAKE_PTR(guard->guard));
}

SimGuard *sim_guard_new(FakeSystemd *systemd, Loop *world) {
    SimGuard *guard = calloc(1, sizeof(SimGuard));
    if (!guard || timer_new(world, guard_start, guard, &guard->restart) < 0)
        abort();
    guard->systemd = systemd;
    guard->world = world;
    return guard;
}

void sim_guard_free(SimGuard *guard) {
    guard_end(guard);
    timer_free(guard->restart);
    free(guard);
}

void sim_guard_boot(SimGuard *guard) {
    guard_start(guard);
}

void sim_guard_cut_power(SimGuard *guard) {
    guard_end(guard);
}

void sim_guard_crash(SimGuard *guard, usec_t usec) {
    if (!guard->guard)
        return;
    guard_end(guard);
    timer_start(guard->restart, usec);
}

FakeGuardHost *sim_guard_host(SimGuard *guard) {
    return guard->host;
}

typedef struct Search {
    const char *name;
    usec_t now_usec;
    bool is_due;
} Search;

static int record_see(const char *name, const GuardRecord *record, void *userdata) {
    Search *search = userdata;
    if (streq(name, search->name))
        search->is_due = search->now_usec >= guard_record_deadline(record);
    return 0;
}

bool sim_guard_may_stop(FakeSystemd *systemd, const char *name) {
    Search search = {.name = name, .now_usec = loop_now(fake_systemd_loop(systemd))};
    return fake_systemd_walk_guarded(systemd, record_see, &search) >= 0 && search.is_due;
}
