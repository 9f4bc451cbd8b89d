/* The seam to how units are asked whether they are well. All asynchronous. The real one is
 * probe/event-prober.h, which asks over the network or runs a command; the fake for tests is
 * tests/fakes/fake-prober.h. */
#pragma once

#include "fleetd/model/health-check.h"

typedef struct Prober Prober;
typedef struct Probe Probe; /* a question that waits for its answer */

/* message: why it is not well, for people; NULL if it is. The probe is over. */
typedef void (*ProbeDone)(bool is_well, const char *message, void *userdata);

typedef struct ProberVTable {
    int (*ask)(Prober *, const HealthCheck *check, ProbeDone done, void *userdata, Probe **ret);
    void (*cancel)(Probe *);
    void (*free)(Prober *);
} ProberVTable;

/* Implementations embed these as their first member. */
struct Prober {
    const ProberVTable *vtable;
};
struct Probe {
    Prober *prober;
};

/* Asks once; done is called once, within the check's timeout, never from inside this call. The
 * check must stay as it is until then. -errno: it could not be asked (there is no memory, no
 * process, no descriptor to be had), which says nothing of the unit. */
static inline int prober_ask(Prober *prober, const HealthCheck *check, ProbeDone done,
                             void *userdata, Probe **ret) {
    return prober->vtable->ask(prober, check, done, userdata, ret);
}
/* Without a callback; a command is killed. NULL is fine. */
static inline void probe_cancel(Probe *probe) {
    if (probe)
        probe->prober->vtable->cancel(probe);
}
/* All probes are over, or were cancelled. */
static inline void prober_free(Prober *prober) {
    if (prober)
        prober->vtable->free(prober);
}
DEFINE_POINTER_CLEANUP(Prober, prober_free)
