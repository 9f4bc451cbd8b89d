/* What a unit of a simulation was asked to be, from the beginning on. */
#pragma once

#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit.h"

/* From that revision on, until the next one. */
typedef struct SimVersion {
    int64_t revision;
    bool exists;
    LaunchState desired;
    char hash[UNIT_FILE_HASH_LENGTH + 1];
} SimVersion;

typedef struct SimHistory SimHistory;

SimHistory *sim_history_new(void); /* never NULL; at first it does not exist */
void sim_history_free(SimHistory *history);

void sim_history_add(SimHistory *history, int64_t revision, const Unit *unit); /* NULL: gone */

const SimVersion *sim_history_find(const SimHistory *history, int64_t revision);
const SimVersion *sim_history_before(const SimHistory *history, int64_t revision);

/* Whether it was there, or was not, at some time after that revision was the store's last. */
bool sim_history_shows(const SimHistory *history, int64_t revision, bool exists);
/* Whether that version still held then. */
bool sim_history_held(const SimHistory *history, const SimVersion *version, int64_t revision);
