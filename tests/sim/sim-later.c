#include "tests/sim/sim-later.h"

#include "tests/sim/sim-run.h"

struct SimLater {
    Sim *sim;
    SimLaterDo what;
    SimNode *node;
    const void *data;
    Timer *timer;
    LIST_ENTRY(SimLater) siblings;
};
typedef struct SimLater SimLater;

static void later_free(SimLater *later) {
    LIST_REMOVE(later, siblings);
    timer_free(later->timer);
    free(later);
}

static void on_timer(void *userdata) {
    SimLater copy = *(SimLater *) userdata;
    later_free(userdata);
    copy.what(copy.sim, copy.node, copy.data);
}

void sim_later(Sim *sim, usec_t usec, SimLaterDo what, SimNode *node, const void *data) {
    SimLater *later = sim_must(malloc(sizeof(SimLater)));
    *later = (SimLater){.sim = sim, .what = what, .node = node, .data = data};
    sim_must_be_zero(timer_new(sim->cluster->loop, on_timer, later, &later->timer));
    timer_start(later->timer, usec);
    LIST_INSERT_HEAD(&sim->laters, later, siblings);
}

void sim_laters_clear(SimLaters *laters) {
    while (!LIST_EMPTY(laters))
        later_free(LIST_FIRST(laters));
}
