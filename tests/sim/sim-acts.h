/* What happens in a simulation, besides what fleet does: a list of acts that is made of the seed
 * before anything runs. Each has its own time and its own chance, so that leaving one out changes
 * no other. */
#pragma once

#include "fleetd/base/time-units.h"
#include "tests/sim/sim-random.h"

#define SIM_UNITS_MAX 64

struct Sim;

typedef struct SimAct {
    usec_t at_usec; /* since the beginning */
    size_t deed;    /* its number */
    size_t machine, unit;
    SimRandom random;
} SimAct;

typedef struct SimDeed {
    const char *name;
    void (*act)(struct Sim *sim, SimAct *act);
    unsigned weight; /* among those of its kind */
} SimDeed;

typedef enum DeedKind {
    DEED_FLEETD,
    DEED_STORE,
    DEED_SYSTEMD,
    DEED_GUARD,
    DEED_CLONE,
    DEED_DISASTER, /* in simulations with a brake */
    DEED_USER,     /* all before it are faults */
    DEED_REBOOTER, /* a user who is not always there */
    DEED_UNAWARE,  /* likewise: one who goes on while more than half of the machines are gone */
    _DEED_KIND_MAX,
} DeedKind;

typedef struct SimDeeds {
    const SimDeed *deeds;
    size_t n;
    unsigned weight; /* of all of them */
} SimDeeds;

extern const SimDeeds sim_deeds_fleetd, sim_deeds_store, sim_deeds_systemd, sim_deeds_guard,
    sim_deeds_clone, sim_deeds_disasters, sim_deeds_users, sim_deeds_rebooters, sim_deeds_unaware;

const SimDeed *sim_deed(size_t i, DeedKind *ret_kind); /* NULL behind the last */
#define SIM_DEEDS_MAX 64

typedef struct SimActs {
    SimAct *acts;
    size_t n;
    size_t n_machines;
    size_t units[SIM_UNITS_MAX], n_units; /* that it is about */
    usec_t hold_usec;   /* before machines are given up of which more than half vanished at once; 0:
                           none */
    uint32_t come_back; /* a bit for each machine that is there when all is over */
} SimActs;

void sim_acts_make(uint64_t seed, SimActs *ret);
void sim_acts_done(SimActs *acts);
