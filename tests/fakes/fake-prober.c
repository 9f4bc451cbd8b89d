#include "tests/fakes/fake-prober.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

#include <errno.h>

struct FakeProber {
    Prober base;
    Loop *loop;
    Map *ports; /* FakePort by number */
    size_t n_open, n_open_max;
    size_t n_fail;
    int fail_r;
};

typedef struct FakePort {
    FakeAnswer answer;
    size_t n_asked;
} FakePort;

typedef struct FakeProbe {
    Probe base;
    FakeAnswer answer;
    ProbeDone done;
    void *userdata;
    Timer *timer;
} FakeProbe;

static FakePort *port_get(FakeProber *fake, unsigned port) {
    _cleanup_free_ char *key = str_printf("%u", port);
    FakePort *known = map_get(fake->ports, key);
    if (known)
        return known;
    known = calloc(1, sizeof(FakePort));
    if (!key || !known || map_put(fake->ports, key, known) < 0)
        abort(); /* out of memory in a test */
    return known;
}

static void fake_cancel(Probe *base) {
    FakeProbe *probe = (FakeProbe *) base;
    ((FakeProber *) base->prober)->n_open--;
    timer_free(probe->timer);
    free(probe);
}

static void on_timer(void *userdata) {
    FakeProbe *probe = userdata;
    ProbeDone done = probe->done;
    void *done_userdata = probe->userdata;
    const char *failure = probe->answer.failure;
    fake_cancel(&probe->base);
    done(!failure, failure, done_userdata);
}

static FakeAnswer answer_within(FakeAnswer answer, usec_t timeout_usec) {
    return answer.delay_usec < timeout_usec ? answer : (FakeAnswer){"no answer", timeout_usec};
}

static int fake_ask(Prober *base, const HealthCheck *check, ProbeDone done, void *userdata,
                    Probe **ret) {
    FakeProber *fake = (FakeProber *) base;
    FakePort *port = port_get(fake, check->port);
    if (fake->n_fail > 0) {
        fake->n_fail--;
        return fake->fail_r;
    }
    FakeProbe *probe = calloc(1, sizeof(FakeProbe));
    if (!probe)
        return -ENOMEM;
    *probe = (FakeProbe){.base.prober = base,
                         .answer = answer_within(port->answer, check->timeout_usec),
                         .done = done,
                         .userdata = userdata};
    int r = timer_new(fake->loop, on_timer, probe, &probe->timer);
    if (r < 0) {
        free(probe);
        return r;
    }
    timer_start(probe->timer, probe->answer.delay_usec);
    port->n_asked++;
    fake->n_open++;
    fake->n_open_max = MAX(fake->n_open_max, fake->n_open);
    *ret = &probe->base;
    return 0;
}

static void fake_free(Prober *base) {
    FakeProber *fake = (FakeProber *) base;
    map_free(fake->ports);
    free(fake);
}

int fake_prober_new(Loop *loop, FakeProber **ret) {
    static const ProberVTable vtable = {.ask = fake_ask, .cancel = fake_cancel, .free = fake_free};
    FakeProber *fake = calloc(1, sizeof(FakeProber));
    if (!fake || !(fake->ports = map_new(free))) {
        free(fake);
        return -ENOMEM;
    }
    fake->base.vtable = &vtable;
    fake->loop = loop;
    *ret = fake;
    return 0;
}

Prober *fake_prober_prober(FakeProber *fake) {
    return &fake->base;
}

void fake_prober_set(FakeProber *fake, unsigned port, FakeAnswer answer) {
    port_get(fake, port)->answer = answer;
}

void fake_prober_fail_next(FakeProber *fake, size_t n, int r) {
    fake->n_fail = n;
    fake->fail_r = r;
}

size_t fake_prober_count(const FakeProber *fake, unsigned port) {
    return port_get((FakeProber *) fake, port)->n_asked;
}

size_t fake_prober_n_open(const FakeProber *fake) {
    return fake->n_open;
}

size_t fake_prober_n_open_max(const FakeProber *fake) {
    return fake->n_open_max;
}
