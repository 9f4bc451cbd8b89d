/* `rebalance`: that users want the load evened out, and how far that has come. The API writes what
 * is wanted, in place of any former one; from then on the engine that leads writes it, on the
 * condition that it is as it was read: first the moves that it proposes, then what has become of
 * each. It stays when all are over, until the next one. Pure. */
#pragma once

#include "fleetd/base/error.h"
#include "fleetd/base/time-units.h"

#include <errno.h>

#define REBALANCE_MOVES_MAX 200 /* that one has; who wants more asks again */

typedef enum RebalancePhase {
    REBALANCE_WANTED,   /* nothing is proposed yet */
    REBALANCE_PROPOSED, /* a dry run: nothing is moved */
    REBALANCE_MOVING,
    REBALANCE_DONE, /* each move is made, or dropped */
    _REBALANCE_PHASE_MAX,
    _REBALANCE_PHASE_INVALID = -EINVAL,
} RebalancePhase;

typedef enum MovePhase {
    MOVE_WAITING, /* to be begun, or to be through */
    MOVE_MADE,
    MOVE_DROPPED, /* it fits there no more, or would not help any more */
    _MOVE_PHASE_MAX,
    _MOVE_PHASE_INVALID = -EINVAL,
} MovePhase;

typedef struct RebalanceMove {
    char *unit;
    char *from, *to; /* machines */
    MovePhase phase;
    char *why; /* it is dropped, or waits; NULL: nothing to be said */
} RebalanceMove;

typedef struct Rebalance {
    usec_t since_usec;  /* when it was asked for, since 1970; says which one it is */
    uint64_t max_moves; /* 0: as many as help */
    bool is_dry_run;
    RebalancePhase phase;
    char *why;            /* it waits; NULL: nothing to be said */
    RebalanceMove *moves; /* in the order in which they were proposed, no unit twice */
    size_t n_moves;
} Rebalance;

const char *rebalance_phase_to_string(RebalancePhase phase);
RebalancePhase rebalance_phase_from_string(const char *text);
const char *move_phase_to_string(MovePhase phase);
MovePhase move_phase_from_string(const char *text);

/* Something of it is still to be done, by whoever leads. */
bool rebalance_is_under_way(const Rebalance *rebalance);
size_t rebalance_count(const Rebalance *rebalance, MovePhase phase);

int rebalance_copy(const Rebalance *rebalance, Rebalance **ret);
/* With room for n_moves: what the record wants, and its phase, without its moves. -ENOMEM. */
int rebalance_begin(const Rebalance *wanted, size_t n_moves, Rebalance **ret);
/* Into that room. why: NULL, or copied. */
int rebalance_add_move(Rebalance *rebalance, const char *unit, const char *from, const char *to,
                       MovePhase phase, const char *why);
bool rebalance_equal(const Rebalance *a, const Rebalance *b); /* NULLs allowed */

/* JSON value; contracts as for machine_format() and machine_parse(). */
char *rebalance_format(const Rebalance *rebalance);
int rebalance_parse(const char *text, size_t size, Rebalance **ret, Error *reterr);
void rebalance_free(Rebalance *rebalance);
DEFINE_POINTER_CLEANUP(Rebalance, rebalance_free)
