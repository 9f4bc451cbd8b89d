/* How many instances of a template there are, of those that users want to be kept, counted from the
 * view. Pure. */
#pragma once

#include "fleetd/api/view.h"

typedef struct ScaleCounts {
    size_t n_there;      /* named by a number, and known to the cluster */
    size_t n_unreadable; /* of these: in the store, and nobody knows what */
    size_t n_running;    /* of these: wanted to run, up, and healthy */
    size_t n_others;     /* instances that no number names, which are left alone */
} ScaleCounts;

int scale_counts_take(View *view, const char *template, ScaleCounts *ret); /* -ENOMEM */

/* Those that are named by a number and cannot be read, sorted: whoever leads counts them, creates
 * none for them and removes none of them. NULL: none; the caller frees. -ENOMEM. */
int scale_unreadable_names(const View *view, const char *template, char ***ret);

/* These are about a template that has a scale. */
bool scale_is_reached(const UnitView *template, const ScaleCounts *counts);
/* Why there are not as many as wanted, if it is known, or that some of them cannot be read; NULL:
 * nothing to be said. Borrowed. */
const char *scale_why(const View *view, const UnitView *template, const ScaleCounts *counts);
