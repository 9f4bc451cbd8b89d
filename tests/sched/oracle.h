/* What is right, worked out the slow and obvious way from the store of a World, to judge the
 * scheduler by. Knows nothing of its code. */
#pragma once

#include "tests/sched/world.h"

typedef struct Oracle Oracle;

Oracle *oracle_new(const World *world);
void oracle_free(Oracle *oracle);
DEFINE_POINTER_CLEANUP(Oracle, oracle_free)

/* After any plan that has heard everything: nothing stands where it must not. */
void oracle_check_placements(const Oracle *oracle);
/* Of an order that is new: what it reserves was left there. */
void oracle_check_room(const Oracle *oracle, const Order *order);
/* Where a unit that is nowhere should go, with at most eight machines; NULL: nowhere. */
const char *oracle_best_machine(const Oracle *oracle, const char *name);
/* When everything has come to rest: everything stands where it should, or says why not. */
/* A withdrawal for the sake of a drain: fails if the unit's group has no budget for it, besides
 * what was taken down before. */
void oracle_take_down(Oracle *oracle, const Order *order);
void oracle_check_rest(const Oracle *oracle);
