/* What comes next so that a template has as many instances as users want: which are created, or
 * removed, now. Pure: whoever leads gathers the facts, and writes the answer.
 *
 * The budget of the group (MaxUnavailable=) is not asked for those that are too many: it is about
 * what is wanted, and they are not; those that stay are not touched. */
#pragma once

#include "fleetd/base/macros.h"

#define SCALE_BATCH_MAX 25 /* at a time, as one transaction takes so many */

/* An instance that a number names; also one that users have stopped. */
typedef struct ScaleFact {
    uint64_t number;
    bool is_held; /* it cannot be read: it counts, and is left alone */
} ScaleFact;

typedef struct ScaleStep {
    bool is_removal;
    uint64_t numbers[SCALE_BATCH_MAX]; /* in the order of their turns */
    size_t n;                          /* 0: nothing is to be done, or can be */
} ScaleStep;

/* The lowest numbers that are free are created, if may_create, and the highest there are removed.
 * facts are sorted by number, each once. */
ScaleStep scale_step(uint64_t wanted, const ScaleFact *facts, size_t n_facts, bool may_create);

int scale_fact_compare(const void *a, const void *b); /* for qsort() */
