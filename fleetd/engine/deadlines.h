/* Times that are waited for, each under a name of its own. */
#pragma once

#include "fleetd/net/loop.h"

typedef struct Deadlines Deadlines;

/* on_due comes once for each, from the loop; the deadline is forgotten before, and the name lives
 * until the answer. */
int deadlines_new(Loop *loop, void (*on_due)(const char *name, void *userdata), void *userdata,
                  Deadlines **ret);
void deadlines_free(Deadlines *deadlines);
DEFINE_POINTER_CLEANUP(Deadlines, deadlines_free)

/* In place of one that there may be. -ENOMEM: there is none. */
int deadlines_set(Deadlines *deadlines, const char *name, usec_t delay_usec);
void deadlines_remove(Deadlines *deadlines, const char *name);
