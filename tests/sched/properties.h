/* Properties that stand in a file of their own; each ends the program if it does not hold of that
 * seed. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Seeds of which a property says nothing, as who waited has got a place by the moves. */
extern size_t n_not_compared;

/* rebalance-properties.c */
void check_rebalance(uint64_t seed); /* it has an end */
void check_targets(uint64_t seed);
void check_rest(uint64_t seed);
void check_dry_run(uint64_t seed);
