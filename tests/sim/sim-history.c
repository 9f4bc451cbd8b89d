#include "tests/sim/sim-history.h"

#include "tests/sim/sim-node.h"

#include <stdio.h>

struct SimHistory {
    SimVersion *versions;
    size_t n;
};

SimHistory *sim_history_new(void) {
    SimHistory *history = sim_must(malloc(sizeof(SimHistory)));
    *history = (SimHistory){.versions = sim_must(calloc(1, sizeof(SimVersion))), .n = 1};
    return history;
}

void sim_history_free(SimHistory *history) {
    free(history->versions);
    free(history);
}

void sim_history_add(SimHistory *history, int64_t revision, const Unit *unit) {
    history->versions = sim_must(realloc(history->versions, (history->n + 1) * sizeof(SimVersion)));
    SimVersion *version = &history->versions[history->n++];
    *version = (SimVersion){.revision = revision, .exists = unit != NULL};
    if (!unit)
        return;
    version->desired = unit->desired;
    snprintf(version->hash, sizeof(version->hash), "%s", unit->hash);
}

const SimVersion *sim_history_find(const SimHistory *history, int64_t revision) {
    for (size_t i = 0; i < history->n; i++)
        if (history->versions[i].revision == revision)
            return &history->versions[i];
    return NULL;
}

const SimVersion *sim_history_before(const SimHistory *history, int64_t revision) {
    size_t i = history->n - 1;
    while (i > 0 && history->versions[i].revision >= revision)
        i--;
    return &history->versions[i];
}

bool sim_history_held(const SimHistory *history, const SimVersion *version, int64_t revision) {
    const SimVersion *next = version + 1;
    return next == history->versions + history->n || next->revision > revision;
}

bool sim_history_shows(const SimHistory *history, int64_t revision, bool exists) {
    for (size_t i = 0; i < history->n; i++)
        if (history->versions[i].exists == exists &&
            sim_history_held(history, &history->versions[i], revision))
            return true;
    return false;
}
