/* What the orders for one unit on one machine have said lately. An agent acts on what it last
 * heard, as long as its own lease surely lives: what it does is held against all of that time. */
#pragma once

#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit.h"
#include "tests/sim/sim-node.h"

/* What somebody acts on may be so much older than a lease: it is under way. */
#define SIM_UNDER_WAY_USEC (3 * USEC_PER_SEC)
/* Leases live longer while the store is away. */
#define SIM_REMEMBERED_USEC (10 * USEC_PER_MINUTE)

typedef struct SimWord { /* no order is as good as one to be inactive */
    LaunchState desired;
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    int64_t restart; /* the highest that was said so far: a lower one says nothing */
    usec_t until;
    uint64_t number; /* of the times that something else was said */
} SimWord;

typedef struct SimWords { /* all zero: nothing was ever said */
    SimWord *past;        /* oldest first */
    size_t n_past;
    SimWord now;
    uint64_t taken;        /* the last one that the unit was started for */
    int64_t restart_taken; /* the restart that it said */
} SimWords;

void sim_words_done(SimWords *words);
void sim_words_say(SimWords *words, usec_t now, const Order *order); /* NULL: none any more */

/* Takes the earliest word to launch that file that still held after since: each is good for one
 * start. false: there is none that was not taken. */
bool sim_words_take_launch(SimWords *words, usec_t since, const char *hash);

/* When the earliest word to launch that file that still held after since was first said. 0: that is
 * not known, or there is none. */
usec_t sim_words_launch_since(const SimWords *words, usec_t since, const char *hash);

/* Whether it was said after since to launch that file; or anything but that. hash NULL: any file.
 */
bool sim_words_said_launch(const SimWords *words, usec_t since, const char *hash);
bool sim_words_said_otherwise(const SimWords *words, usec_t since, const char *hash);
/* Whether it was said after since to launch that file for a restart for which the unit was not
 * started yet. */
bool sim_words_said_restart(const SimWords *words, usec_t since, const char *hash);
