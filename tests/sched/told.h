/* Whether what was told of a request is what then happened: by where orders stood before it and
 * stand after it, and which units waited and wait. */
#pragma once

#include "fleetd/base/map.h"
#include "fleetd/model/forecast.h"
#include "fleetd/model/unit.h"

typedef struct Told {
    Map *places; /* "id/name" -> Order, a copy of those that are not withdrawn */
    Map *waits;  /* names, a set */
} Told;

/* orders: Order, pendings: Pending by name. Ends the program when out of memory. */
Told *told_take(const Map *orders, const Map *pendings);
void told_free(Told *told);
DEFINE_POINTER_CLEANUP(Told, told_free)

/* NULL: all is as it was told, and nothing else. The caller frees.
 *
 * Of several units that leave at once, each at its own pace, the one that has left first takes the
 * best place: with is_paced it is not compared to which machine what moves has gone. */
char *told_compare(const Told *before, const Told *after, const Forecast *forecast, bool is_paced);
