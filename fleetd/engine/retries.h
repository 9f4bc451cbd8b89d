/* Units that have failed: whenever the model of the cluster is whole and all of it is decided, what
 * is to be remembered of them is looked up (fleetd/sched/failure-step.h), and written, on the
 * condition that the records are as they were read and that this engine leads; and when it is time,
 * the scheduler is told to try them anew. All of it stands in the store, so that any leader goes on
 * with it. */
#pragma once

#include "fleetd/engine/side-work.h"

typedef struct Retries Retries;

int retries_new(const SideWorkOptions *options, Retries **ret);
void retries_free(Retries *retries);
DEFINE_POINTER_CLEANUP(Retries, retries_free)

/* Something may have changed, or it is ready now. */
void retries_look(Retries *retries);

void retries_declare(Metrics *metrics);
