/* What the orders for one unit on one machine have said lately. An agent acts on what it last
 * heard, as long as its own lease surely lives: what it does is held against all of that time. */
#pragma once

#include "fleetd/model/unit-file.h"
#include "fleetd/model/unit.h"
#include "tests/sim/sim-node.h"

/* How old what somebody acts on may be: a lease, and what is under way. */
#define SIM_STALE_USEC (SIM_TTL + 3 * USEC_PER_SEC)

typedef struct SimWord { /* no order is as good as one to be inactive */
    LaunchState desired;
    char hash[UNIT_FILE_HASH_LENGTH + 1];
    usec_t until;
} SimWord;

typedef struct SimWords { /* all zero: nothing was ever said */
    SimWord *past;        /* oldest first */
    size_t n_past;
    SimWord now;
} SimWords;

void sim_words_done(SimWords *words);
void sim_words_say(SimWords *words, usec_t now, const Order *order); /* NULL: none any more */

/* Whether it was said lately to launch that file; or anything but that. hash NULL: any file. */
bool sim_words_said_launch(const SimWords *words, usec_t now, const char *hash);
bool sim_words_said_otherwise(const SimWords *words, usec_t now, const char *hash);
