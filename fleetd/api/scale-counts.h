/* How many instances of a template there are, of those that users want to be kept, counted from the
 * view. Pure. */
#pragma once

#include "fleetd/api/view.h"

typedef struct ScaleCounts {
    size_t n_there;   /* named by a number, and known to the cluster */
    size_t n_running; /* of these: wanted to run, up, and healthy */
    size_t n_others;  /* instances that no number names, which are left alone */
} ScaleCounts;

int scale_counts_take(View *view, const char *template, ScaleCounts *ret); /* -ENOMEM */

/* These are about a template that has a scale. */
bool scale_is_reached(const UnitView *template, const ScaleCounts *counts);
/* Why there are not as many as wanted, if it is known; NULL: it is not, or there are. Borrowed. */
const char *scale_why(const View *view, const UnitView *template, const ScaleCounts *counts);
