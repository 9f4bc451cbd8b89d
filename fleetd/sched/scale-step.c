#include "fleetd/sched/scale-step.h"

static ScaleStep fill_gaps(uint64_t n_missing, const ScaleFact *facts, size_t n_facts) {
    ScaleStep step = {};
    size_t i = 0;
    for (uint64_t number = 1; step.n < MIN(n_missing, SCALE_BATCH_MAX); number++)
        if (i < n_facts && facts[i].number == number)
            i++;
        else
            step.numbers[step.n++] = number;
    return step;
}

static ScaleStep remove_highest(uint64_t n_surplus, const ScaleFact *facts, size_t n_facts) {
    ScaleStep step = {.is_removal = true};
    for (size_t i = n_facts; i > 0 && step.n < MIN(n_surplus, SCALE_BATCH_MAX); i--)
        if (!facts[i - 1].is_held)
            step.numbers[step.n++] = facts[i - 1].number;
    return step;
}

ScaleStep scale_step(uint64_t wanted, const ScaleFact *facts, size_t n_facts, bool may_create) {
    if (n_facts > wanted)
        return remove_highest(n_facts - wanted, facts, n_facts);
    return may_create ? fill_gaps(wanted - n_facts, facts, n_facts) : (ScaleStep){};
}

int scale_fact_compare(const void *a, const void *b) {
    uint64_t one = ((const ScaleFact *) a)->number, other = ((const ScaleFact *) b)->number;
    return (one > other) - (one < other);
}
