#include "fleetd/engine/forecast-turns.h"

#include "fleetd/base/strv.h"
#include "fleetd/model/rollout.h"

#include <errno.h>
#include <stdlib.h>

static int turn_compare(const void *a, const void *b) {
    return rollout_compare_names(((const ForecastTurn *) a)->name,
                                 ((const ForecastTurn *) b)->name);
}

void forecast_turns_sort(ForecastTurns *turns) {
    if (turns->n > 1)
        qsort(turns->items, turns->n, sizeof(ForecastTurn), turn_compare);
}

static int turns_make_room(ForecastTurns *turns) {
    if (turns->n < turns->n_allocated)
        return 0;
    size_t n = 2 * turns->n_allocated + 8;
    ForecastTurn *items = reallocarray(turns->items, n, sizeof(ForecastTurn));
    if (!items)
        return -ENOMEM;
    turns->items = items;
    turns->n_allocated = n;
    return 0;
}

int forecast_turns_add(ForecastTurns *turns, const char *name, const UnitFile *file) {
    int r = turns_make_room(turns);
    char *copy = r < 0 ? NULL : strdup(name);
    if (!copy)
        return -ENOMEM;
    turns->items[turns->n++] = (ForecastTurn){.name = copy, .file = file};
    return 0;
}

void forecast_turns_drop(ForecastTurns *turns, const char *name) {
    for (size_t i = 0; i < turns->n; i++) {
        if (!streq(turns->items[i].name, name))
            continue;
        free(turns->items[i].name);
        turns->items[i] = turns->items[--turns->n];
        return;
    }
}

void forecast_turns_done(ForecastTurns *turns) {
    for (size_t i = 0; i < turns->n; i++)
        free(turns->items[i].name);
    free(turns->items);
    *turns = (ForecastTurns){};
}
