/* What every GET goes through. The view may be behind a store that has moved on, or that cannot be
 * reached, without knowing it. So each read first has the store answer a cheap question, and then
 * waits until the view shows what the store answered by, what this fleetd acknowledged and what the
 * client asks for.
 *
 * The view is loaded by the first read and dropped when nobody has asked for a minute: a fleetd at
 * rest holds no copy of the cluster. */
#pragma once

#include "fleetd/api/context.h"

#define VIEW_IDLE_USEC (60 * USEC_PER_SEC)

/* The callbacks are those of the view. -ENOMEM. */
int reads_new(Api *api, const ViewCallbacks *callbacks, void *userdata, Reads **ret);
void reads_free(Reads *reads); /* answers those who wait with 503 */

/* Has the handler run later, or answers 400 or 503. */
void reads_start(Reads *reads, ApiExchange *exchange, const char *name, ReadHandler handler);

/* The view has come further. */
void reads_continue(Reads *reads);

/* Somebody needs the view although he has his answer (a stream), or needs it no more. */
void reads_hold_view(Reads *reads);
void reads_release_view(Reads *reads);
/* Those who wait now wait for it, too. Never from inside one of its callbacks. */
void reads_start_over(Reads *reads);
/* How long the store took for its last answer to that question. */
usec_t reads_store_latency(const Reads *reads);
/* NULL: not loaded. */
View *reads_view(const Reads *reads);
