#include "tests/fakes/fake-guard-host.h"

#include "fleetd/base/strv.h"

typedef struct TakeDown TakeDown;
struct FakeGuardHost {
    GuardHost base;
    FakeSystemd *systemd;
    Loop *loop;
    usec_t latency_usec;
    unsigned n_failures[_FAKE_GUARD_CALL_MAX];
    TakeDown *under_way;
    bool is_blind;
};

struct TakeDown {
    FakeGuardHost *host;
    TakeDown *next;
    char *name;
    Timer *timer;
    void (*done)(int r, bool is_down, void *userdata);
    void *userdata;
};

static FakeGuardHost *from_base(GuardHost *base) {
    return (FakeGuardHost *) base;
}

static int check(FakeGuardHost *host, FakeGuardCall call) {
    if (host->n_failures[call] == 0)
        return 0;
    host->n_failures[call]--;
    return -EIO;
}

static int host_walk(GuardHost *base, GuardDirectoryVisit visit, void *userdata) {
    FakeGuardHost *host = from_base(base);
    int r = check(host, FAKE_GUARD_WALK);
    host->is_blind = r < 0;
    return r < 0 ? r : fake_systemd_walk_guarded(host->systemd, visit, userdata);
}

static int host_forbid(GuardHost *base, const char *name) {
    FakeGuardHost *host = from_base(base);
    int r = check(host, FAKE_GUARD_FORBID);
    if (r >= 0)
        fake_systemd_forbid(host->systemd, name);
    return r;
}

static void take_down_free(TakeDown *down) {
    timer_free(down->timer);
    free(down->name);
    free(down);
}

static void on_timer(void *userdata) {
    TakeDown *down = userdata, **p = &down->host->under_way;
    while (*p != down)
        p = &(*p)->next;
    *p = down->next;
    down->done(0, !fake_systemd_is_running(down->host->systemd, down->name), down->userdata);
    take_down_free(down);
}

/* Asked for at once; the answer is what has become of it when it comes. */
static int host_take_down(GuardHost *base, const char *name, bool by_force,
                          void (*done)(int r, bool is_down, void *userdata), void *userdata) {
    FakeGuardHost *host = from_base(base);
    int r = check(host, FAKE_GUARD_TAKE_DOWN);
    if (r < 0)
        return r;
    TakeDown *down = calloc(1, sizeof(TakeDown));
    if (!down || timer_new(host->loop, on_timer, down, &down->timer) < 0 ||
        str_replace(&down->name, name) < 0)
        abort(); /* out of memory in a test */
    *down = (TakeDown){host, host->under_way, down->name, down->timer, done, userdata};
    host->under_way = down;
    fake_systemd_stop(host->systemd, name);
    if (by_force && fake_systemd_is_running(host->systemd, name))
        fake_systemd_set_state(host->systemd, name, "failed", "failed", "signal");
    timer_start(down->timer, host->latency_usec);
    return 0;
}

static const GuardHostVTable fake_vtable = {
    .walk = host_walk,
    .forbid = host_forbid,
    .take_down = host_take_down,
};

bool fake_guard_host_is_blind(const FakeGuardHost *host) {
    return host->is_blind;
}

int fake_guard_host_new(FakeSystemd *systemd, Loop *loop, FakeGuardHost **ret) {
    FakeGuardHost *host = calloc(1, sizeof(FakeGuardHost));
    if (!host)
        return -ENOMEM;
    *host = (FakeGuardHost){.base.vtable = &fake_vtable, .systemd = systemd, .loop = loop};
    *ret = host;
    return 0;
}

void fake_guard_host_free(FakeGuardHost *host) {
    if (!host)
        return;
    while (host->under_way) {
        TakeDown *down = host->under_way;
        host->under_way = down->next;
        take_down_free(down);
    }
    free(host);
}

GuardHost *fake_guard_host_base(FakeGuardHost *host) {
    return &host->base;
}

void fake_guard_host_fail_next(FakeGuardHost *host, FakeGuardCall call, unsigned n) {
    host->n_failures[call] = n;
}

void fake_guard_host_set_latency(FakeGuardHost *host, usec_t usec) {
    host->latency_usec = usec;
}
