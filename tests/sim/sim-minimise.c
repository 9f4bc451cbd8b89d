/* Delta debugging (ddmin): leaves out ever smaller parts of the list, as long as that goes well. */
#include "tests/sim/sim-minimise.h"

#define RUNS_MAX 4000 /* some seconds */

typedef struct Minimising {
    const Sim *failed;
    bool *keep;
    size_t n_runs;
} Minimising;

static bool still_fails(Minimising *it, const bool *keep) {
    Sim sim;
    it->n_runs++;
    sim_run(&sim, it->failed->seed, keep, false);
    bool is_same = sim_trace_fails_like(&sim.trace, &it->failed->trace);
    sim_done(&sim);
    return is_same;
}

static size_t count_kept(const Minimising *it) {
    size_t n = 0;
    for (size_t i = 0; i < it->failed->acts.n; i++)
        n += it->keep[i];
    return n;
}

/* Leaves out those kept that are, counted among the kept, the ones from first up to end. */
static bool try_without(Minimising *it, size_t first, size_t end) {
    size_t n_acts = it->failed->acts.n, n = 0;
    _cleanup_free_ bool *keep = sim_must(calloc(n_acts, sizeof(bool)));
    for (size_t i = 0; i < n_acts; i++) {
        if (!it->keep[i])
            continue;
        keep[i] = n < first || n >= end;
        n++;
    }
    if (!still_fails(it, keep))
        return false;
    memcpy(it->keep, keep, n_acts * sizeof(bool));
    return true;
}

/* Parts of that size, from the last to the first, as what comes late is most often not needed. */
static bool leave_out_parts(Minimising *it, size_t size) {
    bool is_less = false;
    for (size_t end = count_kept(it); end > 0 && it->n_runs < RUNS_MAX;) {
        size_t first = end > size ? end - size : 0;
        is_less |= try_without(it, first, end);
        end = first;
    }
    return is_less;
}

void sim_minimise(const Sim *failed, bool *keep) {
    Minimising it = {.failed = failed, .keep = keep};
    size_t size = MAX(count_kept(&it) / 2, (size_t) 1);
    while (it.n_runs < RUNS_MAX) {
        bool is_less = leave_out_parts(&it, size);
        if (size == 1 && !is_less)
            return;
        if (size > 1)
            size = (size + 1) / 2;
    }
}
