/* Units that have failed: what is to be remembered of them is looked up
 * (fleetd/sched/failure-step.h), and written; and when it is time, the scheduler is told to try
 * them anew. */
#pragma once

#include "fleetd/engine/side-work.h"

typedef struct Retries Retries;

int retries_new(const SideWorkOptions *options, Retries **ret);
void retries_free(Retries *retries);
DEFINE_POINTER_CLEANUP(Retries, retries_free)

/* Something may have changed, or it is ready now. */
void retries_look(Retries *retries);

void retries_declare(Metrics *metrics);
