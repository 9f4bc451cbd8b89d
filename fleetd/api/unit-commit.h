/* The transactions of a write of a unit: what is decided is written, together with the file and the
 * version that go with it, on the condition that the unit is as it was read. */
#pragma once

#include "fleetd/api/unit-request.h"
#include "fleetd/api/write.h"

typedef struct UnitWrite {
    ApiWrite base;
    bool is_delete;
    UnitRequest request; /* of a DELETE only its name is set */
    char *key;
    int64_t mod_revision; /* of the key as it was read; 0: it did not exist */
    int64_t last_version; /* of a unit that cannot be read */
    Unit *known; /* the unit as it was read; NULL: there is none, or none that is readable */
} UnitWrite;

/* These lead to the request's answer. known is what the decision was made on. */
void unit_write_put(UnitWrite *write, const Unit *known, UnitDecision *decision);
void unit_write_delete(UnitWrite *write);
